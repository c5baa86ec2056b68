import KerasFormat
import KerasRuntime

/// THE list of losses.
public enum LossRegistry {
  /// Each class once.
  public static let builtIn: [any Loss.Type] = [
    BinaryCrossentropy.self, CategoricalCrossentropy.self, SparseCategoricalCrossentropy.self,
    BinaryFocalCrossentropy.self, CategoricalFocalCrossentropy.self, MeanSquaredError.self,
    MeanAbsoluteError.self, MeanAbsolutePercentageError.self, MeanSquaredLogarithmicError.self,
    Huber.self, LogCosh.self, Hinge.self, SquaredHinge.self, CategoricalHinge.self, Poisson.self,
    KLDivergence.self, CosineSimilarity.self,
  ]

  /// Losses whose targets are values to come close to. Those of the others are classes, signs or
  /// whole distributions.
  private static let ofValues: [any Loss.Type] = [
    MeanSquaredError.self, MeanAbsoluteError.self, MeanAbsolutePercentageError.self,
    MeanSquaredLogarithmicError.self, Huber.self, LogCosh.self, Poisson.self,
  ]

  /// Whether a loss takes values to come close to.
  public static func isOfValues(_ loss: any Loss) -> Bool {
    ofValues.contains { $0 == Swift.type(of: loss) }
  }

  /// Losses that Keras has and this package does not compute.
  private static let refused = [
    "Dice", "dice", "Tversky", "tversky", "CTC", "ctc", "Circle", "circle",
    "CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy", "crossentropy",
    "ce",
  ]

  /// A loss by a name of its generation, or from its serialized form.
  ///
  /// - Throws: ``KerasError/Code/unknownName`` for a loss that nobody or not this generation has,
  ///   ``KerasError/Code/unsupportedConfiguration`` for one that is not computed, and for settings
  ///   that cannot be.
  public static func loss(
    _ json: JSON, generation: Generation = .keras3
  ) throws(KerasError) -> any Loss {
    try reduced(json, generation: generation).loss
  }

  /// The same with its reduction.
  static func reduced(
    _ json: JSON, generation: Generation
  ) throws(KerasError) -> (loss: any Loss, reduction: Reduction) {
    guard let name = json.string ?? json.object?["class_name"]?.string else {
      throw KerasError(.unsupportedConfiguration, "\(json.kind) but one loss by name belongs here")
    }
    let type = try type(named: name, isObject: json.object != nil, generation)
    var config = ConfigReader(json.object?["config"]?.object ?? [:], of: name)
    config.ignore("name", "dtype", "fn")
    let reduction = try Reduction(from: &config, generation: generation)
    let loss = try type.init(from: &config)
    try config.finish()
    try check(loss, generation)
    return (loss, reduction)
  }

  /// Refuses a loss, or settings of it, that a generation does not have.
  static func check(_ loss: any Loss, _ generation: Generation) throws(KerasError) {
    let className = Swift.type(of: loss).className
    guard let names = LossNames.named(className) else { return }
    guard names.name(in: generation) != nil else {
      throw KerasError(
        .unsupportedConfiguration, "Keras \(generation.rawValue) has no loss \(className)")
    }
    guard generation >= .keras2_15 || loss.config.isEmpty else {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras \(generation.rawValue)'s losses have no settings, but \(className) has "
          + loss.config.keys.joined(separator: ", "))
    }
  }

  private static func type(
    named name: String, isObject: Bool, _ generation: Generation
  ) throws(KerasError) -> any Loss.Type {
    guard let names = LossNames.named(name),
      let type = builtIn.first(where: { $0.className == names.className })
    else {
      if refused.contains(name) {
        throw KerasError(.unsupportedConfiguration, "the loss '\(name)' is not supported")
      }
      let known = LossNames.all.compactMap { $0.name(in: generation) }
      throw KerasError(
        .unknownName, "unknown loss '\(name)'",
        hint: Suggestion.hint(
          for: name, among: LossNames.all.flatMap { $0.names.map(\.text) })
          ?? "known are \(known.joined(separator: ", "))")
    }
    let isKnown =
      isObject || name == names.className && generation >= .keras2_15
      || names.names.contains { $0.text == name && $0.generations.contains(generation) }
    guard isKnown else {
      throw KerasError(
        .unknownName, "Keras \(generation.rawValue) has no loss '\(name)'",
        hint: names.name(in: generation).map { "it calls it \($0)" })
    }
    return type
  }
}
