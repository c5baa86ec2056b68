import HornbillPlot
import KerasTrain

extension SweepResult {
  /// What the sweep says: a paragraph of each panel, then of all.
  public var verdict: [String] {
    guard let first = runs.first else { return ["No run ended."] }
    var lines = panels.map(sentence).filter { !$0.isEmpty }
    let ranked = groups.filter { $0.medianBest != nil }.sorted {
      ($0.medianBest ?? .infinity) < ($1.medianBest ?? .infinity)
    }
    if groups.count > 1, let best = ranked.first, let value = best.medianBest {
      let loss = first.measure == "val_loss" ? "validation loss" : "loss"
      lines.append(
        "Lowest \(loss) of all: \(Self.number(value))\(medianNote(best)), "
          + "with \(best.name()).")
    }
    if !isWhole {
      lines.append("\(sweep.runs.count - runs.count) of \(sweep.runs.count) runs are missing.")
    }
    return lines
  }

  private func sentence(_ panel: Panel) -> String {
    let start = panel.name.isEmpty ? "" : "\(panel.name): "
    let lowest = lowest(panel)
    guard panel.groups.contains(where: { $0.runs.contains { $0.guesses != nil } }) else {
      return lowest.isEmpty ? "" : start + lowest.joined()
    }
    var sentences: [String] = []
    let left = panel.groups.filter { $0.medianLeaving != "never" }
    let soonest = left.min { Self.rank($0) < Self.rank($1) }
    if let soonest {
      let rate = soonest[Sweep.learningRate].map { " at learning rate \($0)" } ?? ""
      if panel.groups.allSatisfy({ $0.leaving.allSatisfy { ($0 ?? .max) <= 2 } }) {
        sentences.append("Nothing stands still: all runs learn by epoch 2.")
      } else {
        sentences.append(
          "The plateau ends\(panel.groups.count > 1 ? " soonest" : "")\(rate): in epoch "
            + "\(soonest.medianLeaving)\(seedsNote(soonest)).")
        let others = left.filter { $0.settings != soonest.settings }.map { group in
          "\(group.medianLeaving) at \(group[Sweep.learningRate] ?? group.name())"
        }
        if !others.isEmpty {
          sentences.append("Elsewhere: \(others.joined(separator: ", ")).")
        }
      }
    } else {
      sentences.append("The plateau ends in no setting.")
    }
    let epochs = runs.map(\.history.epochs.count).max() ?? 0
    for (words, isSo) in [
      ("Still at a guess's loss after \(epochs) epochs", { $0 == .stayed }),
      (
        "Learned by heart (only the loss of the rows it learns from falls)",
        { if case .learnedByHeart = $0 { true } else { false } }
      ),
      ("Diverged", { $0 == .diverged }),
    ] as [(String, (Plateau.Outcome) -> Bool)] {
      let such = panel.groups.compactMap { group -> String? in
        let count = group.count(isSo)
        guard count > 0 else { return nil }
        let rate = group[Sweep.learningRate] ?? (panel.groups.count > 1 ? group.name() : "")
        let share = group.runs.count > 1 ? "\(count) of \(group.runs.count)" : ""
        return [rate, rate.isEmpty || share.isEmpty ? share : "(\(share))"]
          .filter { !$0.isEmpty }.joined(separator: " ")
      }
      if !such.isEmpty {
        let list = such.filter { !$0.isEmpty }.joined(separator: ", ")
        sentences.append(list.isEmpty ? "\(words)." : "\(words): \(list).")
      }
    }
    let all = sentences + lowest
    return all.isEmpty ? "" : start + all.joined(separator: " ")
  }

  /// Where a panel validates best.
  private func lowest(_ panel: Panel) -> [String] {
    // With one panel that is said of all.
    guard panel.groups.count > 1, panels.count > 1,
      let best = panel.groups.filter({ $0.medianBest != nil }).min(by: {
        ($0.medianBest ?? .infinity) < ($1.medianBest ?? .infinity)
      }), let value = best.medianBest, let rate = best[Sweep.learningRate]
    else { return [] }
    let loss = best.runs[0].measure == "val_loss" ? "validation loss" : "loss"
    return ["Lowest \(loss): \(Self.number(value)) at \(rate)."]
  }

  private func medianNote(_ group: Group) -> String {
    group.runs.count > 1 ? " (median of \(group.runs.count) seeds)" : ""
  }

  private func seedsNote(_ group: Group) -> String {
    guard group.runs.count > 1 else { return "" }
    let all = group.leaving.map { $0.map(String.init) ?? "never" }.joined(separator: ", ")
    return " (median; by seed \(all))"
  }

  /// For finding the soonest: the middle of the epochs, then the losses.
  private static func rank(_ group: Group) -> (Double, Double) {
    let epochs = group.leaving.map { $0.map(Double.init) ?? 1e9 }
    return (Median.of(epochs) ?? 1e9, group.medianBest ?? .infinity)
  }

  /// A loss in words: three decimals, or three digits of a small one.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : "infinite" }
    return abs(value) < 0.01 ? NumberText.significant(value) : NumberText.fixed(value, decimals: 3)
  }
}
