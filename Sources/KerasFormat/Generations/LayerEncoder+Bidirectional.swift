/// A Bidirectional's two layers in a generation's words: Keras 3 and, where they differ, 2.15 write
/// both, older ones the forward layer alone.
extension LayerEncoder {
  mutating func takeBidirectional(
    _ left: inout JSONObject, _ config: inout JSONObject, layer: String
  ) throws(KerasError) {
    guard let forward = left.take("layer")?.object,
      let backward = left.take("backward_layer")?.object,
      let className = forward["class_name"]?.string, var inner = forward["config"]?.object,
      var other = backward["config"]?.object, let otherClass = backward["class_name"]?.string
    else {
      throw KerasError(
        .unsupportedConfiguration, "Bidirectional needs both layer and backward_layer")
    }
    if dialect.generation == .keras3 {
      try checkForcedZeros(inner, layer: layer)
      for key in ["merge_mode"] { config[key] = left.take(key) ?? "concat" }
      inner["zero_output_for_mask"] = .bool(inner["return_sequences"] == true)
      other["zero_output_for_mask"] = .bool(other["return_sequences"] == true)
      config["layer"] = wrappedLayer(className, try encoded(className, inner, layer: layer))
      config["backward_layer"] = wrappedLayer(
        otherClass, try encoded(otherClass, other, layer: layer))
      return
    }
    // Older generations store the forward layer under its plain name and make the other from it.
    inner["name"] = inner["name"]?.string.map { .string($0.removing(prefix: "forward_")) }
    other["name"] = other["name"]?.string.map { .string($0.removing(prefix: "backward_")) }
    var mirrored = inner
    mirrored["go_backwards"] = .bool(inner["go_backwards"] != true)
    // Each direction of Keras 3 draws its own seeds; a mirrored layer has the first one's.
    mirrored["seed"] = other["seed"]
    let isMirror = className == otherClass && mirrored == other
    if dialect.generation == .keras2_15 {
      // What 2.15 does by itself it does not write.
      inner = Self.withoutForcedZeros(inner)
      other = Self.withoutForcedZeros(other)
    }
    config["layer"] = wrappedLayer(className, try encoded(className, inner, layer: layer))
    guard !isMirror else { return }
    guard dialect.generation == .keras2_15 else {
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name)'s Bidirectional cannot have a backward layer of its own")
    }
    config["merge_mode"] = left.take("merge_mode") ?? "concat"
    config["backward_layer"] = wrappedLayer(
      otherClass, try encoded(otherClass, other, layer: layer))
  }

  private static func withoutForcedZeros(_ config: JSONObject) -> JSONObject {
    guard config["return_sequences"] == true else { return config }
    var config = config
    config["zero_output_for_mask"] = config["zero_output_for_mask"] == true ? nil : false
    return config
  }

  private mutating func checkForcedZeros(
    _ inner: JSONObject, layer: String
  ) throws(KerasError) {
    if hasMask, inner["return_sequences"] == true, inner["zero_output_for_mask"] != true {
      note(
        layer, "Keras 3 gives zeros at masked steps, where the model repeats the previous output")
    }
  }

  private func wrappedLayer(_ className: String, _ config: JSONObject) -> JSON {
    .object(object(className, config, isWrapped: dialect.isModern))
  }
}

extension String {
  fileprivate func removing(prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }
}
