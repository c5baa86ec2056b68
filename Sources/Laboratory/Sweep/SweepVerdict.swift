import HornbillPlot
import KerasTrain

extension SweepResult {
  /// What the sweep says: a paragraph of each panel, then of all.
  public var verdict: [String] {
    guard let first = runs.first else { return ["No run ended."] }
    var lines = panels.map(sentence).filter { !$0.isEmpty }
    lines += lowestLosses(first.measure == "val_loss" ? "validation loss" : "loss")
    if !isWhole {
      lines.append("\(sweep.runs.count - runs.count) of \(sweep.runs.count) runs are missing.")
    }
    return lines
  }

  /// Where the loss is lowest, of all settings or of those whose losses compare.
  private func lowestLosses(_ loss: String) -> [String] {
    let kinds = comparable
    guard groups.count > 1 else { return [] }
    if kinds.count == 1 {
      guard let best = kinds[0].best, let value = best.medianBest else { return [] }
      return ["Lowest \(loss) of all: \(inWords(value))\(medianNote(best)), with \(best.name())."]
    }
    let varied = sweep.axes.filter { $0.values.count > 1 }
    let changes = Self.incomparable.compactMap { flags, what -> String? in
      let own = varied.filter { flags.contains($0.name) }.map(\.name)
      guard !own.isEmpty else { return nil }
      return "\(own.joined(separator: " and ")) change\(own.count == 1 ? "s" : "") \(what)"
    }
    let reason =
      changes.isEmpty
      ? "a guess's loss differs between settings, so that losses are of different scales or rows"
      : changes.joined(separator: ", ")
    return ["Losses are not compared over all settings: \(reason)."]
      + kinds.compactMap { kind in
        guard kind.groups.count > 1, let best = kind.best, let value = best.medianBest else {
          return nil
        }
        let shared = kind.settings.map { "\($0.axis) \($0.value)" }.joined(separator: ", ")
        return "Lowest \(loss)\(shared.isEmpty ? "" : " of those with \(shared)"): "
          + "\(inWords(value))\(medianNote(best)), with \(best.name())."
      }
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
    let epochs = counted(
      panel.groups.flatMap(\.runs).map(\.history.epochs.count).max() ?? 0, "epoch")
    let guesses = panel.groups.lazy.flatMap(\.runs).compactMap(\.guesses).first
    if let guesses, abs(guesses.training) < 1e-6 {
      return start + "A guess's loss is 0: all targets are alike, and there is nothing to learn."
    }
    for (words, isSo) in [
      ("Still at a guess's loss after \(epochs)", { $0 == .stayed }),
      (
        "Learned by heart (only the loss of the rows it learns from falls)",
        { if case .learnedByHeart = $0 { true } else { false } }
      ),
      ("Still above a guess's loss after \(epochs)", { $0 == .above }),
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
    return ["Lowest \(loss): \(inWords(value)) at \(rate)."]
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
}
