import KerasFormat
import KerasRuntime
import KerasTrain

/// Everything that was measured, from which causes are judged.
public struct Evidence: Sendable {
  /// What was measured of each input of token ids.
  public internal(set) var inputs: [WordInput] = []
  /// How often each class comes; `nil` where targets are no classes.
  public internal(set) var labels: LabelFacts?
  /// Of targets of any kind, of a model with one output.
  public internal(set) var targets: TargetFacts?
  /// How large inputs and targets are.
  public internal(set) var range: NumberRange?
  /// What naive Bayes finds in the rows.
  public internal(set) var labelEvidence: LabelEvidence?
  /// What may be the label itself.
  public internal(set) var giveaway: Giveaway?
  /// Rows of validation that stand among those learned from.
  public internal(set) var repeated: RepeatedRows?
  /// The model before training.
  public internal(set) var before: Probe?
  /// The model after training; `nil` where it was not trained.
  public internal(set) var after: Probe?
  /// Of every recurrent layer, before training and after it.
  public internal(set) var recurrent: [RecurrentFacts] = []
  /// The same after training.
  public internal(set) var recurrentAfter: [RecurrentFacts] = []
  /// The training as it was watched; `nil` where there was none.
  public internal(set) var course: Course?
  /// The range test of learning rates; `nil` where none was made.
  public internal(set) var rateRange: LearningRateFinder.Result?
  /// What of the gradient comes back to the words, before training: of each sequence that a
  /// recurrent layer reads.
  public internal(set) var arrivals: [GradientArrival] = []
  /// Mean over the classes of the share of their rows that the trained model finds, on rows of
  /// validation, or of training where those are none or of one class.
  public internal(set) var balancedAccuracy: Double?
  /// Whether the trained model's answers go with the labels of those rows.
  public internal(set) var agreement: Agreement?
  /// Rows that the run learns from, and those that it is validated on.
  public internal(set) var trainingRows: Int?
  /// Rows that the run is validated on.
  public internal(set) var validationRows: Int?
  /// The rate that the run trains at.
  public internal(set) var rate: Double?

  /// Of the first input of token ids.
  public var padding: PaddingFacts? { inputs.first?.padding }
  /// What words the first input of token ids has.
  public var vocabulary: VocabularyFacts? { inputs.first?.vocabulary }

  /// 1 while the loss stands at the constant predictor's or above to the end; less where it stood
  /// there for more than three epochs first; 0 where it left soon, and where there is nothing that
  /// it could learn from.
  var standstill: Double {
    guard let course, !isConstantTarget, !isWeightless, !areRowsAlike else { return 0 }
    guard let left = course.leftPlateau else { return 1 }
    return (Double(left - 3) / 4).clamped
  }

  /// Whether all rows are to give the same.
  var isConstantTarget: Bool { targets?.constant != nil || labels?.majority == 1 }

  /// Whether no row counts.
  var isWeightless: Bool { range?.isWeightless ?? false }

  /// Whether all rows to learn from are the same.
  var areRowsAlike: Bool {
    guard let repeated, let trainingRows, trainingRows > 1 else { return false }
    return repeated.timesInTraining >= Double(trainingRows)
  }

  /// By how much mean losses differ by chance: the standard error of a mean over the rows that
  /// judge. Losses of single rows differ by about half of the constant answer's.
  public var chance: Double {
    guard let course else { return 0 }
    let rows = validationRows.flatMap { $0 > 0 ? $0 : nil } ?? trainingRows ?? 1
    return 0.5 * abs(course.constant) / Double(max(1, rows)).squareRoot()
  }

  /// The causes with a strength of ``Cause/threshold`` or more, the strongest first.
  public var causes: [Cause] {
    let all = [
      endPadding, rateTooHigh, rateTooLow, saturation, explodingGradients, notANumber, overfitting,
      unbalancedLabels, nothingToLearn, leakingLabels, foreignVocabulary, emptyRows, deadUnits,
      noRowCounts,
    ]
    return all.compactMap { $0 }.filter { $0.strength >= Cause.threshold }
      .sorted { $0.strength > $1.strength }
  }
}
