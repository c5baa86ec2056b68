import Foundation
import KerasFormat
import KerasRuntime
import TestSupport
import Testing

@Suite struct LayerFixtureTests {
  /// `layers/GRU`, `graphs/Dot`…
  static let kinds = Result { () throws -> [String] in
    var seen: Set<String> = []
    return try FixtureOutcome.all.get().map { "\($0.fixture.collection)/\($0.fixture.kind)" }
      .filter { seen.insert($0).inserted }
  }

  @Test func `there are cases of every generation`() throws {
    let outcomes = try FixtureOutcome.all.get()
    for (generation, least) in [("1", 400), ("2", 1000), ("2.15", 1900), ("3", 1900)] {
      #expect(
        outcomes.filter { $0.fixture.generation == generation }.count >= least, "\(generation)")
    }
  }

  /// 1e-5 absolute, to the last bit in 16-bit types, but for what `fixtures/exceptions.json` lists.
  @Test(arguments: try kinds.get())
  func `a model computes what its Keras computed, whatever it is stored in`(
    _ kind: String
  ) throws {
    for outcome in try FixtureOutcome.all.get()
    where "\(outcome.fixture.collection)/\(outcome.fixture.kind)" == kind {
      if let objection = outcome.objection { Issue.record("\(objection)") }
    }
  }

  @Test func `every exception is one`() throws {
    let outcomes = try FixtureOutcome.all.get()
    for exception in try FixtureException.all.get() {
      #expect(outcomes.contains { $0.exception?.reason == exception.reason }, "\(exception.reason)")
    }
  }

  @Test func `a model's record has the weights of its file, bit for bit and in their own type`()
    throws
  {
    // The weights of a PReLU in an activation's place are refused.
    for fixture in try FixtureCase.all(["layers"])
    where fixture.kind != "Policy" && fixture.name != "PReLU_Dense" {
      guard let container = fixture.containers.first(where: { $0.weights == nil }) else { continue }
      let stored = try fixture.record(container)
      let again = try Network(stored).record
      #expect(
        stored.layers.flatMap(\.weights).map(\.array)
          == again.layers.flatMap(\.weights).map(\.array), "\(fixture)")
    }
  }

  /// The page is written by this test where `HORNBILL_WRITE_DOCS` is set, and compared otherwise
  /// but for the errors, whose last digits are the machine's.
  @Test func `the table of equal layers lists what these tests compare`() throws {
    let page = EqualityTable(try FixtureOutcome.all.get()).markdown
    let path = Fixtures.path("../docs/equal-to-keras.md")
    if ProcessInfo.processInfo.environment["HORNBILL_WRITE_DOCS"] != nil {
      try AtomicFile.write(Array(page.utf8), to: path)
    }
    let written = String(decoding: try FileBytes.read(path), as: UTF8.self)
    #expect(EqualityTable.withoutErrors(written) == EqualityTable.withoutErrors(page))
  }
}

/// `docs/equal-to-keras.md`: which layer and option is equal to which Keras to what error.
struct EqualityTable {
  let outcomes: [FixtureOutcome]

  init(_ outcomes: [FixtureOutcome]) { self.outcomes = outcomes }

  private static let generations = ["1", "2", "2.15", "3"]
  private static let titles = [
    "layers": "Layers", "graphs": "Functional models", "keras1": "Keras 1",
    "textlayers": "Layers with vocabularies",
  ]

  var markdown: String {
    var lines = [
      "# Equal to Keras", "",
      "Made by `HORNBILL_WRITE_DOCS=1 swift test -c release --filter LayerFixtureTests`: the largest",
      "absolute difference between the predictions of each model under `fixtures/` and those of the",
      "Keras that made it, over all the containers it is stored in (their number behind it). The",
      "columns are Keras 1.2.2, 2.2.4, 2.15 and 3.15.1; an empty cell has no such option. *refused*",
      "and other exceptions are explained in `fixtures/exceptions.json`. Outputs in float16 and",
      "bfloat16 show the share of numbers that are Keras's to the last bit.",
    ]
    for collection in ["layers", "graphs", "keras1", "textlayers"] {
      let own = outcomes.filter { $0.fixture.collection == collection }
      lines += ["", "## \(Self.titles[collection] ?? collection)"]
      for (kind, cases) in grouped(own, by: { $0.fixture.kind }) {
        lines += [
          "", "### \(kind)", "", "| option | 1 | 2 | 2.15 | 3 |", "| --- | --- | --- | --- | --- |",
        ]
        for (name, rows) in grouped(cases, by: { $0.fixture.name }) {
          let cells = Self.generations.map { generation in
            Self.cell(rows.filter { $0.fixture.generation == generation })
          }
          lines.append("| \(name) | \(cells.joined(separator: " | ")) |")
        }
      }
    }
    lines += ["", "## Layers inside other models", "", "| layer | in |", "| --- | --- |"]
    for name in LayerRegistry.builtIn.map({ $0.className })
    where !outcomes.contains(where: { $0.fixture.kind == name }) {
      let models = grouped(outcomes.filter { $0.classes.contains(name) }) { outcome in
        "\(outcome.fixture.kind)/\(outcome.fixture.name)"
      }.map(\.0)
      guard let first = models.first else { continue }
      lines.append(
        "| \(name) | \(first)\(models.count > 1 ? " and \(models.count - 1) more" : "") |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func grouped(
    _ outcomes: [FixtureOutcome], by key: (FixtureOutcome) -> String
  ) -> [(String, [FixtureOutcome])] {
    var order: [String] = []
    var groups: [String: [FixtureOutcome]] = [:]
    for outcome in outcomes {
      if groups[key(outcome)] == nil { order.append(key(outcome)) }
      groups[key(outcome), default: []].append(outcome)
    }
    return order.map { ($0, groups[$0] ?? []) }
  }

  private static func cell(_ outcomes: [FixtureOutcome]) -> String {
    guard !outcomes.isEmpty else { return "" }
    let equal = outcomes.compactMap { try? $0.result.get() }
    let refused = outcomes.count - equal.count
    let note = refused > 0 ? "refused (\(refused))" : ""
    guard let worst = equal.max() else { return note }
    let steps = outcomes.compactMap(\.steps)
    if let least = steps.map({ 100 * $0.equal / max(1, $0.count) }).min() {
      return "\(least) % (\(equal.count))" + (note.isEmpty ? "" : ", \(note)")
    }
    let text = worst == 0 ? "0" : String(format: "%.0e", Double(worst))
    return "\(text) (\(equal.count))" + (note.isEmpty ? "" : ", \(note)")
  }

  static func withoutErrors(_ page: String) -> String {
    page.replacing(#/(\d+ %|\d(e-\d+)?) \(/#, with: "… (")
  }
}
