import KerasRuntime

/// Causes that lie in the steps that training takes, and in when it ends.
extension Evidence {
  /// Of all weights that have a size, the middle ‖Δw‖/‖w‖ of an update in the first epoch.
  var updateRatio: Double? { Median.of((course?.updates ?? []).map(\.first).filter { !$0.isNaN }) }
  /// The same of the first epoch as a whole.
  var epochRatio: Double? {
    Median.of((course?.updates ?? []).map(\.inFirstEpoch).filter { !$0.isNaN })
  }

  /// How much the loss jumps about or runs away, from 0 to 1.
  var unrest: Double {
    guard let course else { return 0 }
    if course.firstNonFinite != nil { return 1 }
    let training = course.training
    guard let first = training.first, let last = training.last else { return 0 }
    // What counts is where it came from, before the first update too: a loss may fall all the way and
    // still be above a guess's.
    let start = before.map { $0.loss.isFinite ? min(first, $0.loss) : first } ?? first
    let size = max(abs(start), abs(course.constantInTraining), 1e-30)
    let ranAway = (((last - start) / size - 0.05) / 0.5).clamped
    // A loss that came down from far above may jump about from there on.
    let late = Array(training.suffix((training.count + 1) / 2))
    let level = max(abs(course.constantInTraining), abs(Median.of(training) ?? 0), 1e-30)
    // Above a constant answer's there is always a way down, and less of a jump is one too many.
    let isAbove =
      (Median.of(late) ?? 0) - course.constantInTraining > 0.1 * abs(course.constantInTraining)
    let jumps = max(
      Self.jumps(training, level: level),
      Self.jumps(late, level: level, usual: isAbove ? 0.05 : 0.2))
    return max(ranAway, jumps)
  }

  /// Of all the way that losses go up and down, how much is up, where the way is no trifle.
  ///
  /// - Parameter usual: the share that training may have.
  private static func jumps(_ losses: [Double], level: Double, usual: Double = 0.2) -> Double {
    let steps = zip(losses, losses.dropFirst()).map { $1 - $0 }
    let way = steps.reduce(0) { $0 + abs($1) }
    let up = steps.reduce(0) { $0 + max(0, $1) }
    guard way > 0 else { return 0 }
    return ((up / way - usual) / 0.2).clamped
      * (way / Double(steps.count) / (0.05 * level)).clamped
  }

  var rateTooHigh: Cause? {
    guard let course, let ratio = updateRatio else { return nil }
    let tooLarge = ((Double.log10(max(ratio, 1e-30)) + 1.6) / 1.0).clamped
    var figures = [
      Cause.Figure(
        "update_ratio", ratio,
        "one update moves a weight by \(ofItsSize(ratio)) in the first epoch; about "
          + "0.1% to 1% is usual")
    ]
    if let bad = course.firstNonFinite {
      figures.append(
        .init(
          "first_not_a_number", Double(bad.epoch),
          "in epoch \(bad.epoch), batch \(bad.batch), \(bad.what) is no number any more"))
    } else if let last = course.training.last {
      figures.append(
        .init(
          "training_loss", last,
          "the training loss goes "
            + course.training.prefix(8).map(inWords).joined(separator: ", ")
            + "; \(course.constantName) \(inWords(course.constantInTraining))"))
    }
    if let rateRange, let suggestion = rateRange.suggestion, let rate {
      figures.append(
        .init(
          "suggested_rate", suggestion,
          "in the range test the loss falls fastest near rate \(rateInWords(suggestion)); the run "
            + "has "
            + rateInWords(rate)))
    }
    return Cause(
      kind: .rateTooHigh, strength: tooLarge * unrest * (1 - exploding), figures: figures,
      because:
        "Each update leaps over the place where the loss is low, and lands where it is as high or "
        + "higher.",
      remedy: "Take a tenth of the learning rate, or the one that the range test suggests.")
  }

  var rateTooLow: Cause? {
    guard let course, let ratio = epochRatio, let first = updateRatio else { return nil }
    let tooSmall = ((-1.7 - Double.log10(max(ratio, 1e-30))) / 1.5).clamped
    // Without a rate at which the loss falls, slowness is no reason.
    let faster: Double
    if let rateRange, let rate, rate > 0 {
      faster =
        rateRange.suggestion.map { (Double.log10($0 / rate) / 1.0).clamped } ?? 0.5
    } else {
      faster = 0.5
    }
    var figures = [
      Cause.Figure(
        "epoch_ratio", ratio,
        "the whole first epoch moves a weight by \(ofItsSize(ratio)), one update by "
          + "\(inWords(first * 100))%"),
      Cause.Figure(
        "loss_fall", (course.training.first ?? 0) - (course.training.last ?? 0),
        "the training loss goes from \(inWords(course.training.first ?? .nan)) to "
          + inWords(course.training.last ?? .nan)),
    ]
    if let suggestion = rateRange?.suggestion, let rate {
      figures.append(
        .init(
          "suggested_rate", suggestion,
          "in the range test the loss falls fastest near rate \(rateInWords(suggestion)); the run "
            + "has "
            + rateInWords(rate)))
    }
    return Cause(
      kind: .rateTooLow, strength: tooSmall * faster * standstill, figures: figures,
      because:
        "The updates point somewhere useful, but are so small that the weights stay where they "
        + "started.",
      remedy: "Take ten times the learning rate, or the one that the range test suggests.")
  }

  /// What of the numbers that go in explains that none comes out, and what to do about it.
  private func adviceForNumbers(
    _ weights: [String], _ before: Probe
  ) -> (figures: [Cause.Figure], remedy: String) {
    if !weights.isEmpty {
      return ([], "Start from other weights; these were saved after training had failed.")
    }
    // Squares of larger ones are no float32 any more.
    if let largest = range?.largestInput, largest.size > 1e15 {
      return (
        [
          .init(
            "largest_input", largest.size,
            "the numbers of \(largest.name) go up to \(inWords(largest.size))")
        ],
        "Scale the inputs, to a mean of 0 and a deviation of 1 for example (a Normalization layer "
          + "does), and look for marks of missing values among them."
      )
    }
    if let range, range.largestTarget > 1e15 {
      return (
        [
          .init(
            "largest_target", range.largestTarget,
            "the targets go up to \(inWords(range.largestTarget))")
        ], "Scale the targets, and look for marks of missing values among them."
      )
    }
    if !before.nonFinite.isEmpty {
      return (
        [],
        "Look at the layer named: an exponential or a division runs out of range; scale its "
          + "inputs."
      )
    }
    let outputs = before.outputs.joined().reduce(0) { max($0, abs($1)) }
    return (
      [
        .init(
          "largest_output", outputs,
          "every layer's output is finite, up to \(inWords(outputs)), but not the loss of it")
      ],
      "Look at what the loss takes: a logarithm of 0, a square out of range, or targets that it "
        + "does not know."
    )
  }

  var notANumber: Cause? {
    // What no row has a part in is none of its own fault.
    guard !isWeightless else { return nil }
    let isBefore = before.map { !$0.loss.isFinite || $0.weights.contains { !$0.isFinite } } ?? false
    if isBefore, let before {
      let weights = before.weights.filter { !$0.isFinite }.map(\.name)
      var figures: [Cause.Figure] = [
        .init(
          "loss_before_training", before.loss,
          "the loss is \(inWords(before.loss)) before any update")
      ]
      if !weights.isEmpty {
        figures.append(
          .init(
            "weights_not_finite", Double(weights.count),
            "weights that hold such numbers: \(weights.joined(separator: ", "))"))
      }
      if let layer = before.nonFinite.first {
        figures.append(
          .init(
            "layers_not_finite", Double(before.nonFinite.count),
            "the first layer whose output is not finite: \(layer)"))
      }
      let advice = adviceForNumbers(weights, before)
      return Cause(
        kind: .notANumber, strength: 1, figures: figures + advice.figures,
        because:
          "The model gives no number before it has learned anything: every loss, gradient and "
          + "update from there on is none either.",
        remedy: advice.remedy)
    }
    guard let bad = course?.firstNonFinite else { return nil }
    let explained = max(rateTooHigh?.strength ?? 0, exploding)
    return Cause(
      kind: .notANumber, strength: 0.9 * (1 - explained),
      figures: [
        .init(
          "first_not_a_number", Double(bad.epoch),
          "in epoch \(bad.epoch), batch \(bad.batch), \(bad.what) is no number any more")
      ],
      because: "A number ran out of range during training.",
      remedy: "Lower the learning rate, clip the gradient, or compute the loss from logits.")
  }

  /// How surely the validation loss was once below the constant answer's: from one standard error
  /// to three.
  var realGain: Double {
    guard let course else { return 0 }
    return ((course.constant - course.best) / max(2 * chance, 1e-30) - 0.5).clamped
  }

  var overfitting: Cause? {
    guard let course, let last = course.validation.last, let training = course.training.last,
      last.isFinite, training.isFinite, !course.history["val_loss"].isEmpty
    else { return nil }
    let gained = course.constant - course.best
    // A single epoch may leap up; what is lost for good is lost in the one before, too.
    let end = course.validation.suffix(2).min() ?? last
    let lost = gained > 0 ? ((end - course.best) / gained - 0.3) / 0.7 : 0
    let gap = ((end - training) / course.constant - 0.2) / 0.5
    // Or nothing was ever gained on other rows, although there is something in them.
    let learned = (1 - training / max(course.constantInTraining, 1e-30)) / 0.4
    let byHeart =
      (end / course.constant - 1).clamped * learned.clamped
      * (1 - (nothingToLearn?.strength ?? 0))
    let strength = max(lost.clamped * realGain, byHeart) * gap.clamped
    let epoch = (course.validation.firstIndex(of: course.best) ?? 0) + 1
    return Cause(
      kind: .overfitting, strength: strength,
      figures: [
        .init(
          "validation_rise", last - course.best,
          "the validation loss is lowest, \(inWords(course.best)), after epoch \(epoch), and "
            + "\(inWords(last)) at the end"),
        .init("training_loss", training, "the training loss falls to \(inWords(training))"),
      ],
      because:
        "The model learns the training rows by heart: what it adds to what they have in common "
        + "with others is wrong for others.",
      remedy:
        "Stop at the best epoch (--early-stopping 'patience=3,restore-best-weights'), train on "
        + "more rows, drop units, or take a smaller model.")
  }
}
