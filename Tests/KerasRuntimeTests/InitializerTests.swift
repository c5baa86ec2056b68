import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// What initializers give under a seed, in each generation. Expected values:
/// `fixtures/scripts/make_initializers.py`.
@Suite struct InitializerTests {
  @Test(arguments: Generation.allCases)
  func `an initializer with a seed gives Keras's numbers`(_ generation: Generation) throws {
    let text = try FileBytes.read(Fixtures.path("seeds/initializers/\(generation.rawValue).json"))
    let entries = try #require(try JSON(parsing: text).array).compactMap(\.object)
    #expect(entries.count > 100)
    for entry in entries where !Self.saysTooLittle(entry) {
      let initializer = try Initializer(
        json: Initializers.canonical(#require(entry["initializer"])))
      let shape = try #require(entry["shape"]?.array).compactMap(\.integer)
      let seed = try #require(entry["seed"]?.integer)
      let expected = try #require(entry["values"]?.array).compactMap(\.number).map { Float($0) }
      let type = try #require(ElementType(rawValue: entry["dtype"]?.string ?? "float32"))
      let values = initializer.sample(
        shape: shape, from: .standalone(initializer, shape, seed, generation, type: type),
        fans: fans(shape, generation))
      #expect(values.count == shape.reduce(1, *))
      let places = expected.indices.map { $0 * (values.count - 1) / max(1, expected.count - 1) }
      for (place, wanted) in zip(places, expected) {
        #expect(
          isNear(values[place], wanted, initializer.kind, generation),
          "\(initializer.json.pythonText()) \(type) \(shape) seed \(seed) [\(place)]: \(values[place]), expected \(wanted)"
        )
      }
    }
  }

  /// Keras 3's config of an Identity leaves out its gain.
  private static func saysTooLittle(_ entry: JSONObject) -> Bool {
    entry["initializer"]?.object?["class_name"]?.string == "Identity"
      && entry["values"]?.array?.first?.number == 0.5
  }

  /// Keras 1 takes four axes for a kernel with its outputs first.
  private func fans(_ shape: [Int], _ generation: Generation) -> VarianceScaling.Fans? {
    guard generation == .keras1, shape.count == 4 else { return nil }
    let receptive = Double(shape[2] * shape[3])
    return VarianceScaling.Fans(Double(shape[1]) * receptive, Double(shape[0]) * receptive)
  }

  /// As in ``SeededStartTests``.
  private func isNear(
    _ a: Float, _ b: Float, _ kind: Initializer.Kind, _ generation: Generation
  ) -> Bool {
    switch kind {
    case .orthogonal where generation <= .keras2: abs(abs(a) - abs(b)) < 1e-6
    case .orthogonal: abs(a - b) < 1e-6
    // A mean that is added to a number of the other sign leaves its rounding behind.
    case .normal(let mean, let stddev), .truncatedNormal(let mean, let stddev):
      abs(a - b) <= max(b.ulp, mean == 0 ? 0 : Float(stddev).ulp)
    case .variance(let scaling) where scaling.distribution != .uniform: abs(a - b) <= b.ulp
    default: a == b
    }
  }

  @Test func `shapes that Keras refuses are refused`() throws {
    #expect(throws: KerasError.self) { try Initializer.orthogonal.check([5]) }
    #expect(throws: KerasError.self) {
      try Initializer(json: ["class_name": "Identity", "config": ["gain": 1.0]]).check([2, 3, 4])
    }
    try Initializer.orthogonal.check([5, 4])
  }

  @Test func `a scale of zero, an unknown mode and a distribution are refused by name`() throws {
    for (key, value): (String, JSON) in [
      ("scale", 0.0), ("mode", "fan_sum"), ("distribution", "cauchy"),
    ] {
      let error = #expect(throws: KerasError.self) {
        try Initializer(
          json: ["class_name": "VarianceScaling", "config": .object([key: value])])
      }
      #expect(error?.description.contains(key) == true)
    }
  }

  @Test func `an orthogonal matrix has rows or columns at right angles`() {
    for generation in Generation.allCases {
      let start = WeightStart.standalone(.orthogonal, [4, 9], 3, generation)
      let values = Initializer.orthogonal.sample(shape: [4, 9], from: start).map(Double.init)
      let square = generation == .keras1 ? 1.21 : 1
      for i in 0..<4 {
        for j in 0..<4 {
          var dot = 0.0
          for k in 0..<9 { dot += values[i * 9 + k] * values[j * 9 + k] }
          #expect(abs(dot - (i == j ? square : 0)) < 1e-6)
        }
      }
    }
  }
}
