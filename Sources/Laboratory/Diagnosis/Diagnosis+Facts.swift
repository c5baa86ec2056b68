import KerasFormat
import KerasRuntime
import KerasTrain

extension Diagnosis {
  /// One thing that was measured, in a sentence.
  public struct Fact: Sendable {
    public let name: String
    public let text: String
  }

  /// What is looked at, in one sentence.
  public var introduction: String {
    let model = subject.model
    let rows = (try? subject.split().training.count) ?? subject.data.rows
    let optimizer = model.compilation.map { type(of: $0.optimizer).className.lowercased() } ?? ""
    let rate = evidence.rate.map { " at rate \(rateInWords($0))" } ?? ""
    let epochs = subject.settings.epochs
    return "\(model.network.name) on \(rows) rows, \(epochs) epoch\(epochs == 1 ? "" : "s") of "
      + "\(optimizer)\(rate), Keras \((model.compilation?.generation ?? model.network.generation).rawValue)"
  }

  /// Everything that was measured, in the order of a reading.
  public var facts: [Fact] {
    var facts: [Fact] = []
    func add(_ name: String, _ text: String?) {
      if let text { facts.append(Fact(name: name, text: text)) }
    }
    add("loss", evidence.course.map(lossText))
    add("before", subject.past.flatMap(pastText))
    add("labels", labelsText)
    add("padding", evidence.padding.map(paddingText))
    add("words", evidence.vocabulary.map(wordsText))
    add("answers", evidence.dependence.map(dependenceText))
    add("gradient", gradientText)
    add("gates", evidence.recurrent.flatMap(gatesText))
    add("memory", evidence.recurrent?.onPadding.map(memoryText))
    add("updates", updatesText)
    add("units", unitsText)
    add("range test", evidence.rateRange.map(rangeText))
    return facts
  }

  private func lossText(_ course: Course) -> String {
    let guess = "always giving the same answer has \(inWords(course.constant))"
    if let bad = course.firstNonFinite {
      return "no number any more in epoch \(bad.epoch), batch \(bad.batch); \(guess)"
    }
    let kind = course.history["val_loss"].isEmpty ? "training" : "validation"
    let ended =
      course.leftPlateau.map { "it left that in epoch \($0)" }
      ?? (course.final > 1.05 * course.constant ? "it is above that" : "it stands there")
    return "\(kind) \(inWords(course.validation.first ?? .nan)) after one epoch, "
      + "\(inWords(course.best)) at best, \(inWords(course.final)) at the end; \(guess): \(ended)"
  }

  private func pastText(_ past: History) -> String? {
    let name = past["val_loss"].isEmpty ? "loss" : "val_loss"
    guard let first = past[name].first, let last = past[name].last else { return nil }
    return "the saved run's \(past.epochs.count) epochs took \(name) from \(inWords(first)) to "
      + inWords(last)
  }

  private var labelsText: String? {
    guard let labels = evidence.labels else { return nil }
    let total = Double(max(1, labels.counts.reduce(0, +)))
    let shares = labels.counts.prefix(8).enumerated().map {
      "\($0.offset): \(percent(Double($0.element) / total))"
    }
    var text = shares.joined(separator: ", ")
    if let found = evidence.labelEvidence {
      text +=
        "; \(evidence.padding == nil ? "columns above their median" : "words alone") (naive Bayes) find "
        + "\(percent(found.balancedAccuracy)) of the classes"
    }
    if let found = evidence.balancedAccuracy {
      text += ", the trained model \(percent(found))"
    }
    return text
  }

  private func paddingText(_ padding: PaddingFacts) -> String {
    let end = padding.endShare
    let front = padding.frontShare
    if end + front == 0 { return "none: every row fills its \(padding.steps) steps" }
    let side =
      end > 0 && front > 0
      ? "\(percent(front)) of the steps in front, \(percent(end)) at the end"
      : end > 0
        ? "\(percent(end)) of the steps, at the end" : "\(percent(front)) of the steps, in front"
    let empty =
      padding.emptyShare > 0 ? "; \(percent(padding.emptyShare)) of the rows are empty" : ""
    return
      "\(side), \(padding.isMasked ? "masked" : "not masked"): rows of \(padding.steps) steps with "
      + "\(inWords(padding.meanWords)) words on average, \(padding.longest) at most\(empty)"
  }

  private func wordsText(_ words: VocabularyFacts) -> String {
    var parts: [String] = []
    if let coverage = words.coverage, coverage.words > 0 {
      parts.append("\(percent(coverage.unknownShare)) unknown to the vocabulary")
      if coverage.tooRare > 0 {
        parts.append(
          "\(percent(Double(coverage.tooRare) / Double(coverage.words))) dropped as rare")
      }
    }
    parts.append("\(words.untouched) of \(words.size) rows of the embedding are never looked up")
    if words.outOfRange > 0 { parts.append("\(words.outOfRange) ids lie outside of it") }
    return parts.joined(separator: "; ")
  }

  private func dependenceText(_ words: WordDependence) -> String {
    var text =
      "before training the score differs by \(inWords(words.spread)) from row to row; with words "
      + "exchanged it moves by \(inWords(words.permuted)), without words by "
      + "\(inWords(words.removed))"
    if let padding = evidence.padding, padding.endShare > 0, !padding.isMasked {
      text += "; padded in front it would differ by \(inWords(words.inFront))"
    }
    if let after = evidence.dependenceAfter {
      text += "; after training by \(inWords(after.spread))"
    }
    return text
  }

  private var gradientText: String? {
    guard let before = evidence.before else { return nil }
    let norm = Probe.root(before.weights.map(\.gradientNorm))
    var text = "norm \(inWords(norm)) over all weights before training"
    if let arriving = evidence.arriving {
      text += "; of that at the recurrent layer's output \(inWords(arriving)) reaches the words"
    }
    if let growth = evidence.growth {
      text += ", by a factor of \(inWords(growth)) a step back"
    }
    return text
  }

  private func gatesText(_ recurrent: RecurrentFacts) -> String? {
    guard !recurrent.gates.isEmpty else { return nil }
    let gates = recurrent.gates.map { "\($0.name) \(percent($0.saturated))" }
    return "closer than 1% to 0 or 1 at the words: \(gates.joined(separator: ", "))"
  }

  private func memoryText(_ memory: RecurrentFacts.Memory) -> String {
    "a step of padding leaves \(inWords(memory.radius)) of a difference between two states: 1/e "
      + "after \(inWords(memory.length)) steps"
      + (evidence.recurrentAfter?.onPadding.map {
        "; after training \(inWords($0.radius)), \(inWords($0.length)) steps"
      } ?? "")
  }

  private var updatesText: String? {
    guard let ratio = evidence.updateRatio else { return nil }
    return
      "one moves a weight by \(inWords(ratio * 100))% of its size in the first epoch, the epoch "
      + "by \(inWords((evidence.epochRatio ?? .nan) * 100))% (middle of the weights)"
  }

  private var unitsText: String? {
    let layers = (evidence.after ?? evidence.before)?.units ?? []
    guard !layers.isEmpty else { return nil }
    return layers.map { "\($0.dead) of \($0.units) in \($0.layer) are zero on every row" }
      .joined(separator: "; ")
  }

  private func rangeText(_ range: LearningRateFinder.Result) -> String {
    range.suggestion.map { "the loss falls fastest near rate \(rateInWords($0))" }
      ?? "at no rate does the loss fall by more than noise, within \(range.rates.count) batches"
  }

  /// What to do, in a sentence.
  public var verdict: String {
    guard let first = causes.first else {
      return evidence.course?.leftPlateau != nil
        ? "Nothing is wrong: the loss left the constant answer's in epoch "
          + "\(evidence.course?.leftPlateau ?? 0)."
        : "Nothing that was measured explains the loss; more epochs may tell."
    }
    var text = "First cause: \(first.kind.title)."
    if let best, let left = best.course.leftPlateau {
      text += " What helped most: \(best.remedy.title): "
      text +=
        evidence.standstill > 0
        ? "it left the plateau in epoch \(left)"
        : "the loss ends at \(inWords(best.course.final))"
      text += best.remedy.flags.map { ", as with `\($0)`." } ?? "."
    } else if !trials.isEmpty {
      text += " No remedy that was tried did better within \(subject.settings.epochs) epochs."
    } else {
      text += " \(first.remedy)"
    }
    return text
  }
}
