/// Where generations train a `BatchNormalization` otherwise.
///
/// While the layers around a frozen one are trained it uses; outside training all compute the same:
///
///     Keras 1        the batch's statistics, and the moving averages follow them
///     Keras 2.2      the batch's statistics, and nothing moves
///     Keras 2.15, 3  the moving averages, and nothing moves
enum FrozenNormalization {
  /// Notes each frozen one of a model that another generation trains otherwise.
  static func note(
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
