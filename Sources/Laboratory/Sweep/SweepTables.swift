import HornbillPlot
import KerasFormat
import KerasTrain

extension SweepResult {
  /// A row for each setting, medians over its seeds.
  public var table: ReportTable {
    let axes = sweep.axes.map {
      ReportTable.Column($0.name, isNumeric: $0.name == Sweep.learningRate)
    }
    let loss = runs.first?.measure == "val_loss" ? "best val. loss" : "best loss"
    let columns =
      axes + [
        .init("left plateau at"), .init("by seed", isNumeric: false), .init(loss),
        .init("accuracy"), .init("outcome", isNumeric: false),
      ]
    let groups = self.groups
    let best = comparable.compactMap { kind in
      kind.groups.count > 1 || comparable.count == 1 ? kind.best : nil
    }
    let rows = groups.map { group in
      sweep.axes.map { group[$0.name] ?? "" } + [
        group.medianLeaving,
        group.leaving.map { $0.map(String.init) ?? "–" }.joined(separator: " "),
        group.medianBest.map(inWords) ?? "none",
        group.medianAccuracy.map { NumberText.fixed($0, decimals: 3) } ?? "",
        outcomes(group),
      ]
    }
    let highlighted = groups.indices.filter { index in
      best.contains { $0.settings == groups[index].settings }
    }
    return ReportTable(columns: columns, rows: rows, highlighted: Set(highlighted))
  }

  /// `2 learned, 1 diverged`
  private func outcomes(_ group: Group) -> String {
    var counts: [(name: String, count: Int)] = []
    for run in group.runs {
      guard let outcome = run.outcome(sweep.plateau) else { continue }
      if let index = counts.firstIndex(where: { $0.name == outcome.words }) {
        counts[index].count += 1
      } else {
        counts.append((outcome.words, 1))
      }
    }
    if counts.count == 1 { return counts[0].name }
    return counts.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
  }

  /// A row for each run: `runs.csv`.
  public var csv: String {
    let heads =
      sweep.axes.map(\.name) + [
        "seed", "outcome", "left_plateau", "best_\(runs.first?.measure ?? "loss")", "best_epoch",
        "best_accuracy", "last_loss", "last_val_loss", "epochs", "seconds",
      ]
    let rows = runs.map { run in
      let left: Int? =
        if case .left(let epoch)? = run.outcome(sweep.plateau) { epoch } else { nil }
      func number(_ value: Double?) -> String {
        value.map { $0.isFinite ? "\($0)" : "nan" } ?? ""
      }
      return sweep.axes.map { run.run[$0.name] ?? "" } + [
        "\(run.run.seed)", run.outcome(sweep.plateau)?.words ?? "", left.map(String.init) ?? "",
        number(run.best?.value), run.best.map { "\($0.epoch)" } ?? "", number(run.bestAccuracy),
        number(run.history["loss"].last), number(run.history["val_loss"].last),
        "\(run.history.epochs.count)", NumberText.fixed(run.seconds, decimals: 3),
      ]
    }
    return ([heads] + rows).map { $0.map(Self.field).joined(separator: ",") + "\n" }.joined()
  }

  private static func field(_ text: String) -> String {
    text.contains(where: { ",\"\n\r".contains($0) })
      ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }

  /// Everything: `runs.json`.
  public var json: JSON {
    let plateau: JSON = [
      "margin": .number(sweep.plateau.margin), "epochs": .integer(sweep.plateau.epochs),
    ]
    let axes = sweep.axes.map { axis -> JSON in
      ["name": .string(axis.name), "values": .array(axis.values.map(JSON.string))]
    }
    let entries = runs.map { run -> JSON in
      var object = run.json
      object["outcome"] = (run.outcome(sweep.plateau)?.words).map(JSON.string)
      if case .left(let epoch)? = run.outcome(sweep.plateau) {
        object["left_plateau"] = .integer(epoch)
      }
      return .object(object)
    }
    return [
      "plateau": plateau, "axes": .array(axes),
      "seeds": .array(sweep.seeds.map(JSON.init(seed:))), "runs": .array(entries),
    ]
  }
}

extension Plateau.Outcome {
  /// In a word or three.
  public var words: String {
    switch self {
    case .left: "learned"
    case .learnedByHeart: "learned by heart"
    case .stayed: "stood still"
    case .above: "above a guess"
    case .diverged: "diverged"
    }
  }
}
