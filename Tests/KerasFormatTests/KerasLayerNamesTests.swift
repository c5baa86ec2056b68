import KerasFormat
import TestSupport
import Testing

/// The list of Keras's layers against what the real Kerases say of themselves,
/// `fixtures/classes/<generation>.json`.
@Suite struct KerasLayerNamesTests {
  private static let facts = Result { () throws -> [Generation: JSONObject] in
    var facts: [Generation: JSONObject] = [:]
    for generation in Generation.allCases {
      let file = try JSON(
        parsing: FileBytes.read(Fixtures.path("classes/\(generation.rawValue).json")))
      facts[generation] = try #require(file.object?["classes"]?.object)
    }
    return facts
  }

  /// Words of the canonical record that no Keras exports among its layers.
  private static let canonical: [String: Set<Generation>] = [
    "Functional": [.keras2_15, .keras3], "CosineDot": [], "NotEqual": [],
  ]

  @Test func `it lists every class in the generations that have it`() throws {
    let facts = try Self.facts.get()
    var expected = Self.canonical
    for (generation, classes) in facts {
      for name in classes.keys { expected[name, default: []].insert(generation) }
    }
    #expect(KerasLayerNames.entries.mapValues(\.generations) == expected)
    #expect(expected.count > 180)
  }

  @Test func `it lists the keys of those that all their generations word alike`() throws {
    let facts = try Self.facts.get()
    var alike = 0
    for (name, entry) in KerasLayerNames.entries {
      let words = entry.generations.compactMap { facts[$0]?[name]?.object }
      let first = words.first
      let keys = first?["config"]?.object.map { Set($0.keys) }
      let isAlike =
        keys != nil && entry.generations != [.keras1]
        && words.allSatisfy { Self.isEqual(.object($0), .object(first ?? [:])) }
      #expect(entry.keys == (isAlike ? keys : nil), "\(name)")
      if isAlike { alike += 1 }
    }
    #expect(alike > 60)
  }

  @Test func `only generations that both word a class alike have common keys`() {
    let keys = { KerasLayerNames.commonKeys($0, of: $1, and: $2) }
    #expect(keys("RepeatVector", .keras1, .keras3) == ["n"])
    #expect(keys("RMSNormalization", .keras3, .keras3) == ["axis", "epsilon"])
    #expect(keys("RMSNormalization", .keras2_15, .keras3) == nil)
    #expect(keys("GaussianNoise", .keras2, .keras3) == nil)
    #expect(keys("Somebodys", .keras3, .keras3) == nil)
  }

  /// Numbers by their values, members by their keys.
  private static func isEqual(_ a: JSON, _ b: JSON) -> Bool {
    if let x = a.number, let y = b.number { return x == y }
    if let x = a.array, let y = b.array {
      return x.count == y.count && zip(x, y).allSatisfy(isEqual)
    }
    if let x = a.object, let y = b.object {
      return Set(x.keys) == Set(y.keys)
        && x.keys.allSatisfy { isEqual(x[$0] ?? .null, y[$0] ?? .null) }
    }
    return a == b
  }
}
