import KerasFormat
import KerasLaboratory
import KerasTrain

/// Keras's and Hornbill's epochs of leaving the plateau, side by side.
struct PlateauTable {
  /// One model at one rate, an epoch a seed; `nil` for a run that did not leave.
  struct Row {
    let name: String
    let keras: [Int?]
    let ours: [Int?]
    /// Hornbill's from weights of which every other one is the next float32; empty where not run.
    let twins: [Int?]
    /// Keras's with its optimizer as it is; empty where not run.
    let asIs: [Int?]

    /// Whether Hornbill's epochs are Keras's, to one; or else a unit in the last place moves them
    /// as well, so that float32 does not decide them.
    var agrees: Bool {
      guard !keras.isEmpty, keras.count == ours.count else { return false }
      return Self.areClose(keras, ours) || !twins.isEmpty && !Self.areClose(twins, ours)
    }

    var isDecided: Bool {
      Self.areClose(keras, ours) && (twins.isEmpty || Self.areClose(twins, ours))
    }

    private static func areClose(_ a: [Int?], _ b: [Int?]) -> Bool {
      zip(a, b).allSatisfy { abs(($0 ?? never) - ($1 ?? never)) <= 1 }
    }
  }

  /// What a run counts that did not leave within its 40 epochs.
  static let never = 41

  let rows: [Row]
  let fifths: [Row]

  init(
    keras: [PlateauTableTests.KerasRun], ours: SweepResult, twins: SweepResult,
    fifth: SweepResult
  ) {
    func rows(_ result: SweepResult, _ setup: String) -> [Row] {
      result.groups.map { group in
        let (model, rate) = (group["architecture"] ?? "", group[Sweep.learningRate] ?? "")
        let guesses = group.runs.first?.guesses
        func leaving(_ setup: String) -> [Int?] {
          keras.filter {
            $0.setup == setup && $0.model == model && Double($0.rate) == Double(rate)
          }
          .sorted { $0.seed < $1.seed }
          .map { run in
            if case .left(let epoch)? = run.run(guesses).outcome(Plateau()) { epoch } else { nil }
          }
        }
        let isMain = setup == "ordered"
        return Row(
          name: "\(model) | \(rate)", keras: leaving(setup), ours: group.leaving,
          twins: isMain
            ? twins.groups.first { $0.settings == group.settings }?.leaving ?? [] : [],
          asIs: isMain ? leaving("as_is") : [])
      }
    }
    self.rows = rows(ours, "ordered")
    fifths = rows(fifth, "fifth")
  }

  private static func list(_ epochs: [Int?]) -> String {
    epochs.map { $0.map(String.init) ?? "–" }.joined(separator: ", ")
  }

  /// The main table.
  var markdown: String {
    let lines = rows.map { row in
      "| \(row.name) | \(Median.text(ofEpochs: row.keras)) | \(Median.text(ofEpochs: row.ours)) "
        + "| \(Self.list(row.keras)) | \(Self.list(row.ours)) | \(Self.list(row.twins)) "
        + "| \(Self.list(row.asIs)) |"
    }
    return """
      | model | rate | Keras 2.2.4 | Hornbill | Keras by seed | Hornbill by seed | the same, an ulp away | Keras, updates as they come |
      | --- | --- | --- | --- | --- | --- | --- | --- |
      \(lines.joined(separator: "\n"))
      """
  }

  /// `docs/plateau-table.md`.
  var page: String {
    let others = fifths.map { row in
      "| \(row.name) | \(Median.text(ofEpochs: row.keras)) | \(Median.text(ofEpochs: row.ours)) "
        + "| \(Self.list(row.keras)) | \(Self.list(row.ours)) |"
    }
    return PlateauTablePage.text(
      table: markdown,
      fifths: """
        | model | rate | Keras 2.2.4 | Hornbill | Keras by seed | Hornbill by seed |
        | --- | --- | --- | --- | --- | --- |
        \(others.joined(separator: "\n"))
        """)
  }
}
