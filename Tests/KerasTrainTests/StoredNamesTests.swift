import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// The names under which an `.h5` keeps arrays, which people and tools read.
@Suite struct StoredNamesTests {
  /// Cases whose names the file does not give away, and why.
  private static let untold: [String: [String]] = [
    "a Sequential of Keras 3 that waited for a call is named after what called it too": [
      "layers/Sequential/nested/3", "layers/Sequential/nested_BatchNormalization/3",
      "layers/Sequential/nested_Bidirectional/3", "layers/Sequential/nested_alone/3",
      "layers/Sequential/nested_between/3", "layers/Sequential/nested_built_by_call/3",
      "layers/Sequential/nested_embedding/3", "layers/Sequential/nested_names/3",
      "layers/Sequential/nested_not_trainable/3", "layers/Sequential/nested_partly_trainable/3",
      "layers/Sequential/nested_rnn_masked/3", "layers/Sequential/nested_side_by_side/3",
      "layers/Sequential/nested_twice/3", "layers/Sequential/nested_twice_BatchNormalization/3",
      "layers/TimeDistributed/Sequential/3", "layers/TimeDistributed/Sequential_masked/3",
    ],
    "TensorFlow 1 numbers scopes of one name in the order in which they were made": [
      "keras1/Compiled/equal_names_deep/1", "keras1/Compiled/equal_names_frozen/1",
      "keras1/Compiled/equal_names_made_last_first/1",
      "layers/Sequential/nested_names/2", "graphs/Nested/TimeDistributed_Model_in_Sequential/2",
      "graphs/Nested/same_names/2",
    ],
    "a layer that is called at every step and alone is named by what called it first": [
      "graphs/Shared/TimeDistributed_and_alone/2", "graphs/Shared/TimeDistributed_and_alone/2.15",
      "graphs/Shared/TimeDistributed_and_alone/3",
    ],
  ]

  @Test func `weights are written under the names that Keras gives them`() throws {
    let untold = Set(Self.untold.values.joined())
    var count = 0
    for fixture in try FixtureCase.all(["layers", "graphs", "keras1"])
    where fixture.files.contains("model.h5") && fixture.kind != "Refused" {
      // 2.15's cuDNN layers are written as GRU and LSTM, under the names of these.
      if fixture.kind.hasPrefix("CuDNN"), fixture.generation == "2.15" { continue }
      let bytes = try fixture.bytes("model.h5")
      guard let generation = Generation(rawValue: fixture.generation),
        let network = try? Network(try ModelFile.decode(bytes, name: "model.h5")),
        // What its generation cannot write again other tests name.
        let written = try? ModelFile.encode(
          network.record, container: .h5, options: .init(generation: generation))
      else { continue }
      let (found, expected) = (try Fixtures.storedNames(written), try Fixtures.storedNames(bytes))
      count += 1
      #expect(
        (found == expected) != untold.contains(fixture.description),
        "\(fixture): \(difference(found, expected))")
    }
    #expect(count > 2200)
  }

  @Test func `an optimizer's arrays are written under the names that Keras gives them`() throws {
    var count = 0
    for optimizer in OptimizerCase.all where optimizer.files.contains("mid.h5") {
      let bytes = try optimizer.bytes("mid.h5")
      let written = try ModelFile.encode(
        Network(ModelFile.decode(bytes, name: "mid.h5")).record, container: .h5,
        options: .init(generation: optimizer.generation))
      let (found, expected) = (try Fixtures.storedNames(written), try Fixtures.storedNames(bytes))
      count += 1
      #expect(
        found == expected, "\(optimizer.testDescription): \(difference(found, expected))")
    }
    #expect(count > 100)
  }

  /// The first list that differs, as it was written and as Keras wrote it.
  private func difference(_ found: [String], _ expected: [String]) -> String {
    let pair = zip(found, expected).first { $0 != $1 }
    return pair.map { "\($0) ≠ \($1)" } ?? "\(found.count) lists ≠ \(expected.count)"
  }
}
