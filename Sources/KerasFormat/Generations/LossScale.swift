/// Keras's `LossScaleOptimizer`, which `compile` puts around the optimizer of a mixed_float16 model:
/// canonically the optimizer inside with the key `loss_scale`, and what it keeps as slots of one
/// number.
///
///     2.15  LossScaleOptimizerV3 {inner_optimizer, dynamic, initial_scale, dynamic_growth_steps},
///           LossScaleOptimizer around a legacy one; files hold the inner optimizer's arrays alone
///     3     LossScaleOptimizer {name, inner_optimizer, initial_scale, dynamic_growth_steps}; its
///           iteration, learning rate, counter and scale stand in front of the inner one's
///
/// So what 2.15 opens begins with `initial_scale`, and a scale of Keras 3's becomes that: see
/// ``convert(_:to:notes:)``.
struct LossScale {
  static let key = "loss_scale"
  static let classes: Set<String> = ["LossScaleOptimizer", "LossScaleOptimizerV3"]
  /// The slots of the scale and of the updates since it changed.
  static let scale = "dynamic_scale"
  static let counter = "step_counter"
  /// What `compile` puts around an optimizer.
  static let automatic: JSON = [
    "initial_scale": 32768.0, "dynamic_growth_steps": 2000, "dynamic": true,
  ]

  private let initialScale: JSON
  private let growthSteps: JSON
  private let isDynamic: Bool

  init(_ config: JSON) {
    initialScale = config.object?["initial_scale"] ?? 32768.0
    growthSteps = config.object?["dynamic_growth_steps"] ?? 2000
    isDynamic = config.object?["dynamic"] != false
  }

  /// The optimizer inside, with the settings of the scale.
  static func optimizer(
    _ config: JSONObject, in dialect: OptimizerDialect
  ) throws(KerasError) -> OptimizerRecord {
    guard let inner = config["inner_optimizer"], inner.object != nil else {
      throw KerasError(
        .invalidJSON, "\(config["inner_optimizer"]?.kind ?? "nothing"), expected an optimizer",
        at: .init(path: ["inner_optimizer"]))
    }
    if let name = inner.object?["class_name"]?.string, classes.contains(name) {
      throw KerasError(.unsupportedConfiguration, "a \(name) inside another")
    }
    var record = try dialect.optimizer(inner)
    record.config[key] = [
      "initial_scale": config["initial_scale"] ?? 32768.0,
      "dynamic_growth_steps": config["dynamic_growth_steps"] ?? 2000,
      "dynamic": config["dynamic"] ?? true,
    ]
    return record
  }

  /// - Parameter record: the optimizer inside.
  func encoded(
    _ record: OptimizerRecord, in dialect: OptimizerDialect
  ) throws(KerasError) -> JSONObject {
    var record = record
    let generation = dialect.dialect.generation
    guard dialect.dialect.isModern else {
      throw KerasError(
        .unsupportedConfiguration, "\(dialect.dialect.name) has no LossScaleOptimizer")
    }
    if generation == .keras3, !isDynamic {
      // Keras 3 says a scale that stays in the optimizer itself.
      record.config["loss_scale_factor"] = initialScale
      return try dialect.encodedPlain(record)
    }
    var config: JSONObject = generation == .keras3 ? ["name": "loss_scale_optimizer"] : [:]
    config["inner_optimizer"] = dialect.wrapped(try dialect.encodedPlain(record), record)
    if generation == .keras2_15 { config["dynamic"] = .bool(isDynamic) }
    config["initial_scale"] = initialScale
    config["dynamic_growth_steps"] = isDynamic ? growthSteps : .null
    let isLegacy = generation == .keras3 || record.config["is_legacy_optimizer"] == true
    return [
      "class_name": isLegacy ? "LossScaleOptimizer" : "LossScaleOptimizerV3",
      "config": .object(config),
    ]
  }

  /// Lets 2.15, whose files hold no scale, begin with the one that a training in Keras 3 has
  /// reached, and notes what cannot be carried: the count of updates since it moved, and a scale
  /// that 2.15 does not let become so large or small.
  static func convert(
    _ record: inout ModelRecord, to generation: Generation, notes: inout [ConversionNote]
  ) {
    guard record.generation == .keras3, generation == .keras2_15,
      let optimizer = record.training?.optimizer, var config = optimizer.config[key]?.object,
      let reached = optimizer.number(ofSlot: scale)
    else { return }
    let counted = optimizer.number(ofSlot: counter) ?? 0
    let initial = config["initial_scale"]?.number ?? 32768
    guard reached != initial || counted != 0 else { return }
    let canStand = reached.isFinite && reached >= min(1, initial)
    if canStand {
      config["initial_scale"] = .number(reached)
      record.training?.optimizer.config[key] = .object(config)
    }
    notes.append(
      ConversionNote(
        message: "Keras 2.15 stores no scale of the loss: it begins with "
          + (canStand
            ? "the \(reached) that training has reached" : "\(initial) again, not \(reached)")
          + ", and counts anew the updates since it moved"
          + (Int(exactly: counted).map { " (\($0))" } ?? "")))
  }

  /// As 2.15 writes it.
  static func wrapped(_ encoded: JSONObject) -> JSON {
    var result: JSONObject = ["module": "keras.src.mixed_precision.loss_scale_optimizer"]
    for (key, value) in encoded.members { result[key] = value }
    result["registered_name"] = encoded["class_name"]
    return .object(result)
  }
}

extension SlotPlan {
  private var keepsLossScale: Bool {
    dialect.generation == .keras3
      && config[LossScale.key].map { $0.object?["dynamic"] != false }
        ?? false
  }

  /// Takes what Keras 3's LossScaleOptimizer keeps in front of the inner optimizer's arrays.
  ///
  /// - Parameter own: how many arrays the inner one has before its first step.
  func readLossScale(
    _ rest: inout ArraySlice<NumericArray>, own: Int, into record: inout OptimizerRecord
  ) throws(KerasError) {
    // Before the first step there are an iteration and a learning rate alone.
    let count = rest.count >= 4 + own ? 4 : min(2, rest.count)
    let head = Array(rest.prefix(count))
    guard head.allSatisfy({ $0.shape == [] }) else {
      throw KerasError(
        .weightMismatch,
        "an array of shape \(head.first { $0.shape != [] }?.shape.tuple ?? "()") "
          + "where the LossScaleOptimizer's own numbers stand")
    }
    rest = rest.dropFirst(count)
    guard count == 4 else { return }
    record.slots.append(.init(name: LossScale.counter, arrays: [head[2]]))
    record.slots.append(.init(name: LossScale.scale, arrays: [head[3]]))
  }

  /// The same for a file.
  func lossScaleEntries(_ record: OptimizerRecord) -> [Entry] {
    guard keepsLossScale else { return [] }
    let initial = config[LossScale.key]?.object?["initial_scale"]?.number ?? 32768
    var entries = [
      Entry(slot: "loss_scale_iteration", array: NumericArray(shape: [], .int64([0]))),
      Entry(slot: "loss_scale_learning_rate", array: NumericArray(shape: [], .float32([0]))),
    ]
    guard record.iterations ?? 0 > 0 || !record.slots.isEmpty else { return entries }
    entries += [
      Entry(
        slot: LossScale.counter,
        array: NumericArray(
          shape: [], .int64([Int64(exactly: record.number(ofSlot: LossScale.counter) ?? 0) ?? 0]))),
      Entry(
        slot: LossScale.scale,
        array: NumericArray(
          shape: [], .float32([Float(record.number(ofSlot: LossScale.scale) ?? initial)]))),
    ]
    return entries
  }

  /// What a LossScaleOptimizer calls an entry of its own; `nil` for the inner optimizer's.
  static func lossScaleName(_ entry: Entry) -> String? {
    guard let slot = entry.slot else { return nil }
    if slot.hasPrefix("loss_scale_") { return String(slot.dropFirst("loss_scale_".count)) }
    return slot == LossScale.counter || slot == LossScale.scale ? slot : nil
  }

  /// How many of a file's entries are the LossScaleOptimizer's own.
  static func ownCount(_ entries: [Entry]) -> Int {
    entries.prefix { lossScaleName($0) != nil }.count
  }
}
