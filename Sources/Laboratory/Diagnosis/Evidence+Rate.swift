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
    let constant = course.constantInTraining
    let training = course.training
    let ranAway = (((training.last ?? 0) / constant - 1.05) / 0.5).clamped
    // Of all the way that the epochs' losses go up and down, how much is up.
    let steps = zip(training, training.dropFirst()).map { $1 - $0 }
    let way = steps.reduce(0) { $0 + abs($1) }
    let up = steps.reduce(0) { $0 + max(0, $1) }
    let jumps =
      way > 0
      ? ((up / way - 0.2) / 0.2).clamped
        * (way / Double(max(1, steps.count)) / (0.05 * constant)).clamped
      : 0
    return max(ranAway, jumps)
  }

  var rateTooHigh: Cause? {
    guard let course, let ratio = updateRatio else { return nil }
    let tooLarge = ((Double.log10(max(ratio, 1e-30)) + 1.6) / 1.0).clamped
    var figures = [
      Cause.Figure(
        "update_ratio", ratio,
        "one update moves a weight by \(percent(ratio)) of its size in the first epoch; about "
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
            + "; a constant answer has \(inWords(course.constantInTraining))"))
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
        "the whole first epoch moves a weight by \(percent(ratio)) of its size, one update by "
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

  var notANumber: Cause? {
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
      return Cause(
        kind: .notANumber, strength: 1, figures: figures,
        because:
          "The model gives no number before it has learned anything: every loss, gradient and "
          + "update from there on is none either.",
        remedy: weights.isEmpty
          ? "Look at the layer named: an exponential or a division runs out of range; scale its "
            + "inputs."
          : "Start from other weights; these were saved after training had failed.")
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

  /// How surely the validation loss was once below the constant answer's. Losses of single rows
  /// differ by about half of that, and so far, over the root of their number, the mean may be off
  /// by chance.
  var realGain: Double {
    guard let course else { return 0 }
    let noise = course.constant / Double(max(1, validationRows ?? 1)).squareRoot()
    return ((course.constant - course.best) / max(noise, 1e-30) - 0.5).clamped
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
