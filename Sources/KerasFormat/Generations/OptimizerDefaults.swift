/// Which optimizers and options each generation has, and what a config means that does not name
/// them.
///
/// Read off `keras/optimizers.py` of 1.2.2 and 2.2.4 and `keras/src/optimizers` of 2.15.0 and
/// 3.15.1.
struct OptimizerDefaults {
  let generation: Generation
  /// One of 2.15's `keras.optimizers.legacy`.
  let isLegacy: Bool

  /// What Keras 3's optimizers have in common.
  static let common: JSONObject = [
    "weight_decay": nil, "clipnorm": nil, "global_clipnorm": nil, "clipvalue": nil,
    "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": nil,
    "loss_scale_factor": nil, "gradient_accumulation_steps": nil,
  ]

  /// Keras 3's own of each.
  private static let keras3: [String: JSONObject] = [
    "SGD": ["learning_rate": 0.01, "momentum": 0.0, "nesterov": false],
    "RMSprop": [
      "learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-07, "centered": false,
    ],
    "Adam": [
      "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": false,
    ],
    "AdamW": [
      "learning_rate": 0.001, "weight_decay": 0.004, "beta_1": 0.9, "beta_2": 0.999,
      "epsilon": 1e-07, "amsgrad": false,
    ],
    "Adagrad": ["learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-07],
    "Adadelta": ["learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-07],
    "Adamax": ["learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07],
    "Nadam": ["learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07],
    "Ftrl": [
      "learning_rate": 0.001, "learning_rate_power": -0.5, "initial_accumulator_value": 0.1,
      "l1_regularization_strength": 0.0, "l2_regularization_strength": 0.0,
      "l2_shrinkage_regularization_strength": 0.0, "beta": 0.0,
    ],
    "Lion": ["learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.99],
    "Adafactor": [
      "learning_rate": 0.001, "beta_2_decay": -0.8, "epsilon_1": 1e-30, "epsilon_2": 0.001,
      "clip_threshold": 1.0, "relative_step": true,
    ],
    "Lamb": ["learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07],
  ]

  /// The class that is meant by a name in any case; the name itself for one that is not known.
  static func className(_ name: String) -> String {
    keras3.keys.first { $0.lowercased() == name.lowercased() } ?? name
  }

  static func isKnown(_ className: String) -> Bool { keras3[className] != nil }

  /// Whether the generation's Keras has it.
  func has(_ className: String) -> Bool {
    guard Self.isKnown(className), className != "Lamb" || generation == .keras3 else {
      return false
    }
    if generation > .keras2, !isLegacy { return true }
    return !["AdamW", "Lion", "Adafactor"].contains(className)
      && (isLegacy || className != "Ftrl")
  }

  /// Every key that the class has, common ones apart, with the generation's default. Options that
  /// only later generations have stand at the value that leaves them out.
  func own(_ className: String) -> JSONObject {
    var config = Self.keras3[className] ?? [:]
    if generation == .keras2_15, className == "Lion" { config["learning_rate"] = 0.0001 }
    if isLegacy || generation <= .keras2, className == "Nadam" { config["schedule_decay"] = 0.004 }
    guard generation <= .keras2 else { return config }
    let rates: JSONObject = ["Adagrad": 0.01, "Adadelta": 1.0, "Adamax": 0.002, "Nadam": 0.002]
    if let rate = rates[className] { config["learning_rate"] = rate }
    if generation == .keras1, config["epsilon"] != nil { config["epsilon"] = 1e-08 }
    // Keras 1 and 2 start Adagrad's sums at zero and have no word for it.
    if className == "Adagrad" { config["initial_accumulator_value"] = 0.0 }
    return config
  }

  /// The common keys with the class's defaults.
  func common(_ className: String) -> JSONObject {
    var config = Self.common
    // A slip of 2.15's RMSprop alone.
    if generation == .keras2_15, className == "RMSprop" { config["ema_overwrite_frequency"] = 100 }
    return config
  }
}

extension OptimizerRecord {
  /// An optimizer from a config in the words of a generation; what is missing takes its defaults.
  /// Keys that the optimizer does not have are let through; see ``check(for:)``.
  ///
  /// - Throws: ``KerasError`` for a serialized object in it that holds code,
  ///   ``KerasError/Code/invalidJSON`` for one without a class or a name.
  package init(
    reading className: String, config: JSONObject, generation: Generation
  ) throws(KerasError) {
    self = try OptimizerDialect(dialect: .of(generation)).optimizer(
      className: className, given: config, isLegacy: config["is_legacy_optimizer"] == true)
  }

  /// Refuses an optimizer or an option that a generation's Keras does not have.
  ///
  /// - Throws: ``KerasError/Code/unknownName`` for the optimizer,
  ///   ``KerasError/Code/unsupportedConfiguration`` with the key for the option.
  package func check(for generation: Generation) throws(KerasError) {
    let isLegacy = config["is_legacy_optimizer"] == true
    let keras =
      isLegacy ? "Keras \(generation.rawValue)'s legacy" : "Keras \(generation.rawValue)'s"
    func refusal(_ key: String, _ what: String, hint: String? = nil) -> KerasError {
      KerasError(
        .unsupportedConfiguration, "\(keras) \(what)", at: .init(path: [className, key]),
        hint: hint)
    }
    func isSet(_ key: String) -> Bool {
      guard let value = config[key], !value.isNull else { return false }
      return value != .bool(false) && value.number != 0
    }
    let defaults = OptimizerDefaults(generation: generation, isLegacy: isLegacy)
    guard !isLegacy || generation == .keras2_15 else {
      throw refusal("is_legacy_optimizer", "optimizers are not those of 2.15")
    }
    guard defaults.has(className) else {
      throw KerasError(
        .unknownName,
        "Keras \(generation.rawValue) has no \(isLegacy ? "legacy " : "")optimizer \(className)")
    }
    let isOld = generation <= .keras2
    var missing: [String] = []
    if isOld || isLegacy {
      missing += ["weight_decay", "use_ema"]
      if className == "Nadam" { missing.append("decay") }
    } else {
      missing += ["schedule_decay"]
      if isSet("decay") {
        throw refusal(
          "decay", "\(className) has no decay",
          hint: "InverseTimeDecay as learning_rate is the same"
            + (generation == .keras2_15 ? "; is_legacy_optimizer has one" : ""))
      }
    }
    if generation != .keras3 { missing += ["loss_scale_factor", "gradient_accumulation_steps"] }
    if isOld {
      missing += ["clipnorm", "centered", "initial_accumulator_value", LossScale.key]
      if className == "RMSprop" { missing.append("momentum") }
      if generation == .keras1 { missing.append("amsgrad") }
    }
    for key in missing where isSet(key) { throw refusal(key, "\(className) has no \(key)") }
    if config["learning_rate"]?.object != nil, isOld || isLegacy && className == "Nadam" {
      throw refusal("learning_rate", "\(className) takes no learning rate schedule")
    }
  }
}
