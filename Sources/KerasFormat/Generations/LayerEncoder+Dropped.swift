/// Keys of the canonical config that a generation does not have: left out where that changes
/// nothing, noted where it changes training alone, refused otherwise.
extension LayerEncoder {
  mutating func dropLeft(
    _ left: JSONObject, _ className: String, _ config: inout JSONObject, layer: String
  ) throws(KerasError) {
    for (key, value) in left.members {
      switch key {
      case "legacy_dropout":
        if dialect.generation == .keras1 {
          config[key] = value
        } else {
          note(layer, "\(dialect.name) drops no words while training")
        }
      case "legacy_atrous":
        if dialect.generation == .keras1 { config[key] = value }
      case "seed":
        if !value.isNull { note(layer, "\(dialect.name) keeps no seed; \(value.kind) is dropped") }
      case "zero_output_for_mask":
        if value == true, dialect.generation == .keras2_15 {
          config[key] = value
        } else if value == true, hasMask {
          note(layer, "\(dialect.name) repeats the previous output at masked steps, not zeros")
        }
      // What says nothing in any generation: the values that stand for a missing key.
      case _ where Self.isDefault(key, value, className): break
      case "oov_method" where value == "floormod": break
      case "salt" where value.isNull: break
      case "activity_regularizer" where dialect.isModern:
        config[key] = try Initializers.penalty(value, dialect, module: "keras.regularizers")
      case "mode" where dialect.generation == .keras1: config[key] = value
      default:
        throw KerasError(
          .unsupportedConfiguration, "\(dialect.name)'s \(className) has no \(key) (\(value.kind))")
      }
    }
  }

  private static func isDefault(_ key: String, _ value: JSON, _ className: String) -> Bool {
    [Dialect.keras3, .keras2_15].contains { dialect in
      dialect.layers[className]?.contains { $0.canonical == key && $0.missing == value } ?? false
    }
  }
}
