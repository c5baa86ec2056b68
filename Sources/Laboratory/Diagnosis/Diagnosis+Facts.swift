import KerasFormat
import KerasRuntime
import KerasTrain

extension Diagnosis {
  /// One thing that was measured, in a sentence.
  public struct Fact: Sendable {
    /// What was measured, in a few words.
    public let name: String
    /// What came of it, in a sentence.
    public let text: String
  }

  /// What is looked at, in one sentence.
  public var introduction: String {
    let model = subject.model
    let rows = (try? subject.split().training.count) ?? subject.data.rows
    let optimizer = model.compilation.map { type(of: $0.optimizer).className.lowercased() } ?? ""
    let rate = evidence.rate.map { " at rate \(rateInWords($0))" } ?? ""
    let epochs = subject.settings.epochs
    return "\(model.network.name) on \(rows) rows, \(counted(epochs, "epoch")) of "
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
    for input in evidence.inputs {
      let name = evidence.note(input)
      add("padding\(name)", paddingText(input.padding))
      add("words\(name)", wordsText(input.vocabulary))
      add("answers\(name)", input.dependence.map { dependenceText($0, input) })
    }
    add("gradient", gradientText)
    for (place, recurrent) in evidence.recurrent.enumerated() {
      let name = evidence.recurrent.count > 1 ? " of \(recurrent.layer)" : ""
      add("gates\(name)", gatesText(recurrent))
      let after = evidence.recurrentAfter.indices.contains(place)
      add(
        "memory\(name)",
        recurrent.onPadding.map {
          memoryText($0, after ? evidence.recurrentAfter[place].onPadding : nil)
        })
    }
    add("updates", updatesText)
    add("units", unitsText)
    add("range test", evidence.rateRange.map(rangeText))
    return facts
  }

  private func lossText(_ course: Course) -> String {
    let guess = "\(course.constantName) \(inWords(course.constant))"
    if let bad = course.firstNonFinite {
      return "no number any more in epoch \(bad.epoch), batch \(bad.batch); \(guess)"
    }
    let kind = course.history["val_loss"].isEmpty ? "training" : "validation"
    let ended =
      course.leftPlateau.map { "it left that in epoch \($0)" }
      ?? (course.final - course.constant > 0.05 * abs(course.constant)
        ? "it is above that" : "it stands there")
    return "\(kind) \(inWords(course.validation.first ?? .nan)) after one epoch, "
      + "\(inWords(course.best)) at best, \(inWords(course.final)) at the end; \(guess): \(ended)"
  }

  private func pastText(_ past: History) -> String? {
    let name = past["val_loss"].isEmpty ? "loss" : "val_loss"
    guard let first = past[name].first, let last = past[name].last else { return nil }
    return
      "the saved run's \(counted(past.epochs.count, "epoch")) took \(name) from \(inWords(first)) to "
      + inWords(last)
  }

  private var labelsText: String? {
    guard let labels = evidence.labels else {
      return evidence.targets?.constant.map { "all targets are \(inWords($0))" }
    }
    let total = Double(max(1, labels.counts.reduce(0, +)))
    let shares = labels.counts.prefix(8).enumerated().map {
      "\($0.offset): \(percent(Double($0.element) / total))"
    }
    var text = shares.joined(separator: ", ")
    if let found = evidence.labelEvidence {
      text +=
        "; \(found.looksAt) (naive Bayes) find "
        + "\(percent(found.balancedAccuracy)) of the classes"
      if let best = found.best, best.share > 0.5 {
        text += ", \(best.feature) alone tells \(percent(best.share)) of what there is to tell"
      }
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

  private func dependenceText(_ words: WordDependence, _ input: WordInput) -> String {
    var text =
      "before training the score differs by \(inWords(words.spread)) from row to row; with words "
      + "exchanged it moves by \(inWords(words.permuted)), without words by "
      + "\(inWords(words.removed))"
    if input.padding.endShare > 0, !input.padding.isMasked {
      text +=
        words.permutedInFront.map {
          "; padded in front exchanging them would move it by \(inWords($0))"
        } ?? "; padded in front it would differ by \(inWords(words.inFront))"
    }
    if let after = input.dependenceAfter {
      text += "; after training by \(inWords(after.spread))"
    }
    return text
  }

  private var gradientText: String? {
    guard let before = evidence.before else { return nil }
    let norm = Probe.root(before.weights.map(\.gradientNorm))
    var text = "norm \(inWords(norm)) over all weights before training"
    for arrival in evidence.arrivals {
      let layer = evidence.arrivals.count > 1 ? arrival.layer : "the recurrent layer"
      text += "; of that at \(layer)'s output \(inWords(arrival.middle)) reaches the words"
      if let growth = arrival.growth { text += ", by a factor of \(inWords(growth)) a step back" }
    }
    return text
  }

  private func gatesText(_ recurrent: RecurrentFacts) -> String? {
    guard !recurrent.gates.isEmpty else { return nil }
    let gates = recurrent.gates.map { "\($0.name) \(percent($0.saturated))" }
    return "closer than 1% to 0 or 1 at the words: \(gates.joined(separator: ", "))"
  }

  private func memoryText(
    _ memory: RecurrentFacts.Memory, _ after: RecurrentFacts.Memory?
  ) -> String {
    "a step of padding leaves \(inWords(memory.radius)) of a difference between two states: 1/e "
      + "after \(inWords(memory.length)) steps"
      + (after.map {
        "; after training \(inWords($0.radius)), \(inWords($0.length)) steps"
      } ?? "")
  }

  private var updatesText: String? {
    guard let ratio = evidence.updateRatio else { return nil }
    return
      "one moves a weight by \(ofItsSize(ratio, inDetail: true)) in the first epoch, the epoch "
      + "by \(ofItsSize(evidence.epochRatio ?? .nan, inDetail: true)) (middle of the weights)"
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
    guard let first = causes.first else { return verdictWithoutCause }
    var text = "First cause: \(first.kind.title)."
    if let best {
      text += " What helped most: \(best.remedy.title): \(gain(best))"
      text += best.remedy.flags.map { ", as with `\($0)`." } ?? "."
    } else if !trials.isEmpty {
      text += " \(nothingHelped)"
    } else {
      text += " \(first.remedy)"
    }
    return text
  }

  private var verdictWithoutCause: String {
    guard let course = evidence.course else { return "Nothing that was measured is wrong." }
    if let left = course.leftPlateau {
      let place = course.isConstantKnown ? "the constant answer's" : "where it started"
      return "Nothing is wrong: the loss left \(place) in epoch \(left)."
    }
    guard course.isConstantKnown, let first = course.training.first,
      let last = course.training.last, last < first,
      last - course.constantInTraining > 0.05 * abs(course.constantInTraining)
    else { return "Nothing that was measured explains the loss; more epochs may tell." }
    return
      "Nothing is wrong that was measured: the loss is on its way down, from \(inWords(first)) to "
      + "\(inWords(last)) in training, where a constant answer has "
      + "\(inWords(course.constantInTraining)). More epochs or a higher rate will bring it there, "
      + "and sooner where targets of many units are scaled to about one."
  }

  /// What the best remedy brought.
  private func gain(_ best: Trial) -> String {
    let now = evidence.course?.final ?? .nan
    let losses = "the loss ends at \(inWords(best.course.final)) instead of \(inWords(now))"
    guard evidence.standstill > 0 else { return losses }
    guard let left = best.course.leftPlateau else {
      return "it did not leave the plateau, but \(losses)"
    }
    return left == evidence.course?.leftPlateau
      ? "it left the plateau in epoch \(left), too, but \(losses)"
      : "it left the plateau in epoch \(left)"
  }

  /// No remedy did better; where one has a lower loss in the table it says why that is none.
  private var nothingHelped: String {
    let epochs = counted(subject.settings.epochs, "epoch")
    let isLower = trials.contains { $0.course.final < evidence.course?.final ?? -.infinity }
    guard isLower else { return "No remedy that was tried did better within \(epochs)." }
    let isSooner = evidence.standstill > 0 ? "left the plateau sooner or " : ""
    return
      "No remedy that was tried \(isSooner)ended clearly lower within \(epochs): losses that lie "
      + "closer than \(inWords(evidence.chance)) differ no more than chance has it on so few rows."
  }
}
