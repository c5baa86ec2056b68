/// The names that each generation gives weights and optimizer arrays in the legacy layout. Keras
/// itself goes by position; people and tools read the names.
struct LegacyNames {
  let dialect: Dialect
  let record: ModelRecord

  /// `dense_1/kernel:0`, `gru/gru_cell/kernel:0`, `sequential/gru/gru_cell/kernel`.
  func path(of weight: WeightRecord, in layer: LayerRecord) -> String {
    let suffix = dialect.generation == .keras3 ? "" : ":0"
    return stem(of: weight, in: layer).joined(separator: "/") + suffix
  }

  private func stem(of weight: WeightRecord, in layer: LayerRecord) -> [String] {
    var parts = dialect.generation == .keras3 ? [record.name, layer.name] : [layer.name]
    var className = layer.className
    let components = weight.name.split(separator: "/").map(String.init)
    for component in components.dropLast() {
      switch component {
      case "forward_layer", "backward_layer":
        let inner = layer.config[component == "forward_layer" ? "layer" : component]?.object
        className = inner?["class_name"]?.string ?? className
        parts.append(inner?["config"]?.object?["name"]?.string ?? component)
      case "layer":
        let inner = layer.config["layer"]?.object
        className = inner?["class_name"]?.string ?? className
      case "cell":
        if dialect.isModern { parts.append(SnakeCase.of(className) + "_cell") }
      default: parts.append(component)
      }
    }
    return parts + (components.last.map { [$0] } ?? [])
  }

  /// The optimizer's arrays under their names, in file order.
  func optimizerArrays(
    _ entries: [SlotPlan.Entry], className: String
  ) -> [(name: String, array: NumericArray)] {
    let trainable = record.trainableWeights
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
