/// Where generations train a `BatchNormalization` otherwise.
///
/// While the layers around a frozen one are trained it uses; outside training all compute the same:
///
///     Keras 1        the batch's statistics, and the moving averages follow them
///     Keras 2.2      the batch's statistics, and nothing moves
///     Keras 2.15, 3  the moving averages, and nothing moves
enum NormalizationNotes {
  /// Notes each frozen one of a model that another generation trains otherwise.
  static func noteFrozen(
    _ record: ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) {
    let (own, other) = (behavior(record.generation), behavior(generation))
    guard own != other else { return }
    for layer in record.layers
    where holdsFrozen(layer.className, layer.config, isFrozen: false) {
      notes.append(
        ConversionNote(
          layer: layer.name,
          message: "while training, Keras \(generation.rawValue) \(other) in a frozen "
            + "BatchNormalization, where Keras \(record.generation.rawValue) \(own)"))
    }
  }

  private static func behavior(_ generation: Generation) -> String {
    switch generation {
    case .keras1: "takes the batch's statistics and moves the averages"
    case .keras2: "takes the batch's statistics"
    case .keras2_15, .keras3: "takes the moving averages"
    }
  }

  /// Notes what Keras 3 rounds: it keeps the weights of a `BatchNormalization` in the layer's type,
  /// where 2.15 keeps those of a 16-bit one in float32 (`_param_dtype` in `batch_normalization.py`).
  static func noteRounding(
    _ record: ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) throws(KerasError) {
    guard record.generation == .keras2_15, generation == .keras3 else { return }
    for layer in record.layers {
      for weight in try layer.leafWeights() where weight.leaf.className == "BatchNormalization" {
        guard let dtype = weight.leaf.config["dtype"]?.string,
          ["float16", "bfloat16"].contains(dtype), case .float32 = weight.weight.array.elements
        else { continue }
        notes.append(
          ConversionNote(
            layer: layer.name,
            message: "Keras 3 keeps the weights of a BatchNormalization of \(dtype) in that type: "
              + "those of 2.15, and what the optimizer keeps of them, are rounded"))
        break
      }
    }
  }

  private static func holdsFrozen(
    _ className: String, _ config: JSONObject, isFrozen: Bool
  ) -> Bool {
    let isFrozen = isFrozen || config["trainable"] == false
    if className == "BatchNormalization" { return isFrozen && config["mode"] ?? 0 == 0 }
    return config.members.contains { holdsFrozen($0.value, isFrozen: isFrozen) }
  }

  private static func holdsFrozen(_ value: JSON, isFrozen: Bool) -> Bool {
    if let list = value.array { return list.contains { holdsFrozen($0, isFrozen: isFrozen) } }
    guard let object = value.object, let className = object["class_name"]?.string,
      let config = object["config"]?.object
    else { return false }
    return holdsFrozen(className, config, isFrozen: isFrozen)
  }
}
