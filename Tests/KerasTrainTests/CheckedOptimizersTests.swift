import KerasFormat
import TestSupport
import Testing

/// The record of how optimizers' states that are written here fare in the real Kerases:
/// `fixtures/optimizers/checked-<generation>.txt`, made by `check_optimizers.py`.
@Suite struct CheckedOptimizersTests {
  @Test(arguments: Generation.allCases)
  func `every stored optimizer went on in its own Keras`(_ generation: Generation) throws {
    let text = String(
      decoding: try FileBytes.read(
        Fixtures.path("optimizers/checked-\(generation.rawValue).txt")), as: UTF8.self)
    // Outcome, container, difference, case.
    let rows = text.split(separator: "\n").dropFirst().map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    for row in rows { #expect(row.count == 4 && row[0] == "equal", "\(row)") }
    let known = Set(rows.filter { $0.count == 4 }.map { "\($0[3]).\($0[1])" })
    for optimizer in OptimizerCase.all where optimizer.generation == generation {
      for file in optimizer.files {
        let end = file.hasSuffix(".keras") ? "keras" : "h5"
        // Keras 3.15.1 cannot train what it has opened from an .h5.
        if generation == .keras3, end == "h5" { continue }
        #expect(
          known.contains("\(optimizer.name).\(end)"),
          "\(optimizer.name).\(end) has no line: run fixtures/scripts/check_all.sh")
      }
    }
    if generation == .keras2_15 { #expect(known.contains("3~scaled_sgd.keras")) }
  }
}
