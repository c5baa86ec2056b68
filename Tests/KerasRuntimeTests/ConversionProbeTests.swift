import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// Whether a model still computes the same in another generation, where it carries states from call
/// to call.
@Suite struct ConversionProbeTests {
  private func network(_ name: String) throws -> Network {
    let fixture = try #require(
      try FixtureCase.all(["layers", "keras1"]).first { $0.description == name })
    return try Network(try fixture.record(fixture.containers[0]))
  }

  /// Before the first word Keras 1 and 2 put out the state that the layer starts with, later ones
  /// zeros. In a first call that state is zero: only a second one tells.
  @Test(arguments: [
    ("keras1/GRU/stateful_masked_return_sequences/1", Generation.keras3),
    ("keras1/SimpleRNN/stateful_masked_return_sequences/1", .keras2_15),
    ("layers/LSTM/stateful_masked_return_sequences/2", .keras3),
    ("layers/LSTM/stateful_masked_return_sequences/3", .keras2),
  ])
  func `states that come out at a masked step are compared in a second call`(
    _ name: String, _ target: Generation
  ) throws {
    let network = try network(name)
    #expect(network.isStateful)
    let found = try #require(try ConversionProbe(network).largestDifference(writtenAs: target))
    // States are numbers of about 0.1 and more.
    #expect(found.size > 0.05 && found.size.isFinite, "\(found)")
    #expect(found.description.hasPrefix("its outputs differ by up to 0."))
    // The same layers without states carry nothing over.
    var record = network.record
    for index in record.layers.indices where record.layers[index].config["stateful"] == true {
      record.layers[index].config["stateful"] = false
    }
    let difference = try ConversionProbe(try Network(record)).difference(writtenAs: target)
    #expect(difference <= 1e-5)
  }

  @Test(arguments: [
    ("keras1/GRU/stateful_masked_return_sequences/1", Generation.keras2),
    ("keras1/LSTM/stateful_gpu/1", .keras3), ("keras1/SimpleRNN/stateful_cpu/1", .keras2_15),
    ("layers/GRU/stateful_twice/2", .keras3), ("layers/Bidirectional/LSTM_stateful/2.15", .keras3),
    ("layers/LSTM/stateful_masked_return_sequences/3", .keras2_15),
  ])
  func `states that no mask brings out are carried alike`(
    _ name: String, _ target: Generation
  ) throws {
    let network = try network(name)
    #expect(network.isStateful)
    #expect(try ConversionProbe(network).difference(writtenAs: target) <= 1e-5)
  }
}
