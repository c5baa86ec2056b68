/// A class of metrics, the name it reports by itself, and the functions that stand for it.
public struct MetricNames: Sendable {
  /// Keras 3's class, such as `BinaryAccuracy`.
  public let className: String
  /// The class's own name for what it measures; `nil` where Keras makes one of the class and
  /// counts.
  public let ownName: String?
  /// The class is there since Keras 2.15, but for those that Keras 1 and 2.2 have as functions
  /// alone.
  public let classGenerations: ClosedRange<Generation>?
  /// Functions and abbreviations; in Keras 1 and 2.2 the history has the first of them.
  public let functions: [KerasName]

  private init(
    _ className: String, _ ownName: String?, _ functions: [KerasName] = [],
    classes: ClosedRange<Generation>? = .keras2_15...(.keras3)
  ) {
    self.className = className
    self.ownName = ownName
    self.functions = functions
    classGenerations = classes
  }

  private static let modern = Generation.keras2_15...Generation.keras3

  /// THE list of metrics by their names.
  public static let all: [MetricNames] = [
    .init("BinaryAccuracy", "binary_accuracy", [.init("binary_accuracy")]),
    .init("CategoricalAccuracy", "categorical_accuracy", [.init("categorical_accuracy")]),
    .init(
      "SparseCategoricalAccuracy", "sparse_categorical_accuracy",
      [.init("sparse_categorical_accuracy")]),
    .init(
      "TopKCategoricalAccuracy", "top_k_categorical_accuracy",
      [.init("top_k_categorical_accuracy")]),
    .init(
      "SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy",
      [.init("sparse_top_k_categorical_accuracy", .keras2...(.keras3))]),
    .init("Accuracy", "accuracy"),
    .init(
      "BinaryCrossentropy", "binary_crossentropy",
      [
        .init("binary_crossentropy"), .init("bce", .keras3...(.keras3)),
        .init("BCE", .keras3...(.keras3)),
      ]),
    .init(
      "CategoricalCrossentropy", "categorical_crossentropy", [.init("categorical_crossentropy")]),
    .init(
      "SparseCategoricalCrossentropy", "sparse_categorical_crossentropy",
      [.init("sparse_categorical_crossentropy")]),
    .init(
      "MeanSquaredError", "mean_squared_error",
      [.init("mean_squared_error"), .init("mse"), .init("MSE")]),
    .init("RootMeanSquaredError", "root_mean_squared_error"),
    .init(
      "MeanAbsoluteError", "mean_absolute_error",
      [.init("mean_absolute_error"), .init("mae"), .init("MAE")]),
    .init(
      "MeanAbsolutePercentageError", "mean_absolute_percentage_error",
      [.init("mean_absolute_percentage_error"), .init("mape"), .init("MAPE")]),
    .init(
      "MeanSquaredLogarithmicError", "mean_squared_logarithmic_error",
      [.init("mean_squared_logarithmic_error"), .init("msle"), .init("MSLE")]),
    .init(
      "LogCoshError", "logcosh",
      [.init("logcosh", .keras2...(.keras2_15)), .init("log_cosh", .keras2_15...(.keras2_15))]),
    .init("Hinge", "hinge", [.init("hinge")]),
    .init("SquaredHinge", "squared_hinge", [.init("squared_hinge")]),
    .init("CategoricalHinge", "categorical_hinge", [.init("categorical_hinge", modern)]),
    .init("Poisson", "poisson", [.init("poisson")]),
    .init(
      "KLDivergence", "kl_divergence",
      [.init("kullback_leibler_divergence", .keras1...(.keras2_15))]),
    .init(
      "CosineSimilarity", "cosine_similarity",
      [
        .init("cosine_proximity", .keras1...(.keras2_15)), .init("cosine", .keras1...(.keras2)),
        .init("cosine_similarity", modern),
      ]),
    .init("Precision", nil), .init("Recall", nil), .init("TruePositives", nil),
    .init("FalsePositives", nil), .init("TrueNegatives", nil), .init("FalseNegatives", nil),
    .init("SensitivityAtSpecificity", nil), .init("SpecificityAtSensitivity", nil),
    .init("PrecisionAtRecall", nil), .init("RecallAtPrecision", nil), .init("AUC", nil),
    .init("F1Score", "f1_score"), .init("FBetaScore", "fbeta_score"), .init("R2Score", "r2_score"),
    .init(
      "Keras1Precision", nil, [.init("precision", .keras1...(.keras1))], classes: nil),
    .init("Keras1Recall", nil, [.init("recall", .keras1...(.keras1))], classes: nil),
    .init(
      "Keras1FMeasure", nil,
      ["fmeasure", "fscore", "f1score"].map { .init($0, .keras1...(.keras1)) }, classes: nil),
    .init("Keras1FBetaScore", nil, [.init("fbeta_score", .keras1...(.keras1))], classes: nil),
    .init(
      "Keras1MatthewsCorrelation", nil, [.init("matthews_correlation", .keras1...(.keras1))],
      classes: nil),
  ]

  /// The metric that a generation calls so.
  ///
  /// - Parameter snakeCase: how Keras 3 spells classes as names.
  public static func named(
    _ name: String, in generation: Generation, snakeCase: (String) -> String
  ) -> MetricNames? {
    all.first { entry in
      if entry.functions.contains(where: {
        $0.text == name && $0.generations.contains(generation)
      }) {
        return true
      }
      guard entry.classGenerations?.contains(generation) ?? false else { return false }
      return entry.className == name || generation == .keras3 && snakeCase(entry.className) == name
    }
  }

  /// What an object of the class is called in the history where it has no name of its own.
  public func objectName(in generation: Generation) -> String? {
    className == "KLDivergence" && generation == .keras2_15
      ? "kullback_leibler_divergence" : ownName
  }
}
