import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

@Suite struct MetricFixtureTests {
  static let entries = LossFixture.entries("evaluations")

  @Test func `every metric is in an evaluation of a generation that has it`() {
    let given = Self.entries.flatMap { entry in
      ["metrics", "weighted"].flatMap { key in
        (entry.facts[key]?.array ?? []).compactMap { json -> String? in
          let name = json.string ?? json.object?["class_name"]?.string ?? ""
          return MetricNames.named(
            name, in: entry.generation, snakeCase: LayerNames.snakeCase)?.className
        }
      }
    }
    #expect(Set(given) == Set(MetricNames.all.map(\.className)))
  }

  /// Batches of 3, 3 and 1 rows. Keras sums in float32, Hornbill in double precision: they agree to
  /// a few units of float32.
  @Test(arguments: entries)
  func `evaluate reports Keras's names and values`(_ entry: LossFixture.Entry) throws {
    let fixture = try LossFixture.of(entry.generation)
    let (network, ids) = try fixture.tableNetwork(entry.facts)
    var model = Model(network)
    try model.compile(
      optimizer: SGD(), loss: #require(entry.facts["loss"]),
      metrics: #require(entry.facts["metrics"]), weightedMetrics: #require(entry.facts["weighted"]))
    let weights = try entry.facts["weights"]?.string.map { try fixture.array("weights", $0) }
    let logs = try model.evaluate(
      Dataset(
        inputs: [ids],
        targets: fixture.array("targets", #require(entry.facts["targets"]?.string)),
        sampleWeight: weights), batchSize: 3)
    let names = try #require(entry.facts["names"]?.array).compactMap(\.string)
    let values = try #require(entry.facts["values"]?.array).map { $0.number ?? .nan }
    // Keras 3 returns a list in an order of its own.
    if entry.generation == .keras3 {
      #expect(logs.map(\.name).sorted() == names.sorted())
    } else {
      #expect(logs.map(\.name) == names)
    }
    for (name, expected) in zip(names, values) {
      let found = try #require(logs.first { $0.name == name }?.value, "\(name)")
      let worst = worstDifference([found], [expected], floor: 1e-2)
      #expect(worst.difference < 3e-6, "\(name) \(worst.place)")
    }
  }
}
