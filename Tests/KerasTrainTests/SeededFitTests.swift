import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Whole runs under a seed: the weights they start with, the rows they visit and what their layers
/// drop are those of the real Keras. Expected losses: `fixtures/scripts/make_fits.py`.
@Suite struct SeededFitTests {
  /// One run of a real Keras.
  private struct Run {
    let name: String
    let seed: UInt64
    let record: ModelRecord
    let losses: [String: [Double]]
  }

  private static func runs(_ generation: Generation) throws -> [Run] {
    let text = try FileBytes.read(Fixtures.path("seeds/fits/\(generation.rawValue).json"))
    return try #require(try JSON(parsing: text).array).compactMap(\.object).map { entry in
      let definition = try #require(entry["definition"]).pythonText()
      let numbers = { (key: String) in (entry[key]?.array ?? []).compactMap(\.number) }
      return Run(
        name: "\(generation.rawValue) \(entry["model"]?.string ?? "?") seed "
          + "\(entry["seed"]?.integer ?? -1)",
        seed: UInt64(try #require(entry["seed"]?.integer)),
        record: try ModelFile.decode(Array(definition.utf8), name: "model.json"),
        losses: ["loss": numbers("loss"), "val_loss": numbers("val_loss")])
    }
  }

  private static func data() throws -> Dataset {
    let facts = try JSON(parsing: FileBytes.read(Fixtures.path("seeds/fits/data.json")))
    let rows = try #require(facts.object?["x"]?.array).map { row in
      (row.array ?? []).compactMap(\.integer).map { Float($0) }
    }
    let targets = try #require(facts.object?["y"]?.array).compactMap(\.integer).map { Float($0) }
    return try Dataset(
      inputs: [NumericArray(shape: [rows.count, rows[0].count], .float32(rows.flatMap { $0 }))],
      targets: NumericArray(shape: [targets.count], .float32(targets)))
  }

  /// Forty updates in float32 with sums in other orders; runs from other weights, in another order
  /// or with other masks are 1e-2 apart.
  @Test(arguments: Generation.allCases)
  func `a seeded run is the run of its Keras`(_ generation: Generation) throws {
    let data = try Self.data()
    let runs = try Self.runs(generation)
    #expect(runs.count >= 14)
    for run in runs {
      var model = Model(try Network(run.record, weights: .fresh(seed: run.seed)))
      try model.compile(
        optimizer: SGD(learningRate: 0.1, momentum: 0.9), loss: BinaryCrossentropy())
      let history = try model.fit(
        data, batchSize: 16, epochs: 10, validationSplit: 0.2, seed: run.seed)
      var worst = 0.0
      for (name, expected) in run.losses {
        #expect(history[name].count == expected.count)
        for (found, wanted) in zip(history[name], expected) {
          worst = max(worst, abs(found - wanted))
        }
      }
      print("keras \(run.name): losses of 10 epochs within \(worst)")
      #expect(worst < 1e-4, "\(run.name)")
    }
  }
}
