/// Optimizers and compile settings, between a generation's words and ``TrainingRecord``.
struct OptimizerDialect {
  let dialect: Dialect

  // MARK: - Reading

  /// An optimizer as stored: an object, or in compile settings of 2.15 a bare name.
  func optimizer(_ stored: JSON) throws(KerasError) -> OptimizerRecord {
    if let name = stored.string {
      return try optimizer(
        className: OptimizerDefaults.className(name), given: [:], isLegacy: false)
    }
    guard let object = try SerializedObject.reduced(stored).object,
      let className = object["class_name"]?.string, let config = object["config"]?.object
    else { throw KerasError(.invalidJSON, "\(stored.kind), expected an optimizer") }
    if LossScale.classes.contains(className) {
      do { return try LossScale.optimizer(config, in: self) } catch {
        throw error.inside(className)
      }
    }
    // 2.15 takes a config without the word for one of its legacy optimizers.
    let isLegacy =
      dialect.generation == .keras2_15 && !config.isEmpty
      && config["is_legacy_optimizer"] != false
    return try optimizer(
      className: OptimizerDefaults.className(className), given: config, isLegacy: isLegacy)
  }

  /// An optimizer from what is said of it in the generation's own words.
  func optimizer(
    className: String, given: JSONObject, isLegacy: Bool
  ) throws(KerasError) -> OptimizerRecord {
    var config = try SerializedObject.reduced(.object(given)).object ?? given
    config.rename("lr", to: "learning_rate")
    for key in ["jit_compile", "is_legacy_optimizer", "name"] { config[key] = nil }
    if isLegacy, className == "Nadam" { config.rename("decay", to: "schedule_decay") }
    // Keras 1 and 2 clip by the norm of all gradients together.
    if !dialect.isModern, let norm = config.take("clipnorm"), !norm.isNull {
      config["global_clipnorm"] = norm
    }
    let defaults = OptimizerDefaults(generation: dialect.generation, isLegacy: isLegacy)
    if config["epsilon"] == .null { config["epsilon"] = defaults.own(className)["epsilon"] }
    var result: JSONObject = ["name": .string(LayerNames.snakeCase(className))]
    if isLegacy { result["is_legacy_optimizer"] = true }
    for part in [defaults.common(className), defaults.own(className), config] {
      for (key, value) in part.members { result[key] = value }
    }
    return OptimizerRecord(className: className, config: result)
  }

  /// `training_config` of an HDF5 file or `compile_config` of an archive; `nil` where no optimizer
  /// is in it. See ``compiledByDefault(_:)`` for files that leave it out.
  func training(_ stored: JSONObject) throws(KerasError) -> TrainingRecord? {
    guard let optimizer = stored["optimizer_config"] ?? stored["optimizer"], !optimizer.isNull
    else { return nil }
    let record: OptimizerRecord
    do { record = try self.optimizer(optimizer) } catch { throw error.inside("optimizer") }
    func part(_ key: String) throws(KerasError) -> JSON {
      do { return try SerializedObject.reduced(stored[key] ?? .null) } catch {
        throw error.inside(key)
      }
    }
    return TrainingRecord(
      loss: Self.canonicalLoss(try part("loss")), metrics: Self.asGiven(try part("metrics")),
      lossWeights: try part("loss_weights"),
      weightedMetrics: Self.asGiven(try part("weighted_metrics")), optimizer: record)
  }

  /// Compile settings with `compile`'s own optimizer where they name none, which is what Keras
  /// makes of them when it loads: Keras 3's `to_json` writes none, and nor does an archive of a
  /// model that was saved as HDF5 before. Empty settings are those of a model that was not compiled.
  static func compiledByDefault(_ stored: JSONObject?) -> (settings: JSONObject?, isAssumed: Bool) {
    guard var settings = stored, !settings.keys.isEmpty else { return (nil, false) }
    let isAssumed = settings["optimizer"] ?? .null == .null
    if isAssumed { settings["optimizer"] = ["class_name": "RMSprop", "config": [:]] }
    return (settings, isAssumed)
  }

  /// Losses in Keras 3's words: 2.15 adds the name of the function that a loss class wraps, and its
  /// `auto` is the mean over the batch, as is `mean`; none is `null`.
  private static func canonicalLoss(_ value: JSON) -> JSON {
    if let list = value.array { return .array(list.map(canonicalLoss)) }
    guard var object = value.object else { return value }
    guard object["class_name"] != nil else {
      for key in object.keys { object[key] = object[key].map(canonicalLoss) }
      return .object(object)
    }
    if var config = object["config"]?.object {
      config["fn"] = nil
      let reduction = config["reduction"]
      if reduction == "auto" || reduction == "mean" {
        config["reduction"] = "sum_over_batch_size"
      } else if reduction == "none" {
        config["reduction"] = .null
      }
      object["config"] = .object(config)
    }
    return .object(object)
  }

  /// 2.15 resolves `acc` in HDF5 files; the name that was given is still in it, one list deeper.
  private static func asGiven(_ metrics: JSON) -> JSON {
    guard let outer = metrics.array else { return metrics }
    let list = outer.count == 1 ? outer[0].array ?? outer : outer
    return .array(
      list.map { metric in
        if let inner = metric.array { return .array(inner.map { byName($0) ?? $0 }) }
        guard let object = metric.object,
          object["class_name"]?.string == "MeanMetricWrapper" || object["class_name"] == nil,
          let name = object["config"]?.object?["name"]?.string
        else { return metric }
        return .string(name)
      })
  }

  /// The name that a metric was given by, of what 2.15 made of it for one of several outputs: the
  /// output's name stands in front of it.
  private static func byName(_ metric: JSON) -> JSON? {
    guard let object = metric.object, object["class_name"]?.string == "MeanMetricWrapper",
      let name = object["config"]?.object?["name"]?.string
    else { return nil }
    let known = ["acc", "accuracy"] + MetricNames.all.flatMap { $0.functions.map(\.text) }
    let given = known.filter { name == $0 || name.hasSuffix("_\($0)") }
    return given.max { $0.count < $1.count }.map(JSON.string)
  }

  // MARK: - Writing

  func encoded(_ record: OptimizerRecord) throws(KerasError) -> JSONObject {
    var record = record
    if let scale = record.config.take(LossScale.key) {
      return try LossScale(scale).encoded(record, in: self)
    }
    return try encodedPlain(record)
  }

  /// An optimizer without a scale of the loss around it.
  func encodedPlain(_ record: OptimizerRecord) throws(KerasError) -> JSONObject {
    var config = record.config
    let isLegacy = config.take("is_legacy_optimizer") == true
    if isLegacy, dialect.generation == .keras2_15 { return legacy(record, &config) }
    guard !dialect.isModern else { return try modern(record, &config) }
    guard OptimizerDefaults.isKnown(record.className) else {
      throw KerasError(
        .unsupportedConfiguration, "\(dialect.name) has no optimizer \(record.className)")
    }
    var plain = record
    plain.config = config
    try plain.check(for: dialect.generation)
    guard config["learning_rate"]?.number != nil else {
      throw KerasError(
        .unsupportedConfiguration, "\(dialect.name) has no learning rate schedules")
    }
    config.rename("learning_rate", to: "lr")
    config["name"] = nil
    if config["decay"] == nil, record.className != "Nadam" { config["decay"] = 0.0 }
    for key in OptimizerDefaults.common.keys where key != "global_clipnorm" && key != "clipvalue" {
      config[key] = nil
    }
    for key in ["global_clipnorm", "clipvalue"] where config[key] == .null { config[key] = nil }
    config.rename("global_clipnorm", to: "clipnorm")
    if record.className == "RMSprop" { for key in ["momentum", "centered"] { config[key] = nil } }
    if dialect.generation == .keras1 { config["amsgrad"] = nil }
    if record.className == "Adagrad" { config["initial_accumulator_value"] = nil }
    return ["class_name": .string(record.className), "config": .object(config)]
  }

  /// As `keras.optimizers.legacy` of 2.15 writes itself: without what only the others have.
  private func legacy(_ record: OptimizerRecord, _ config: inout JSONObject) -> JSONObject {
    for key in ["weight_decay", "use_ema", "ema_momentum", "ema_overwrite_frequency"]
      + ["loss_scale_factor", "gradient_accumulation_steps"]
    {
      config[key] = nil
    }
    for key in ["clipnorm", "global_clipnorm", "clipvalue"] where config[key] == .null {
      config[key] = nil
    }
    config["name"] = .string(record.className)
    if record.className == "Nadam" {
      config.rename("schedule_decay", to: "decay")
    } else if config["decay"] == nil {
      config["decay"] = 0.0
    }
    if let schedule = config["learning_rate"]?.object {
      config["learning_rate"] = SerializedObject.wrapped(
        schedule, module: "keras.optimizers.schedules")
    }
    return ["class_name": .string(record.className), "config": .object(config)]
  }

  private func modern(
    _ record: OptimizerRecord, _ config: inout JSONObject
  ) throws(KerasError) -> JSONObject {
    let defaults = OptimizerDefaults(generation: dialect.generation, isLegacy: false)
    guard defaults.has(record.className) || !OptimizerDefaults.isKnown(record.className) else {
      throw KerasError(
        .unsupportedConfiguration, "\(dialect.name) has no optimizer \(record.className)")
    }
    if let decay = config.take("decay")?.number, decay != 0 {
      // lr / (1 + decay · step), which is a schedule of its own since 2.11.
      config["learning_rate"] = [
        "class_name": "InverseTimeDecay",
        "config": [
          "initial_learning_rate": config["learning_rate"] ?? 0.001, "decay_steps": 1,
          "decay_rate": .number(decay), "staircase": false, "name": "InverseTimeDecay",
        ],
      ]
    }
    config["schedule_decay"] = nil
    let bounds = ["clipnorm", "global_clipnorm", "clipvalue"].filter {
      config[$0].map { !$0.isNull } ?? false
    }
    guard dialect.generation < .keras3 || bounds.count < 2 else {
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name)'s optimizers take one of \(bounds.joined(separator: ", ")) alone")
    }
    if let schedule = config["learning_rate"]?.object {
      config["learning_rate"] = SerializedObject.wrapped(
        schedule, module: "keras.optimizers.schedules")
    }
    if dialect.generation == .keras2_15 {
      config["name"] = .string(record.className)
      for key in ["loss_scale_factor", "gradient_accumulation_steps"] {
        guard config.take(key) ?? .null == .null else {
          throw KerasError(.unsupportedConfiguration, "\(dialect.name)'s optimizers have no \(key)")
        }
      }
      config["jit_compile"] = false
      config["is_legacy_optimizer"] = false
    }
    return ["class_name": .string(record.className), "config": .object(config)]
  }

  /// The settings as an HDF5 file holds them.
  func trainingConfig(_ record: TrainingRecord) throws(KerasError) -> JSONObject {
    var optimizer = try encoded(record.optimizer)
    if dialect.generation == .keras2_15, let name = optimizer["class_name"]?.string,
      !LossScale.classes.contains(name), record.optimizer.config["is_legacy_optimizer"] != true
    {
      optimizer["class_name"] = .string("Custom>\(name)")
    }
    var result = try shared(record)
    if dialect.generation == .keras3 {
      addRunSettings(&result)
      result["loss"] = result["loss"].map(Self.spelledOut)
    }
    result["optimizer_config"] = .object(optimizer)
    return result
  }

  /// Keras 3.15 writes a loss's short name into an `.h5` that it then cannot open: "Could not
  /// deserialize 'keras.metrics.mse'". It knows the long ones.
  private static func spelledOut(_ loss: JSON) -> JSON {
    if let list = loss.array { return .array(list.map(spelledOut)) }
    if var object = loss.object, object["class_name"] == nil {
      for key in object.keys { object[key] = object[key].map(spelledOut) }
      return .object(object)
    }
    let long: [String: JSON] = [
      "mse": "mean_squared_error", "mae": "mean_absolute_error",
      "mape": "mean_absolute_percentage_error", "msle": "mean_squared_logarithmic_error",
    ]
    return loss.string.flatMap { long[$0.lowercased()] } ?? loss
  }

  /// The settings as an archive's `compile_config` holds them.
  func compileConfig(_ record: TrainingRecord) throws(KerasError) -> JSONObject {
    let optimizer = try encoded(record.optimizer)
    var result: JSONObject = ["optimizer": wrapped(optimizer, record.optimizer)]
    for (key, value) in try shared(record).members { result[key] = value }
    addRunSettings(&result)
    return result
  }

  /// An optimizer with what says where it comes from.
  func wrapped(_ encoded: JSONObject, _ record: OptimizerRecord) -> JSON {
    if encoded["class_name"]?.string != record.className, dialect.generation == .keras2_15 {
      return LossScale.wrapped(encoded)
    }
    let isLegacy = record.config["is_legacy_optimizer"] == true
    let module =
      switch record.className {
      case _ where dialect.generation == .keras3: "keras.optimizers"
      case _ where isLegacy: "keras.optimizers.legacy"
      // Those that were exported last.
      case "Adam", "AdamW", "Lion", "Adafactor": "keras.optimizers"
      default: "keras.optimizers.experimental"
      }
    return SerializedObject.wrapped(encoded, module: module)
  }

  private func addRunSettings(_ result: inout JSONObject) {
    let isKeras3 = dialect.generation == .keras3
    result["run_eagerly"] = isKeras3 ? false : .null
    result["steps_per_execution"] = isKeras3 ? 1 : .null
    result["jit_compile"] = isKeras3 ? false : .null
  }

  private func shared(_ record: TrainingRecord) throws(KerasError) -> JSONObject {
    var result: JSONObject = [
      "loss": try objects(
        LossNames.translated(record.loss, to: dialect.generation), module: "keras.losses", "loss"),
      "metrics": try objects(record.metrics, module: "keras.metrics", "metrics"),
    ]
    guard dialect.isModern else {
      guard record.weightedMetrics.isNull || record.weightedMetrics == [] else {
        throw KerasError(.unsupportedConfiguration, "\(dialect.name) has no weighted_metrics")
      }
      result["metrics"] = record.metrics.isNull ? [] : result["metrics"]
      result["sample_weight_mode"] = .null
      result["loss_weights"] = record.lossWeights
      return result
    }
    result["loss_weights"] = record.lossWeights
    result["weighted_metrics"] = try objects(
      record.weightedMetrics, module: "keras.metrics", "weighted_metrics")
    return result
  }

  /// Losses and metrics given as objects: with their module later, by name in Keras 2.
  private func objects(
    _ value: JSON, module: String, _ key: String
  ) throws(KerasError) -> JSON {
    if let list = value.array {
      var results: [JSON] = []
      for value in list { results.append(try objects(value, module: module, key)) }
      return .array(results)
    }
    guard let object = value.object else { return value }
    guard let className = object["class_name"]?.string else {
      var results = JSONObject()
      for (name, value) in object.members {
        results[name] = try objects(value, module: module, key)
      }
      return .object(results)
    }
    if dialect.generation == .keras2_15, key == "loss" {
      return SerializedObject.wrapped(try loss2_15(object, className), module: module)
    }
    guard dialect.isModern else {
      let config = object["config"]?.object ?? [:]
      // What says nothing: the settings that stand for a missing one.
      let plain: [String: [JSON]] = [
        "from_logits": [false], "label_smoothing": [0, 0.0], "axis": [-1], "ignore_class": [.null],
        "reduction": ["auto", "sum_over_batch_size"],
      ]
      let isPlain = config.members.allSatisfy {
        ["name", "dtype", "fn"].contains($0.key) || plain[$0.key]?.contains($0.value) ?? false
      }
      guard key == "loss", isPlain,
        let name = LossNames.named(className)?.name(in: dialect.generation)
      else {
        throw KerasError(
          .unsupportedConfiguration, "\(dialect.name) cannot hold \(className) in \(key)")
      }
      return .string(name)
    }
    return SerializedObject.wrapped(object, module: module)
  }

  /// A loss in 2.15's words: the default reduction has a name of its own, and none has a dtype.
  private func loss2_15(
    _ object: JSONObject, _ className: String
  ) throws(KerasError) -> JSONObject {
    var (object, config) = (object, object["config"]?.object ?? [:])
    if config["reduction"] == "sum_over_batch_size" { config["reduction"] = "auto" }
    if config["reduction"] == .null { config["reduction"] = "none" }
    if config["reduction"] == "mean_with_sample_weight" {
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name)'s losses have no reduction mean_with_sample_weight",
        at: .init(path: [className]))
    }
    if let dtype = config.take("dtype"), dtype != "float32", !dtype.isNull {
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name)'s losses have no dtype, and this is "
          + dtype.kind, at: .init(path: [className]))
    }
    object["config"] = .object(config)
    return object
  }
}
