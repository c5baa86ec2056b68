import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// Keras 1's Sequential that starts with a Merge of other models, in the words of each generation.
@Suite struct BranchedModelTests {
  static let cases = Result {
    try FixtureCase.all(["keras1"]).filter { $0.kind == "Merge" && $0.name != "called_masked_LSTM" }
  }

  private static func network(_ fixture: FixtureCase) throws -> Network {
    let container = try #require(fixture.containers.first)
    return try Network(fixture.record(container))
  }

  /// Masks of a branch are lost at the Merge.
  private static func isMasked(_ fixture: FixtureCase) -> Bool { fixture.name.contains("masked") }

  @Test func `Keras 1 gets the Sequential that it wrote`() throws {
    // A Model of layers in a line becomes a Sequential, whose input is named otherwise.
    for fixture in try Self.cases.get()
    where fixture.files.contains("model.json") && !fixture.name.hasPrefix("Model_") {
      let record = try ModelFile.decode(fixture.bytes("model.json"), name: "model.json")
      #expect(record.isBranched, "\(fixture)")
      let written = try ModelFile.encode(
        record, container: .json, options: .init(generation: .keras1))
      let definition = try JSON(parsing: written).object
      #expect(definition?["class_name"] == "Sequential", "\(fixture)")
      let again = try ModelFile.decode(written, name: "model.json")
      #expect(again.layers == record.layers && again.inputs == record.inputs, "\(fixture)")
    }
  }

  @Test func `Keras 1 gets branches that are more than a line as Models`() throws {
    let fixture = try #require(try Self.cases.get().first { $0.name == "Model_of_two_inputs" })
    let network = try Self.network(fixture)
    let bytes = try ModelFile.encode(
      network.record, container: .h5, options: .init(generation: .keras1))
    let again = try Network(ModelFile.decode(bytes, name: "model.h5"))
    #expect(again.definition.isBranched)
    #expect(again.inputs.count == 3)
    let xs = try fixture.inputArrays()
    #expect(try again.predict(xs).map { $0.floats() } == network.predict(xs).map { $0.floats() })
  }

  @Test func `later generations compute the same, or say which Merge would take a mask`() throws {
    for fixture in try Self.cases.get() {
      let network = try Self.network(fixture)
      let probe = ConversionProbe(network)
      let classes = { (generation: Generation) throws in
        let bytes = try ModelFile.encode(
          network.record, container: .h5, options: .init(generation: generation))
        return try ModelFile.decode(bytes, name: "model.h5").layers.map(\.className)
      }
      // Those numbers may be 1e7: where a product is negative Keras 1 divides by 1e-7.
      if fixture.name.hasPrefix("cos_") { continue }
      #expect(try probe.difference(writtenAs: .keras2_15, in: .h5) < 1e-6, "\(fixture)")
      #expect(try classes(.keras2_15).contains("Identity") == Self.isMasked(fixture), "\(fixture)")
      guard !Self.isMasked(fixture) else {
        let error = #expect(throws: KerasError.self, "\(fixture)") { try classes(.keras2) }
        #expect(
          error?.description.hasPrefix("merge_1: Keras 1 merges without the mask of ") == true,
          "\(error?.description ?? "")")
        continue
      }
      #expect(try probe.difference(writtenAs: .keras2, in: .h5) < 1e-6, "\(fixture)")
    }
  }

  @Test func `a model that is merged in two places is refused with what is the matter`() throws {
    func dense(_ name: String) -> JSON {
      [
        "class_name": "Dense",
        "config": [
          "name": .string(name), "output_dim": 3,
          "batch_input_shape": [nil, 2],
        ],
      ]
    }
    func merge(_ name: String, _ branches: [JSON]) -> JSON {
      let models = branches.map { ["class_name": "Sequential", "config": [$0]] as JSON }
      return [
        "class_name": "Merge",
        "config": ["name": .string(name), "mode": "sum", "layers": .array(models)],
      ]
    }
    let definition: JSON = [
      "class_name": "Sequential", "keras_version": "1.2.2",
      "config": [merge("outer", [merge("inner", [dense("a"), dense("b")]), dense("a")])],
    ]
    let error = #expect(throws: KerasError.self) {
      try ModelFile.decode(Array(definition.pythonText().utf8), name: "m.json")
    }
    #expect(
      error?.description.hasPrefix("m.json:a: two branches have a layer of this name: a model that")
        == true, "\(error?.description ?? "")")
  }

  /// The names are those that the real Keras 2.2.4 lists for the file.
  @Test func `layers stand in Keras's order, and the optimizer's arrays with them`() throws {
    let fixture = try #require(try Self.cases.get().first { $0.name == "words" })
    var record = try Self.network(fixture).record
    let momenta = record.layers.flatMap(\.weights).map(\.array)
    record.training = TrainingRecord(
      loss: "mse",
      optimizer: OptimizerRecord(
        className: "SGD", config: ["learning_rate": 0.1, "momentum": 0.9, "nesterov": false],
        iterations: 3, slots: [.init(name: "momentum", arrays: momenta)]))
    let bytes = try ModelFile.encode(
      record, container: .h5, options: .init(generation: .keras2))
    let again = try ModelFile.decode(bytes, name: "model.h5")
    #expect(
      again.layers.map(\.name) == [
        "embedding_1_input", "embedding_2_input", "embedding_1", "embedding_2", "lstm_1", "gru_1",
        "merge_1", "dense_1",
      ])
    let weights = again.layers.flatMap(\.weights).map(\.array)
    #expect(weights.map(\.shape) != momenta.map(\.shape))
    #expect(again.training?.optimizer.slots.first?.arrays == weights)
  }
}
