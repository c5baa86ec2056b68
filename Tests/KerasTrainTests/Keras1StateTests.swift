import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

@Suite struct Keras1StateTests {
  static let cases = Result { () throws(KerasError) -> [FixtureCase] in
    try FixtureCase.all(["keras1"]).filter { $0.kind == "Compiled" }
  }

  /// `slots.json` says which weight each of the optimizer's arrays belongs to; joined gate by gate,
  /// the same numbers must come out whatever their order.
  @Test(arguments: try cases.get().map(\.name))
  func `an optimizer's arrays find their weights`(_ name: String) throws {
    let fixture = try #require(try Self.cases.get().first { $0.name == name })
    let record = try ModelFile.decode(fixture.bytes("model.h5"), name: "model.h5")
    let optimizer = try #require(record.training?.optimizer)
    let slots = try JSON(parsing: fixture.bytes("slots.json"))
    let files = fixture.files.filter { $0.hasPrefix("slot_") }
    var expected: [Float] = []
    for file in files {
      let array = try fixture.array(file)
      // The step counter is no slot.
      if array.shape != [] { expected += array.floats() }
    }
    #expect(slots.array != nil || slots.object != nil)
    #expect(optimizer.slots.flatMap(\.arrays).flatMap { $0.floats() }.sorted() == expected.sorted())
    let trainable = try Network(record).parameters.layout.specs.filter(\.isTrainable)
    for slot in optimizer.slots {
      #expect(slot.arrays.map(\.shape) == trainable.map(\.shape), "\(name) \(slot.name)")
    }
  }
}

@Suite struct UncomputedTrainingTests {
  @Test func `a dropout of words, which is not computed, keeps a model from being trained`() throws {
    var record = try ModelFile.read(Fixtures.path("models/gru/2/model.h5"))
    record.layers[1].config["legacy_dropout"] = 0.2
    var model = try Model(record)
    let x = try Fixtures.array("models/gru/2/x.npy")
    let y = NumericArray(
      shape: [x.shape[0], 1], .float32(Array(repeating: 0, count: x.shape[0])))
    let error = #expect(throws: KerasError.self) { try model.fit([x], y, epochs: 1) }
    #expect(error?.description.contains("legacy_dropout: training with it is not supported") == true)
  }
}
