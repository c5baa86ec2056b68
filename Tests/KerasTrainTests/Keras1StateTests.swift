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
