import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Layers of one name in several models inside a Keras 1 model. Keras 1 sorts an optimizer's arrays by
/// the weights' names, and TensorFlow numbers equal ones: `a_W`, `a_W_1`, `a_W_10`, `a_W_2`.
@Suite struct Keras1EqualNamesTests {
  static let cases = Result { () throws(KerasError) -> [FixtureCase] in
    try FixtureCase.all(["keras1"]).filter { $0.name.hasPrefix("equal_names_") }
  }

  private func fixture(_ name: String) throws -> FixtureCase {
    try #require(try Self.cases.get().first { $0.name == name })
  }

  /// One step more from momenta that belong to the wrong weights ends elsewhere.
  private func expectStep(_ record: ModelRecord, _ fixture: FixtureCase) throws {
    var model = try Model(record)
    let inputs = try fixture.inputArrays()
    let targets = try fixture.array("targets.npy")
    try model.fit(inputs, targets, batchSize: targets.shape[0], shuffle: false, seed: 1)
    let difference = Fixtures.difference(
      try model.network.predict(inputs), [try fixture.array("y_after.npy")])
    // Keras takes the step in float32 as well.
    #expect(difference <= 1e-6, "\(fixture.name)")
  }

  @Test(arguments: try cases.get().map(\.name))
  func `training goes on as in Keras 1`(_ name: String) throws {
    let fixture = try fixture(name)
    let record = try ModelFile.decode(fixture.bytes("model.h5"), name: "model.h5")
    #expect(record.training?.optimizer.slots.first?.name == "momentum")
    try expectStep(record, fixture)
  }

  @Test(arguments: try cases.get().map(\.name))
  func `training goes on from what is written for Keras 1`(_ name: String) throws {
    let fixture = try fixture(name)
    let record = try ModelFile.decode(fixture.bytes("model.h5"), name: "model.h5")
    let written = try ModelFile.encode(
      record, container: .h5, options: .init(generation: .keras1))
    try expectStep(try ModelFile.decode(written, name: "written.h5"), fixture)
  }

  /// Keras numbers the names anew when it loads a model, and sorts by these: `resaved.h5` is what it
  /// saves then.
  @Test(arguments: try cases.get().map(\.name))
  func `weights are numbered as Keras 1 numbers them when it loads the file`(
    _ name: String
  ) throws {
    let fixture = try fixture(name)
    let record = try ModelFile.decode(fixture.bytes("model.h5"), name: "model.h5")
    let written = try ModelFile.encode(
      record, container: .h5, options: .init(generation: .keras1))
    let (own, keras) = (
      try Keras1StateTests.weights(in: written),
      try Keras1StateTests.weights(in: fixture.bytes("resaved.h5"))
    )
    #expect(!own.isEmpty && own.map(\.name) == keras.map(\.name))
    #expect(own.map(\.array) == keras.map(\.array))
  }

  @Test func `names that do not tell whose an optimizer's arrays are are refused`() throws {
    let fixture = try fixture("equal_names_sequentials")
    var root = try HDF5File.read(fixture.bytes("model.h5"))
    var weights = try #require(root.group("model_weights"))
    var second = try #require(weights.group("second"))
    for (name, other) in [("a_W_1:0", "a_W:0"), ("a_b_1:0", "a_b:0")] {
      second.children[other] = second.children[name]
      second.children[name] = nil
    }
    second.attributes["weight_names"] = .strings(["a_W:0", "a_b:0"], .fixedASCII)
    weights.children["second"] = .group(second)
    root.children["model_weights"] = .group(weights)
    let record = try ModelFile.decode(try HDF5File.write(root), name: "model.h5")
    #expect(record.training == nil)
    let failure = try #require(record.trainingFailure)
    #expect(failure.message.hasPrefix("several weights have one name, by which Keras 1 sorts"))
  }
}
