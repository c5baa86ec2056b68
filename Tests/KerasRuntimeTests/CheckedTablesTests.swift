import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// The record of how what is written here fares in the real Kerases: `fixtures/checked`, made by
/// `check_written.py` and `check_training.py`.
@Suite struct CheckedTablesTests {
  /// A line of a table; see `fixtures/scripts/written_table.py`.
  private struct Row {
    let outcome: String
    let note: String
    let fixture: String
    let training: String
    let remark: String

    init?(_ line: Substring) {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 8 else { return nil }
      (outcome, fixture, note) = (fields[0], fields[3], fields[4])
      (training, remark) = (fields[5], fields[7])
    }
  }

  private static func rows(_ generation: String) throws -> [Row] {
    let text = String(
      decoding: try FileBytes.read(Fixtures.path("checked/\(generation).tsv")), as: UTF8.self)
    return try text.split(separator: "\n").map { try #require(Row($0), "\($0)") }
  }

  @Test(arguments: Generation.allCases)
  func `every case was opened by its own Keras, and nothing differs`(
    _ generation: Generation
  ) throws {
    let fixtures = try FixtureCase.all(["layers", "graphs", "keras1"])
      .filter { $0.generation == generation.rawValue && $0.kind != "Refused" }
    let rows = try Self.rows(generation.rawValue)
    let known = Set(rows.map(\.fixture))
    for fixture in fixtures where !known.contains(fixture.description) {
      // What is refused when it is read is not written.
      let isRefused = (try? Network(fixture.record(fixture.containers[0]))) == nil
      #expect(isRefused, "\(fixture) has no row: run fixtures/scripts/check_all.sh")
    }
    let listed = Set(fixtures.map(\.description))
    for row in rows where row.fixture.hasSuffix("/\(generation.rawValue)") {
      #expect(listed.contains(row.fixture), "\(row.fixture) is no case any more")
    }
    for row in rows {
      #expect(["equal", "refused", "noted", "not run"].contains(row.outcome), "\(row.fixture)")
      #expect(row.outcome != "refused" || row.note.hasPrefix("refused: "), "\(row.fixture)")
    }
  }

  @Test(arguments: Generation.allCases)
  func `training goes on from the state that was written`(_ generation: Generation) throws {
    let good = [
      "trained", "same state", "left out", "rounded", "refused", "no weights", "not trained",
    ]
    let all = try Self.rows(generation.rawValue)
    let rows = all.filter { !$0.training.isEmpty }
    // What differs is printed by the script and left out.
    #expect(rows.count == all.count, "\(all.count - rows.count)")
    for row in rows {
      #expect(good.contains(row.training), "\(row.fixture): \(row.training)")
      // Whatever was not shown has its reason.
      #expect(
        row.training == "no weights" || !row.remark.isEmpty, "\(row.fixture): \(row.training)")
    }
    for row in rows where row.fixture.hasSuffix("/\(generation.rawValue)") {
      #expect(
        !["same state", "left out"].contains(row.training),
        "\(row.fixture): its own Keras trains it by one formula")
    }
    #expect(rows.contains { $0.training == "trained" })
  }
}
