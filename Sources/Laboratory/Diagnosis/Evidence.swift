import KerasFormat
import KerasRuntime
import KerasTrain

/// Everything that was measured, from which causes are judged.
public struct Evidence: Sendable {
  /// Of token rows.
  public internal(set) var padding: PaddingFacts?
  public internal(set) var vocabulary: VocabularyFacts?
  public internal(set) var labels: LabelFacts?
  /// What naive Bayes finds in the training rows.
  public internal(set) var labelEvidence: LabelEvidence?
  /// Share of the validation rows that stand among the training rows, words and all.
  public internal(set) var repeatedRows: Double?
  /// The model before training.
  public internal(set) var before: Probe?
  public internal(set) var after: Probe?
  public internal(set) var dependence: WordDependence?
  public internal(set) var dependenceAfter: WordDependence?
  public internal(set) var recurrent: RecurrentFacts?
  public internal(set) var recurrentAfter: RecurrentFacts?
  public internal(set) var course: Course?
  public internal(set) var rateRange: LearningRateFinder.Result?
  /// Share of the gradient at a recurrent layer's output that arrives at words, before training: in
  /// the middle of the rows, and of all rows' gradients together, in which the largest decide.
  public internal(set) var arriving: Double?
  public internal(set) var arrivingInAll: Double?
  /// By how much the gradient grows a step back.
  public internal(set) var growth: Double?
  /// Mean over the classes of the share of their rows that the trained model finds, on rows of
  /// validation.
  public internal(set) var balancedAccuracy: Double?
  /// Rows that the run is validated on.
  public internal(set) var validationRows: Int?
  /// The rate that the run trains at.
  public internal(set) var rate: Double?

  /// 1 while the loss stands at the constant predictor's or above to the end; less where it stood
  /// there for more than three epochs first; 0 where it left soon.
  var standstill: Double {
    guard let course else { return 0 }
    guard let left = course.leftPlateau else { return 1 }
    return (Double(left - 3) / 4).clamped
  }

  /// The causes with a strength of ``Cause/threshold`` or more, the strongest first.
  public var causes: [Cause] {
    let all = [
      endPadding, rateTooHigh, rateTooLow, saturation, explodingGradients, notANumber, overfitting,
      unbalancedLabels, nothingToLearn, leakingLabels, foreignVocabulary, emptyRows, deadUnits,
    ]
    return all.compactMap { $0 }.filter { $0.strength >= Cause.threshold }
      .sorted { $0.strength > $1.strength }
  }
}
