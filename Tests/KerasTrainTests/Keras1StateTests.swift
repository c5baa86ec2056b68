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

  /// Names, order and numbers, gate by gate where they are kept so. ``Keras1EqualNamesTests`` has
  /// the cases whose names Keras itself changes when it loads them.
  @Test(arguments: try cases.get().map(\.name).filter { !$0.hasPrefix("equal_names_") })
  func `weights and state are written as Keras 1 writes them`(_ name: String) throws {
    let fixture = try #require(try Self.cases.get().first { $0.name == name })
    let bytes = try fixture.bytes("model.h5")
    let written = try ModelFile.encode(
      try ModelFile.decode(bytes, name: "model.h5"), container: .h5,
      options: .init(generation: .keras1))
    let states = try [bytes, written].map { try #require(try Self.state(in: $0)) }
    #expect(states[1].names == states[0].names)
    #expect(states[1].arrays == states[0].arrays)
    let weights = try [bytes, written].map { try Self.weights(in: $0) }
    #expect(weights[1].map(\.name) == weights[0].map(\.name))
    #expect(weights[1].map(\.array) == weights[0].map(\.array))
  }

  @Test(arguments: ["post_gru", "post_lstm"])
  func `a state kept gate by gate is read again as it was written`(_ name: String) throws {
    let fixture = try #require(try Self.cases.get().first { $0.name == name })
    let record = try ModelFile.decode(fixture.bytes("model.h5"), name: "model.h5")
    let again = try ModelFile.decode(
      ModelFile.encode(record, container: .h5, options: .init(generation: .keras1)),
      name: "model.h5")
    let slots = try #require(record.training?.optimizer.slots)
    #expect(!slots.isEmpty && again.training?.optimizer.slots == slots)
  }

  static func weights(
    in bytes: [UInt8]
  ) throws -> [(name: String, array: NumericArray)] {
    guard case .group(let group) = try HDF5File.read(bytes).children["model_weights"],
      case .strings(let layers, _) = group.attributes["layer_names"]
    else { return [] }
    return layers.flatMap { layer -> [(name: String, array: NumericArray)] in
      guard case .group(let group) = group.children[layer],
        case .strings(let names, _) = group.attributes["weight_names"]
      else { return [] }
      return names.compactMap { name in
        guard case .dataset(let dataset) = group.children[name] else { return nil }
        return (name, dataset.array)
      }
    }
  }

  private static func state(
    in bytes: [UInt8]
  ) throws -> (names: [String], arrays: [NumericArray])? {
    guard case .group(let group) = try HDF5File.read(bytes).children["optimizer_weights"],
      case .strings(let names, _) = group.attributes["weight_names"]
    else { return nil }
    let arrays = names.compactMap { name -> NumericArray? in
      guard case .dataset(let dataset) = group.children[name] else { return nil }
      return dataset.array
    }
    return (names, arrays)
  }
}
