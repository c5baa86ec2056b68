/// Causes that lie in the data.
extension Evidence {
  var unbalancedLabels: Cause? {
    guard let labels, let balancedAccuracy, labels.counts.filter({ $0 > 0 }).count > 1 else {
      return nil
    }
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

  var nothingToLearn: Cause? {
    guard let labelEvidence, let labels, labels.counts.filter({ $0 > 0 }).count > 1 else {
      return nil
    }
    let explained = max(padding?.emptyShare ?? 0, vocabulary?.coverage?.unknownShare ?? 0)
    let strength =
      0.95 * (1 - (labelEvidence.sigmas - 1) / 2).clamped * (1 - realGain) * (1 - explained)
    return Cause(
      kind: .nothingToLearn, strength: strength,
      figures: [
        .init(
          "bag_of_words_sigmas", labelEvidence.sigmas,
          "a naive Bayes classifier finds a row's class in "
            + "\(percent(labelEvidence.balancedAccuracy)) of cases, "
            + "\(inWords(labelEvidence.sigmas)) standard errors from chance"),
        best.map {
          .init(
            "best_validation_loss", $0.best,
            "no epoch's validation loss is below \(inWords($0.best)); a constant answer has "
              + "\(inWords($0.constant))")
        },
      ].compactMap { $0 },
      because:
        "Neither the model nor a classifier that only counts words finds anything in the rows "
        + "that goes with the label on rows it has not seen. What the model learns it learns by "
        + "heart.",
      remedy:
        "Look at the labels: are they in the rows' order, of the same file, not shuffled on their "
        + "own? Read twenty rows with their labels.")
  }

  private var best: (best: Double, constant: Double)? { course.map { ($0.best, $0.constant) } }

  var leakingLabels: Cause? {
    let telling = labelEvidence?.best
    let fromFeature = (((telling?.share ?? 0) - 0.5) / 0.3).clamped
    let repeated = repeatedRows ?? 0
    // Rows that lost their words look alike without being so.
    let unknown = vocabulary?.coverage?.unknownShare ?? 0
    let fromRows = ((repeated - 0.4) / 0.4).clamped * (1 - unknown)
    guard fromFeature > 0 || fromRows > 0 else { return nil }
    let isFeature = fromFeature >= fromRows
    var figures: [Cause.Figure] = []
    if let telling, isFeature {
      figures.append(
        .init(
          "best_feature_information", telling.share,
          "\(padding == nil ? "column" : "token") \(telling.feature) alone tells "
            + "\(percent(telling.share)) of the label"))
    }
    if !isFeature {
      figures.append(
        .init(
          "repeated_rows", repeated,
          "\(percent(repeated)) of the validation rows stand among the training rows"))
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
      kind: .leakingLabels, strength: max(fromFeature, fromRows), figures: figures,
      because: isFeature
        ? "The model need not understand the rows: one input says what the label is, and may not "
          + "be known when the model is used."
        : "The model is examined on rows that it has learned by heart, so a low validation loss "
          + "says nothing about new rows.",
      remedy: isFeature
        ? "Find out what that input is and where it comes from; if it is not known when the model is "
          + "used, take it out of the rows."
        : "Take repeated rows out before splitting.")
  }

  var foreignVocabulary: Cause? {
    guard let vocabulary else { return nil }
    let unknown = vocabulary.coverage?.unknownShare ?? 0
    let outside = vocabulary.outOfRange > 0
    guard outside || unknown > 0 else { return nil }
    var figures: [Cause.Figure] = []
    if outside, let first = vocabulary.firstOutOfRange {
      figures.append(
        .init(
          "ids_out_of_range", Double(vocabulary.outOfRange),
          "\(vocabulary.outOfRange) token ids that the embedding's \(vocabulary.size) rows do not "
            + "have, the first \(first.id) in row \(first.row)"))
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

  var emptyRows: Cause? {
    guard let padding, padding.emptyShare > 0 else { return nil }
    let unknown = vocabulary?.coverage?.unknownShare ?? 0
    var figures = [
      Cause.Figure(
        "empty_rows", padding.emptyShare,
        "\(percent(padding.emptyShare)) of \(padding.rows) rows hold no word")
    ]
    if let coverage = vocabulary?.coverage, coverage.words > 0 {
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
