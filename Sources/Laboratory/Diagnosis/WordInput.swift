/// What was measured of one input of token ids.
public struct WordInput: Sendable {
  /// The input's, as the model has it.
  public let name: String
  /// How much of its rows is padding.
  public let padding: PaddingFacts
  /// What words its rows have.
  public let vocabulary: VocabularyFacts
  /// How much the answer depends on its words, before training and after it.
  public internal(set) var dependence: WordDependence?
  /// The same after training; `nil` where it was not trained.
  public internal(set) var dependenceAfter: WordDependence?
  /// Its place among the model's inputs.
  let index: Int
  /// The node of the first recurrent layer that reads it.
  let reader: Int?
}

/// What of the gradient at the output of a sequence's first recurrent layer comes back to its
/// words, before training.
public struct GradientArrival: Sendable {
  /// The recurrent layer.
  public let layer: String
  /// The share that arrives, in the middle of the rows.
  public let middle: Double
  /// The share of all rows' gradients together, in which the largest decide.
  public let whole: Double
  /// By how much the gradient grows a step back.
  public let growth: Double?
}
