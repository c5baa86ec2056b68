import KerasFormat

/// How the models were compiled, and their optimizers with their arrays.
extension ModelComparison {
  mutating func compareTraining(_ first: TrainingRecord?, _ second: TrainingRecord?) {
    guard let first, let second else {
      if (first == nil) != (second == nil) {
        let words = [first, second].map { $0 == nil ? "not compiled" : "compiled" }
        add(.compilation, at: ["model"], words[0], words[1])
      }
      return
    }
    for (key, a, b) in [
      ("loss", first.loss, second.loss), ("metrics", first.metrics, second.metrics),
      ("loss_weights", first.lossWeights, second.lossWeights),
      ("weighted_metrics", first.weightedMetrics, second.weightedMetrics),
    ] {
      compare(a, b, at: [key], .compilation)
    }
    compare(first.optimizer, second.optimizer)
  }

  private mutating func compare(_ first: OptimizerRecord, _ second: OptimizerRecord) {
    let place = ["optimizer"]
    guard first.className == second.className else {
      return add(.optimizer, at: place, first.className, second.className)
    }
    compare(
      .object(Self.effective(first.config)), .object(Self.effective(second.config)), at: place,
      .optimizer)
    // Some files of Keras 2 do not say how many.
    if let a = first.iterations, let b = second.iterations, a != b {
      add(.optimizer, at: place + ["iterations"], "\(a)", "\(b)")
    }
    let others = second.slots.map(\.name).filter { name in
      !first.slots.contains { $0.name == name }
    }
    for name in first.slots.map(\.name) + others {
      let arrays = [first, second].map { optimizer in
        optimizer.slots.first { $0.name == name }?.arrays ?? []
      }
      guard arrays[0].count == arrays[1].count else {
        add(
          .slot, at: place + [name], "\(arrays[0].count) arrays", "\(arrays[1].count) arrays")
        continue
      }
      for (index, (a, b)) in zip(arrays[0], arrays[1]).enumerated() {
        compare(a, b, at: place + [name, "\(index)"], isSlot: true)
      }
    }
  }

  /// An optimizer's settings without those that have no effect, which generations write
  /// differently.
  private static func effective(_ config: JSONObject) -> JSONObject {
    var config = config
    config["name"] = nil
    if config["decay"]?.number == 0 { config["decay"] = nil }
    if config["use_ema"] != true {
      for key in ["use_ema", "ema_momentum", "ema_overwrite_frequency"] { config[key] = nil }
    }
    return config
  }
}
