import KerasFormat
import KerasRuntime

/// THE list of optimizers.
public enum OptimizerRegistry {
  /// Each class once.
  public static let builtIn: [any Optimizer.Type] = [
    SGD.self, RMSprop.self, Adam.self, AdamW.self, Adagrad.self, Adadelta.self, Adamax.self,
    Nadam.self, Ftrl.self, Lion.self, Lamb.self, Adafactor.self,
  ]

  /// An optimizer by its class name in any case (`rmsprop`, `RMSprop`) with a config in the words
  /// of its generation; what is missing takes that generation's defaults.
  ///
  /// - Throws: ``KerasError`` for an optimizer or an option that the generation does not have.
  public static func optimizer(
    _ name: String, config: JSONObject = [:], generation: Generation
  ) throws(KerasError) -> any Optimizer {
    let type = try type(name)
    return try optimizer(
      OptimizerRecord(reading: type.className, config: config, generation: generation), generation)
  }

  /// An optimizer as it is stored.
  static func optimizer(
    _ record: OptimizerRecord, _ generation: Generation
  ) throws(KerasError) -> any Optimizer {
    let type = try type(record.className)
    try record.check(for: generation)
    var reader = ConfigReader(record.config, of: type.className)
    reader.ignore("name", "jit_compile")
    var optimizer = try type.init(from: &reader)
    optimizer.options = try OptimizerOptions(from: &reader)
    let rate: any LearningRate
    do {
      rate = try LearningRates.rate(reader.value("learning_rate") ?? .null)
      try rate.check()
    } catch {
      var error = error
      if error.place.path.isEmpty {
        error = reader.error("learning_rate", error.message, code: error.code, hint: error.hint)
      }
      throw error
    }
    optimizer.learningRate = rate
    try reader.finish()
    let rules = OptimizerRules(generation, isLegacy: optimizer.options.isLegacy)
    do { try optimizer.options.check(rules) } catch { throw error.inside(type.className) }
    return optimizer
  }

  private static func type(_ name: String) throws(KerasError) -> any Optimizer.Type {
    if let type = builtIn.first(where: { $0.className.lowercased() == name.lowercased() }) {
      return type
    }
    let names = builtIn.map { $0.className.lowercased() }
    throw KerasError(
      .unknownName, "unknown optimizer '\(name)'",
      hint: Suggestion.hint(for: name, among: names)
        ?? "known are \(names.joined(separator: ", "))")
  }
}

extension Optimizer {
  /// The same optimizer after checking that its generation's Keras has it with all its options.
  func checked(for generation: Generation) throws(KerasError) -> any Optimizer {
    var optimizer = try OptimizerRegistry.optimizer(record(iterations: nil), generation)
    optimizer.options.excludeFromWeightDecay = options.excludeFromWeightDecay
    optimizer.learningRate = learningRate
    return optimizer
  }
}
