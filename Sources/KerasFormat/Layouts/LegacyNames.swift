/// The names that each generation gives weights and optimizer arrays in the legacy layout. Keras
/// itself goes by position; people and tools read the names.
struct LegacyNames {
  let dialect: Dialect
  let record: ModelRecord

  /// `dense_1/kernel:0`, `gru/gru_cell/kernel:0`, `sequential/gru/gru_cell/kernel`.
  func path(of weight: LeafWeight, in layer: LayerRecord) -> String {
    if dialect.generation == .keras1 { return keras1Name(of: weight) + ":0" }
    let suffix = dialect.generation == .keras3 ? "" : ":0"
    return stem(of: weight, in: layer).joined(separator: "/") + suffix
  }

  /// `dense_1_W`, `gru_1_U`: the layer's name and one letter.
  func keras1Name(of weight: LeafWeight) -> String {
    let letters = [
      "kernel": "W", "embeddings": "W", "recurrent_kernel": "U", "bias": "b",
      "moving_mean": "running_mean", "moving_variance": "running_std", "alpha": "alphas",
    ]
    var names = weight.leaf.names
    if weight.leaf.path.last == "cell" { names.removeLast() }
    return "\(names.last ?? "layer")_\(letters[weight.name] ?? weight.name)"
  }

  private func stem(of weight: LeafWeight, in layer: LayerRecord) -> [String] {
    var parts = weight.leaf.names
    // A cell made of its layer's config has no name before 2.15; a TimeDistributed's inner layer
    // gives its weights the outer name.
    if !dialect.isModern, weight.leaf.path.last == "cell" { parts.removeLast() }
    if layer.className == "TimeDistributed", parts.count > 1 { parts.remove(at: 1) }
    // A model inside a model names the weights of its layers without itself.
    if ModelRecord.nestedClasses.contains(layer.className), parts.count > 1 { parts.removeFirst() }
    if dialect.generation == .keras3 { parts.insert(record.name, at: 0) }
    return parts.map { $0.split(separator: "/").joined(separator: "_") } + [weight.name]
  }

  /// The optimizer's arrays under their names, in file order.
  func optimizerArrays(
    _ entries: [SlotPlan.Entry], of optimizer: OptimizerRecord
  ) throws(KerasError) -> [(name: String, array: NumericArray)] {
    let trainable = try record.trainableWeights()
    let className = optimizer.className
    let isLegacy = optimizer.config["is_legacy_optimizer"] == true
    var number = 0
    return entries.enumerated().map { index, entry in
      let weight = entry.variable.map {
        stem(of: trainable[$0].weight, in: trainable[$0].layer)
      }
      let isCounter = entry.slot == nil && entry.array.elements.type == .int64
      let name: String
      switch dialect.generation {
      case .keras1, .keras2:
        if isCounter {
          name = "\(className)/iterations:0"
        } else {
          name = "training/\(className)/Variable" + (number == 0 ? "" : "_\(number)") + ":0"
          number += 1
        }
      case .keras2_15 where isLegacy:
        // TensorFlow's names of slots, behind those of their weights.
        var short = ["u_product": "momentum_cache", "norm": "v", "average_gradient": "mg"]
        short["accumulated_grad"] = "accum_grad"
        short["accumulated_delta_var"] = "accum_var"
        if className == "RMSprop" {
          short["velocity"] = "rms"
        } else if className != "SGD" {
          for (slot, letter) in [("momentum", "m"), ("velocity", "v"), ("velocity_max", "vhat")] {
            short[slot] = letter
          }
        }
        let tail = entry.slot.map { short[$0] ?? $0 } ?? "iter"
        name = ([className] + (weight ?? []) + [tail]).joined(separator: "/") + ":0"
      case .keras2_15:
        let short =
          ["SGD", "Adam", "Nadam", "Adamax", "Lion"].contains(className)
          ? ["momentum": "m", "velocity": "v", "velocity_max": "vhat", "norm": "u"] : [:]
        let slot = entry.slot.map { short[$0] ?? $0 } ?? "\(index)"
        name =
          isCounter
          ? "iteration:0" : ([className, slot] + (weight ?? [])).joined(separator: "/") + ":0"
      case .keras3:
        let long = ["velocity_max": "velocity_hat"]
        let slot = entry.slot.map { long[$0] ?? $0 }
        let own = isCounter ? "iteration" : "learning_rate"
        let tail = slot.map { ((weight ?? []) + [$0]).joined(separator: "_") } ?? own
        name = "\(SnakeCase.of(className))/\(tail)"
      }
      return (name, entry.array)
    }
  }
}
