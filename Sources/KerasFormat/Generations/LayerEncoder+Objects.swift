/// What a generation calls a layer's class, and what it says of where the class comes from.
extension LayerEncoder {
  /// What the generation calls the layer's class.
  func writtenClass(_ layer: LayerRecord) -> String {
    switch layer.className {
    case "Functional" where !dialect.isModern: "Model"
    case "ThresholdedReLU" where dialect.layers[layer.className] == nil: "ReLU"
    case _ where dialect.generation == .keras1:
      (try? Dialect.keras1(layer.className, layer.config))?.className ?? layer.className
    default: layer.className
    }
  }

  static func functionalModule(_ dialect: Dialect) -> String {
    dialect.generation == .keras3 ? "keras.src.models.functional" : "keras.src.engine.functional"
  }

  /// `class_name` and `config`, with what says where they come from.
  func object(_ className: String, _ config: JSONObject, isWrapped: Bool) -> JSONObject {
    if dialect.generation == .keras1, className == "Sequential", let layers = config["layers"] {
      return ["class_name": "Sequential", "config": layers]
    }
    guard isWrapped else { return ["class_name": .string(className), "config": .object(config)] }
    let module: String
    switch className {
    case "Sequential": module = "keras"
    case "Functional": module = Self.functionalModule(dialect)
    case "NotEqual": module = "keras.src.ops.numpy"
    default: return SerializedObject.wrappedLayer(className, config)
    }
    return [
      "module": .string(module), "class_name": .string(className), "config": .object(config),
      "registered_name": className == "Functional" ? "Functional" : .null,
    ]
  }
}
