import KerasFormat

/// One reason why a training does not do what it should, with what was measured of it.
public struct Cause: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case endPadding = "end_padding"
    case rateTooHigh = "rate_too_high"
    case rateTooLow = "rate_too_low"
    case saturation
    case explodingGradients = "exploding_gradients"
    case notANumber = "not_a_number"
    case overfitting
    case unbalancedLabels = "unbalanced_labels"
    case nothingToLearn = "nothing_to_learn"
    case leakingLabels = "leaking_labels"
    case foreignVocabulary = "foreign_vocabulary"
    case emptyRows = "empty_rows"
    case deadUnits = "dead_units"
    case noRowCounts = "no_row_counts"

    /// As a headline.
    public var title: String {
      switch self {
      case .endPadding: "padding at the end, without a mask"
      case .rateTooHigh: "the learning rate is too high"
      case .rateTooLow: "the learning rate is too low"
      case .saturation: "a saturated sigmoid"
      case .explodingGradients: "the gradient explodes"
      case .notANumber: "numbers that are none"
      case .overfitting: "overfitting"
      case .unbalancedLabels: "unbalanced labels"
      case .nothingToLearn: "nothing found in the rows that goes with the labels"
      case .leakingLabels: "labels that may leak"
      case .foreignVocabulary: "a vocabulary that does not match the model"
      case .emptyRows: "rows without words"
      case .deadUnits: "dead units"
      case .noRowCounts: "rows that do not count"
      }
    }

    /// Whether it lies in the data, where no way of training helps.
    public var isOfData: Bool {
      switch self {
      case .nothingToLearn, .leakingLabels, .foreignVocabulary, .emptyRows, .noRowCounts: true
      default: false
      }
    }
  }

  public let kind: Kind
  /// From 0, no sign of it, to 1: computed from ``figures``.
  public let strength: Double
  public let figures: [Figure]
  /// Why the loss does what it does, in words.
  public let because: String
  /// What would end it.
  public let remedy: String

  /// One number that was measured.
  public struct Figure: Sendable {
    /// What stands in `diagnosis.json`.
    public let name: String
    public let value: Double
    /// The same in a sentence.
    public let text: String

    public init(_ name: String, _ value: Double, _ text: String) {
      (self.name, self.value, self.text) = (name, value, text)
    }
  }

  /// The strength from which a cause is named.
  public static let threshold = 0.3
}
