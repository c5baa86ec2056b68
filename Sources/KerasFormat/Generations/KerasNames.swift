/// What `compile` calls a loss or a metric, and which generations know the name.
public struct KerasName: Sendable {
  /// The name as it stands in `compile` and in files.
  public let text: String
  /// The first generation that knows it to the last.
  public let generations: ClosedRange<Generation>

  init(_ text: String, _ generations: ClosedRange<Generation> = .keras1...(.keras3)) {
    self.text = text
    self.generations = generations
  }
}

/// A class of losses with the functions and abbreviations that stand for it.
public struct LossNames: Sendable {
  /// Keras 3's class, such as `BinaryCrossentropy`.
  public let className: String
  /// The function's name in each generation first, then abbreviations.
  public let names: [KerasName]

  /// The name under which a generation knows it; `nil` where it does not have it.
  public func name(in generation: Generation) -> String? {
    names.first { $0.generations.contains(generation) }?.text
  }

  /// THE list of losses by their names.
  public static let all: [LossNames] = [
    .init(
      "BinaryCrossentropy",
      [
        .init("binary_crossentropy"), .init("bce", .keras2_15...(.keras3)),
        .init("BCE", .keras2_15...(.keras3)),
      ]),
    .init("CategoricalCrossentropy", [.init("categorical_crossentropy")]),
    .init("SparseCategoricalCrossentropy", [.init("sparse_categorical_crossentropy")]),
    .init(
      "BinaryFocalCrossentropy", [.init("binary_focal_crossentropy", .keras2_15...(.keras3))]),
    .init(
      "CategoricalFocalCrossentropy",
      [.init("categorical_focal_crossentropy", .keras2_15...(.keras3))]),
    .init(
      "MeanSquaredError", [.init("mean_squared_error"), .init("mse"), .init("MSE")]),
    .init(
      "MeanAbsoluteError", [.init("mean_absolute_error"), .init("mae"), .init("MAE")]),
    .init(
      "MeanAbsolutePercentageError",
      [.init("mean_absolute_percentage_error"), .init("mape"), .init("MAPE")]),
    .init(
      "MeanSquaredLogarithmicError",
      [.init("mean_squared_logarithmic_error"), .init("msle"), .init("MSLE")]),
    .init(
      "Huber",
      [.init("huber", .keras2_15...(.keras3)), .init("huber_loss", .keras2_15...(.keras2_15))]),
    .init(
      "LogCosh",
      [
        .init("log_cosh", .keras2_15...(.keras3)), .init("logcosh", .keras2...(.keras2_15)),
      ]),
    .init("Hinge", [.init("hinge")]),
    .init("SquaredHinge", [.init("squared_hinge")]),
    .init("CategoricalHinge", [.init("categorical_hinge", .keras2...(.keras3))]),
    .init("Poisson", [.init("poisson")]),
    .init(
      "KLDivergence",
      [
        .init("kl_divergence", .keras2_15...(.keras3)),
        .init("kullback_leibler_divergence", .keras1...(.keras2_15)), .init("kld"), .init("KLD"),
      ]),
    .init(
      "CosineSimilarity",
      [
        .init("cosine_similarity", .keras2_15...(.keras3)),
        .init("cosine_proximity", .keras1...(.keras2)), .init("cosine", .keras1...(.keras2)),
      ]),
  ]

  private init(_ className: String, _ names: [KerasName]) {
    self.className = className
    self.names = names
  }

  /// The loss that any generation calls so, by function, abbreviation or class.
  public static func named(_ name: String) -> LossNames? {
    all.first { $0.className == name || $0.names.contains { $0.text == name } }
  }

  /// Losses as `compile` takes them, a name that `generation` does not have replaced by that which
  /// it has for the same.
  ///
  /// - Throws: ``KerasError`` where it has none.
  public static func translated(_ json: JSON, to generation: Generation) throws(KerasError) -> JSON
  {
    if let list = json.array {
      var results: [JSON] = []
      for entry in list { results.append(try translated(entry, to: generation)) }
      return .array(results)
    }
    if let object = json.object {
      guard object["class_name"] == nil else { return json }
      var results: JSONObject = [:]
      for (key, value) in object.members { results[key] = try translated(value, to: generation) }
      return .object(results)
    }
    guard let name = json.string, let entry = named(name) else { return json }
    let isKnown =
      entry.names.contains { $0.text == name && $0.generations.contains(generation) }
      || entry.className == name && generation >= .keras2_15
    if isKnown { return json }
    guard let other = entry.name(in: generation) else {
      throw KerasError(
        .unsupportedConfiguration, "Keras \(generation.rawValue) has no loss '\(name)'")
    }
    return .string(other)
  }
}
