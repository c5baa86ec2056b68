/// Values of a config in a generation's words: policies, initializers, penalties, activations'
/// names.
extension LayerEncoder {
  func encodedPolicy(_ dtype: JSON) -> JSON {
    guard let name = dtype.string else { return dtype }
    if dialect.generation == .keras3 {
      return SerializedObject.wrapped(
        ["class_name": "DTypePolicy", "config": ["name": .string(name)]], module: "keras")
    }
    guard name.hasPrefix("mixed_") else { return dtype }
    return SerializedObject.wrapped(
      ["class_name": "Policy", "config": ["name": .string(name)]],
      module: "keras.mixed_precision")
  }

  func encodedValue(_ key: String, _ value: JSON) throws(KerasError) -> JSON {
    if key.hasSuffix("_initializer") { return try Initializers.dialect(value, dialect) }
    if key.hasSuffix("_regularizer") {
      return try Initializers.penalty(value, dialect, module: "keras.regularizers")
    }
    if key.hasSuffix("_constraint") {
      return try Initializers.penalty(value, dialect, module: "keras.constraints")
    }
    guard Dialect.Key(key).isActivation, let name = value.string else { return value }
    let written: String =
      switch name {
      case LayerDecoder.legacyHardSigmoid where dialect.generation < .keras3: "hard_sigmoid"
      case "silu" where dialect.generation == .keras2_15: "swish"
      default: name
      }
    guard dialect.activations.contains(written),
      name != "hard_sigmoid" || dialect.generation == .keras3
    else {
      throw KerasError(
        .unsupportedConfiguration, "\(dialect.name) has no activation \"\(name)\"",
        at: .init(path: [key]))
    }
    return .string(written)
  }
}
