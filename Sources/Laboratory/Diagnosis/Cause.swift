import KerasFormat

/// One reason why a training does not do what it should, with what was measured of it.
public struct Cause: Sendable {
  /// What it is, by its name in `diagnosis.json`.
  public enum Kind: String, Sendable, CaseIterable {
    /// Padding behind the words, through which the recurrent layers forget them.
    case endPadding = "end_padding"
    /// Updates too large for the weights.
    case rateTooHigh = "rate_too_high"
    /// Updates too small to get anywhere.
    case rateTooLow = "rate_too_low"
    /// A sigmoid at the end of its range, which lets no gradient pass.
    case saturation
    /// Gradients that grow on their way back.
    case explodingGradients = "exploding_gradients"
    /// Numbers that are none, or infinite.
    case notANumber = "not_a_number"
    /// Rows learned by heart, while those of validation get worse.
    case overfitting
    /// A class so frequent that naming it is nearly the best answer.
    case unbalancedLabels = "unbalanced_labels"
    /// Rows in which nothing was found that goes with the labels.
    case nothingToLearn = "nothing_to_learn"
    /// Something in the rows that is the label itself.
    case leakingLabels = "leaking_labels"
    /// Words that the model's vocabulary does not have.
    case foreignVocabulary = "foreign_vocabulary"
    /// Rows without any word.
    case emptyRows = "empty_rows"
    /// Units that are zero on every row.
    case deadUnits = "dead_units"
    /// Weights of 0 on all rows.
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

  /// What it is.
  public let kind: Kind
  /// From 0, no sign of it, to 1: computed from ``figures``.
  public let strength: Double
  /// What was measured of it.
  public let figures: [Figure]
  /// Why the loss does what it does, in words.
  public let because: String
  /// What would end it.
  public let remedy: String

  /// One number that was measured.
  public struct Figure: Sendable {
    /// What stands in `diagnosis.json`.
    public let name: String
    /// As it was computed.
    public let value: Double
    /// The same in a sentence.
    public let text: String

    /// Takes its name in `diagnosis.json`, the number, and the same in a sentence.
    public init(_ name: String, _ value: Double, _ text: String) {
      (self.name, self.value, self.text) = (name, value, text)
    }
  }

  /// The strength from which a cause is named.
  public static let threshold = 0.3
}
