import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// Every model of the fixtures, made anew under seed 7, starts as it does in the real Keras of its
/// generation. Expected values: `fixtures/scripts/make_starts.py`.
@Suite struct SeededStartTests {
  /// How the starts of one generation compare.
  private struct Comparison {
    var equal = 0
    var different: [String] = []
    var layers: Set<String> = []
  }

  @Test(arguments: Generation.allCases)
  func `every model starts as it does in its Keras`(_ generation: Generation) throws {
    let comparison = try compare(generation)
    print("keras \(generation.rawValue): \(comparison.equal) models start alike")
    #expect(comparison.equal > 300)
    for line in comparison.different { Issue.record("\(line)") }
  }

  /// A layer without a record of how Keras starts it has not been measured.
  @Test func `every registered layer is among the starts`() throws {
    var found: Set<String> = []
    for generation in Generation.allCases { found.formUnion(try compare(generation).layers) }
    // Layers of texts have no weights and draw nothing; their models' cases are elsewhere.
    let texts: Set<String> = ["TextVectorization", "StringLookup", "IntegerLookup"]
    for type in LayerRegistry.builtIn where !texts.contains(type.className) {
      #expect(found.contains(type.className), "\(type.className)")
    }
  }

  private func compare(_ generation: Generation) throws -> Comparison {
    let text = try FileBytes.read(Fixtures.path("seeds/starts/\(generation.rawValue).json"))
    let entries = try #require(try JSON(parsing: text).array)
    let cases = try FixtureCase.all(["layers", "graphs", "keras1"])
      .filter { $0.generation == generation.rawValue }
    var byName: [String: FixtureCase] = [:]
    for one in cases { byName["\(one.collection)/\(one.kind)/\(one.name)"] = one }
    var comparison = Comparison()
    for entry in entries.compactMap(\.object) {
      let name = ["collection", "layer", "case"].compactMap { entry[$0]?.string }
        .joined(separator: "/")
      let fixture = try #require(byName[name], "\(name)")
      // Some of the containers Keras itself cannot read. What cuDNN's layers hold is laid out
      // otherwise.
      guard !fixture.kind.hasPrefix("CuDNN"),
        let record = fixture.containers.lazy.compactMap({ try? fixture.record($0) }).first
      else { continue }
      var found: [String] = []
      collect(record, into: &comparison.layers)
      do {
        let network = try Network(record, weights: .fresh(seed: 7))
        found = differences(network, try #require(entry["weights"]?.array))
      } catch let error as KerasError {
        found = [error.message]
      }
      if found.isEmpty {
        comparison.equal += 1
      } else {
        comparison.different.append("\(name): \(found[0])")
      }
    }
    return comparison
  }

  private func collect(_ record: ModelRecord, into names: inout Set<String>) {
    func walk(_ json: JSON) {
      if let object = json.object {
        if let name = object["class_name"]?.string { names.insert(name) }
        for (_, value) in object.members { walk(value) }
      }
      for value in json.array ?? [] { walk(value) }
    }
    for layer in record.layers {
      names.insert(layer.className)
      walk(.object(layer.config))
    }
  }

  private func differences(_ network: Network, _ expected: [JSON]) -> [String] {
    let specs = network.parameters.layout.specs
    guard specs.count == expected.count else {
      return ["\(specs.count) weights, expected \(expected.count)"]
    }
    var found: [String] = []
    var left = expected.map { ($0.array?.last?.array ?? []).compactMap(\.number).map { Float($0) } }
    for (index, spec) in specs.enumerated() {
      let values = network.parameters.values(index)
      let last = max(values.count - 1, 0)
      let places = Set([0, last / 3, 2 * last / 3, last]).sorted()
      let ours = values.isEmpty ? [] : places.map { values[$0] }
      // A model inside a model lists its weights in orders of its own.
      let place = left.firstIndex { wanted in
        ours.count == wanted.count
          && zip(ours, wanted).allSatisfy { isNear($0, $1, spec, network.generation) }
      }
      if let place {
        left.remove(at: place)
      } else {
        found.append("\(spec.name) \(spec.shape.tuple): \(ours), expected one of \(left)")
      }
    }
    return found
  }

  /// Uniform and constant starts agree to the last bit. Normal ones go through sine, cosine and
  /// logarithm, which libraries round differently: one unit in the last place, of the sum where a
  /// mean is added. Keras 2.15 and 3 decompose matrices in float32, so orthogonal starts agree to
  /// 1e-6, those of Keras 1 and 2 but for the sign. Weights in half precision were rounded to it.
  private func isNear(
    _ a: Float, _ b: Float, _ spec: WeightSpec, _ generation: Generation
  ) -> Bool {
    switch spec.settings.initializer.kind {
    case .orthogonal where generation <= .keras2: abs(abs(a) - abs(b)) < 1e-6
    case .orthogonal: abs(a - b) < 1e-6
    case .normal, .truncatedNormal: abs(a - b) <= b.ulp
    case .variance(let scaling) where scaling.distribution != .uniform: abs(a - b) <= b.ulp
    default: a == b
    }
  }
}
