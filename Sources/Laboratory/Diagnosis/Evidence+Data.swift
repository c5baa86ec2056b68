import KerasRuntime

/// Causes that lie in the data.
extension Evidence {
  var unbalancedLabels: Cause? {
    if let one = oneTarget { return one }
    guard let labels, let balancedAccuracy else { return nil }
    let chance = 1 / Double(labels.counts.filter { $0 > 0 }.count)
    let ignored = (1 - (balancedAccuracy - chance) / (0.6 * (1 - chance))).clamped
    let strength = ((labels.majority - 0.7) / 0.2).clamped * ignored
    let others = percent(1 - labels.majority)
    return Cause(
      kind: .unbalancedLabels, strength: strength,
      figures: [
        .init(
          "majority", labels.majority, "\(percent(labels.majority)) of the rows have one label"),
        .init(
          "balanced_accuracy", balancedAccuracy,
          "after training a row of any class is found in \(percent(balancedAccuracy)) of cases, "
            + "chance finds \(percent(chance))"),
      ],
      because:
        "Answering the frequent label everywhere is wrong in only \(others) of the rows, and the "
        + "few others hardly move the mean loss, so the model settles on that answer.",
      remedy:
        "Weight the rare label (--class-weight), or give more rows of it, and look at a measure "
        + "that counts classes alike, not at accuracy.")
  }

  /// Rows that are all to give the same.
  private var oneTarget: Cause? {
    guard isConstantTarget, let rows = targets?.rows ?? labels?.classes.count else { return nil }
    let value =
      labels.map { "\($0.classes.first ?? 0)" } ?? targets?.constant.map(inWords) ?? ""
    let noun = labels == nil ? "target" : "label"
    return Cause(
      kind: .unbalancedLabels, strength: 1,
      figures: [.init("majority", 1, "100% of the \(rows) rows have one \(noun), \(value)")],
      because:
        "Always giving that answer is never wrong, so there is nothing to tell apart: the loss "
        + "falls towards \(inWords(course?.constantInTraining ?? 0)) whatever the rows are.",
      remedy:
        "Look at where the \(noun)s come from: the column, a filter, the file's order. Give rows "
        + "of every kind.")
  }

  var nothingToLearn: Cause? {
    guard let labelEvidence, let labels, labels.counts.filter({ $0 > 0 }).count > 1, !isWeightless,
      course?.best.isFinite ?? true
    else { return nil }
    let empty = inputs.map(\.padding.emptyShare).max() ?? 0
    let unknown = inputs.compactMap { $0.vocabulary.coverage?.unknownShare }.max() ?? 0
    // What has not even learned its own rows has not looked for long.
    let hasLooked =
      course.map { (1 - ($0.training.last ?? .infinity) / $0.constantInTraining) / 0.1 }?.clamped
      ?? 0
    // Of a handful of rare rows nothing can be said.
    let rare = Double(labels.counts.reduce(0, +) - (labels.counts.max() ?? 0)) / 20
    let certainty = areRowsAlike ? 0.95 : 0.5 + 0.45 * hasLooked
    let strength =
      certainty * rare.clamped * (1 - (labelEvidence.sigmas - 1) / 2).clamped * (1 - realGain)
      * (1 - (agreement?.certainty ?? 0)) * (1 - max(empty, unknown))
    return Cause(
      kind: .nothingToLearn, strength: strength,
      figures: [
        areRowsAlike
          ? .init(
            "different_rows", 1, "all \(trainingRows ?? 0) rows to learn from are the same") : nil,
        .init(
          "bag_of_words_sigmas", labelEvidence.sigmas,
          "a naive Bayes classifier (\(labelEvidence.looksAt)) finds a row's class in "
            + "\(percent(labelEvidence.balancedAccuracy)) of cases, "
            + "\(inWords(labelEvidence.sigmas)) standard errors from chance"),
        agreement.map {
          .init(
            "agreement_sigmas", $0.sigmas,
            "the trained model's answers on \($0.rows) rows that it has not seen go with their "
              + "labels by \(inWords($0.sigmas)) standard deviations of chance")
        },
        course.map {
          .init(
            "best_validation_loss", $0.best,
            "no epoch's validation loss is below \(inWords($0.best)); "
              + "\($0.constantName) \(inWords($0.constant))")
        },
      ].compactMap { $0 },
      because: areRowsAlike
        ? "Rows that are the same cannot tell one label from another."
        : hasLooked > 0.5
          ? "Neither the model nor a classifier that only counts finds anything in the rows that "
            + "goes with the label on rows it has not seen. What the model learns it learns by heart."
          : "A classifier that only counts finds nothing in the rows that goes with the label, and "
            + "the model has not begun to learn its own rows. There may be nothing, or it lies in "
            + "how things meet, which takes a model that learns longer.",
      remedy: areRowsAlike
        ? "Look at where the rows come from: the column, a filter, what the tokenizer makes of them."
        : "Look at the labels: are they in the rows' order, of the same file, not shuffled on "
          + "their own? Read twenty rows with their labels."
          + (hasLooked > 0.5 ? "" : " If they fit, train for more epochs, or at a higher rate."))
  }

  var noRowCounts: Cause? {
    guard isWeightless else { return nil }
    return Cause(
      kind: .noRowCounts, strength: 1,
      figures: [.init("rows_that_count", 0, "every row has the sample weight 0")],
      because:
        "A row's part in the loss and in the gradient is its weight: all of them together are nothing.",
      remedy: "Give the rows that are to count a sample weight above 0.")
  }

  var leakingLabels: Cause? {
    let fromRows = repeatedStrength
    let fromInput = giveaway == nil ? 0 : 0.9
    guard max(fromInput, fromRows) > 0 else { return nil }
    let isInput = fromInput >= fromRows
    var figures: [Cause.Figure] = []
    if let giveaway, isInput {
      figures.append(
        .init(
          "giveaway", giveaway.share,
          "\(giveaway.what) tells the \(labels == nil ? "target" : "label") of "
            + "\(percent(giveaway.share)) of the rows"))
    }
    if let repeated, !isInput {
      figures.append(
        .init(
          "repeated_rows", repeated.share,
          "\(percent(repeated.share)) of the validation rows stand among the training rows"))
    }
    if let course, let first = course.validation.first {
      figures.append(
        .init(
          "first_validation_loss", first,
          "the validation loss is \(inWords(first)) after one epoch, \(inWords(course.final)) at "
            + "the end"
        ))
    }
    return Cause(
      kind: .leakingLabels, strength: max(fromInput, fromRows), figures: figures,
      because: isInput
        ? "One input says what the label is, in the way of a mark that was put there with it: the "
          + "model need not understand the rows, and the mark may be missing where the model is "
          + "used. That is a suspicion. Numbers cannot tell such a mark from a task that is as easy."
        : "The model is examined on rows that it has learned by heart, so a low validation loss "
          + "says nothing about new rows.",
      remedy: isInput
        ? "Find out where that input comes from. If it is not known when the model is used, take "
          + "it out of the rows; if it is, nothing is wrong."
        : "Take repeated rows out before splitting.")
  }

  /// How many of the validation rows are known, unless rows repeat everywhere: where few different
  /// ones are possible, each comes often, and knowing them is the task.
  private var repeatedStrength: Double {
    guard let repeated else { return 0 }
    // Rows that lost their words look alike without being so.
    let unknown = inputs.compactMap { $0.vocabulary.coverage?.unknownShare }.max() ?? 0
    return ((repeated.share - 0.4) / 0.4).clamped * (1 - unknown)
      * (1 - (repeated.timesInTraining - 2) / 2).clamped
  }

  var foreignVocabulary: Cause? {
    inputs.compactMap(foreignVocabulary).max { $0.strength < $1.strength }
  }

  private func foreignVocabulary(_ input: WordInput) -> Cause? {
    let vocabulary = input.vocabulary
    let unknown = vocabulary.coverage?.unknownShare ?? 0
    let outside = vocabulary.outOfRange > 0
    guard outside || unknown > 0 else { return nil }
    var figures: [Cause.Figure] = []
    if outside, let first = vocabulary.firstOutOfRange {
      figures.append(
        .init(
          "ids_out_of_range", Double(vocabulary.outOfRange),
          "\(vocabulary.outOfRange) token ids\(note(input)) that the embedding's \(vocabulary.size) "
            + "rows do not have, the first \(first.id) in row \(first.row)"))
    }
    if let coverage = vocabulary.coverage {
      figures.append(
        .init(
          "unknown_words", unknown,
          "\(coverage.unknown) of \(coverage.words) words (\(percent(unknown))) are not in the "
            + "vocabulary"))
    }
    return Cause(
      kind: .foreignVocabulary, strength: outside ? 1 : ((unknown - 0.3) / 0.4).clamped,
      figures: figures,
      because:
        "The numbers of the words are not those that the model has learned: what it reads is not "
        + "what is written.",
      remedy:
        "Use the tokenizer that the model was trained with, or fit a new one and train the "
        + "embedding anew.")
  }

  /// ` of title` where a model has several texts.
  func note(_ input: WordInput) -> String { inputs.count > 1 ? " of \(input.name)" : "" }

  var emptyRows: Cause? {
    inputs.compactMap(emptyRows).max { $0.strength < $1.strength }
  }

  private func emptyRows(_ input: WordInput) -> Cause? {
    let padding = input.padding
    guard padding.emptyShare > 0 else { return nil }
    let unknown = input.vocabulary.coverage?.unknownShare ?? 0
    var figures = [
      Cause.Figure(
        "empty_rows", padding.emptyShare,
        "\(percent(padding.emptyShare)) of \(padding.rows) rows\(note(input)) hold no word")
    ]
    if let coverage = input.vocabulary.coverage, coverage.words > 0 {
      figures.append(
        .init(
          "words_too_rare", Double(coverage.tooRare) / Double(coverage.words),
          "\(coverage.tooRare) of \(coverage.words) words are rarer than --num-words keeps"))
    }
    return Cause(
      kind: .emptyRows,
      strength: ((padding.emptyShare - 0.25) / 0.5).clamped * (1 - unknown),
      figures: figures,
      because:
        "Rows without a word are all alike, so the model can only give all of them the same "
        + "answer.",
      remedy: "Look at what the tokenizer drops: --num-words, its filters, the column of the text.")
  }
}
