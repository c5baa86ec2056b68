import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Whole runs under a seed of layers in options that matter while training: what they drop is what
/// the real Keras drops. Expected losses: `fixtures/scripts/make_option_fits.py`.
@Suite struct SeededOptionTests {
  struct Run: Sendable, CustomTestStringConvertible {
    let generation: Generation
    let name: String
    let entry: JSONObject

    var testDescription: String { "\(generation.rawValue) \(name)" }

    func losses(_ key: String) throws -> [Double] {
      try #require(entry[key]?.array).compactMap(\.number)
    }
  }

  static let runs = Result { () throws -> [Run] in
    try Generation.allCases.flatMap { generation in
      let text = try FileBytes.read(
        Fixtures.path("seeds/options/\(generation.rawValue).json"))
      return (try JSON(parsing: text).array ?? []).compactMap(\.object).map {
        Run(generation: generation, name: $0["model"]?.string ?? "?", entry: $0)
      }
    }
  }

  static let data = Result { () throws -> Dataset in
    let facts = try JSON(parsing: FileBytes.read(Fixtures.path("seeds/options/data.json")))
    let rows = (facts.object?["x"]?.array ?? []).map { row in
      (row.array ?? []).compactMap(\.integer).map { Float($0) }
    }
    let targets = (facts.object?["y"]?.array ?? []).compactMap(\.integer).map { Float($0) }
    return try Dataset(
      inputs: [NumericArray(shape: [rows.count, 9], .float32(rows.flatMap { $0 }))],
      targets: NumericArray(shape: [targets.count], .float32(targets)))
  }

  @Test func `every generation has its runs`() throws {
    let runs = try Self.runs.get()
    for generation in Generation.allCases {
      #expect(runs.filter { $0.generation == generation }.count >= 15)
    }
  }

  /// Twelve updates in float32 with sums in other orders: 1e-5. Other masks, or the same masks used
  /// in another way, are 1e-3 apart and more.
  @Test(arguments: try runs.get())
  func `a seeded run is the run of its Keras`(_ run: Run) throws {
    let definition = try #require(run.entry["definition"]).pythonText()
    let record = try ModelFile.decode(Array(definition.utf8), name: "model.json")
    let seed = UInt64(try #require(run.entry["seed"]?.integer))
    var model = Model(try Network(record, weights: .fresh(seed: seed)))
    try model.compile(
      optimizer: SGD(learningRate: 0.1, momentum: 0.9), loss: BinaryCrossentropy())
    let history = try model.fit(
      try Self.data.get(), batchSize: 16, epochs: 4, validationSplit: 0.2, seed: seed)
    for key in ["loss", "val_loss"] {
      let expected = try run.losses(key)
      #expect(history[key].count == expected.count)
      for (epoch, (found, wanted)) in zip(history[key], expected).enumerated() {
        #expect(abs(found - wanted) < 1e-5, "\(key) of epoch \(epoch): \(found), not \(wanted)")
      }
    }
  }
}
