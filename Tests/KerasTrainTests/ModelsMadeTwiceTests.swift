import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Models that were made several times in one process: the names of their weights are numbered,
/// `dense_1_2/kernel:0` in a layer `dense_1`, `a_W_4:0` in Keras 1, and those of their optimizers too.
@Suite struct ModelsMadeTwiceTests {
  static let cases = Result { () throws(KerasError) -> [FixtureCase] in
    try FixtureCase.all(["twice"])
  }

  @Test func `there are models of the three generations that number or might`() throws {
    let cases = try Self.cases.get()
    #expect(Set(cases.map(\.generation)) == ["1", "2", "2.15"] && cases.count == 18)
    let fixture = try #require(cases.first { $0.name == "stack" && $0.generation == "2" })
    let weights = try #require(
      try HDF5File.read(fixture.bytes("model.h5")).group("model_weights")?.group("dense_1"))
    #expect(
      weights.attributes["weight_names"].map { "\($0)".contains("dense_1_2/kernel:0") } == true)
  }

  @Test(arguments: try cases.get().map(\.description))
  func `weights and an optimizer's arrays find their layers`(_ name: String) throws {
    let fixture = try #require(try Self.cases.get().first { $0.description == name })
    let record = try ModelFile.decode(fixture.bytes("model.h5"), name: "model.h5")
    var model = try Model(record)
    let (inputs, targets) = (try fixture.inputArrays(), try fixture.array("t.npy"))
    let before = Fixtures.difference(
      try model.network.predict(inputs), try fixture.outputArrays())
    #expect(before <= 1e-6)
    let slots = try #require(record.training?.optimizer.slots)
    let trainable = model.network.parameters.layout.specs.filter(\.isTrainable)
    #expect(slots.first?.name == "momentum")
    for slot in slots { #expect(slot.arrays.map(\.shape) == trainable.map(\.shape)) }
    // Layers are of one shape: momenta of another layer's weights would end elsewhere.
    try model.fit(inputs, targets, batchSize: targets.shape[0], shuffle: false, seed: 1)
    let after = Fixtures.difference(
      try model.network.predict(inputs), [try fixture.array("after.npy")])
    #expect(after <= 1e-6)
  }

  /// What the comparison above would see.
  @Test(arguments: ["1", "2", "2.15"])
  func `momenta of another layer's weights end elsewhere`(_ generation: String) throws {
    let fixture = try #require(
      try Self.cases.get().first { $0.name == "stack" && $0.generation == generation })
    var record = try ModelFile.decode(fixture.bytes("model.h5"), name: "model.h5")
    record.training?.optimizer.slots[0].arrays.swapAt(0, 2)
    var model = try Model(record)
    let (inputs, targets) = (try fixture.inputArrays(), try fixture.array("t.npy"))
    try model.fit(inputs, targets, batchSize: targets.shape[0], shuffle: false, seed: 1)
    let after = Fixtures.difference(
      try model.network.predict(inputs), [try fixture.array("after.npy")])
    #expect(after > 1e-5)
  }
}
