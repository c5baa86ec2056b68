/// The canonical config of a layer → the config in a generation's words, in its key order.
struct LayerEncoder {
  let dialect: Dialect
  /// Whose words the record's unknown classes are in.
  let source: Generation
  /// Whether any layer of the model makes a mask.
  let hasMask: Bool
  var notes: [ConversionNote] = []

  init(dialect: Dialect, record: ModelRecord) {
    self.dialect = dialect
    source = record.generation
    hasMask = record.layers.contains {
      $0.className == "Masking" || $0.config["mask_zero"] == true
    }
  }

  mutating func encoded(_ layer: LayerRecord) throws(KerasError) -> JSONObject {
    var config: JSONObject = ["name": .string(layer.name)]
    for (key, value) in layer.config.members { config[key] = value }
    return try encoded(layer.className, config, layer: layer.name)
  }

  private mutating func encoded(
    _ className: String, _ canonical: JSONObject, layer: String
  ) throws(KerasError) -> JSONObject {
    guard let keys = dialect.layers[className] else {
      guard dialect.generation == source else {
        throw KerasError(
          .unsupportedConfiguration,
          "\(className) cannot be carried from Keras \(source.rawValue) to \(dialect.name)")
      }
      return try passedThrough(canonical)
    }
    var left = canonical
    var config = JSONObject()
    config["name"] = left.take("name")
    config["trainable"] = left.take("trainable") ?? true
    let ownType = left.take("dtype") ?? "float32"
    let dtype = try Vocabularies.dtype(className, canonical, dialect) ?? ownType
    if dialect.isModern {
      config["dtype"] = encodedPolicy(dtype)
    } else if dtype != "float32" {
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name) has no dtype of a layer, and this is \(dtype.kind)")
    }
    if className == "Bidirectional" { try takeBidirectional(&left, &config, layer: layer) }
    for key in keys {
      if config[key.name] != nil { continue }
      let value = key.isOwn ? key.missing : left.take(key.canonical) ?? key.missing
      guard let value else {
        throw KerasError(.unsupportedConfiguration, "\(className) without \(key.name)")
      }
      config[key.name] = try encodedValue(key.name, value)
    }
    try dropLeft(left, className, &config, layer: layer)
    return config
  }

  /// A class without a table, in its own generation.
  private func passedThrough(_ canonical: JSONObject) throws(KerasError) -> JSONObject {
    var config = canonical
    for key in config.keys {
      guard let value = config[key] else { continue }
      if key == "dtype" {
        config[key] = dialect.isModern ? encodedPolicy(value) : nil
      } else {
        config[key] = try encodedValue(key, value)
      }
    }
    return config
  }

  // MARK: - Values

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

  private func encodedValue(_ key: String, _ value: JSON) throws(KerasError) -> JSON {
    if key.hasSuffix("_initializer") { return try Initializers.dialect(value, dialect) }
    if key.hasSuffix("_regularizer") {
      return try Initializers.penalty(value, dialect, module: "keras.regularizers")
    }
    if key.hasSuffix("_constraint") {
      return try Initializers.penalty(value, dialect, module: "keras.constraints")
    }
    guard key == "activation" || key == "recurrent_activation", let name = value.string else {
      return value
    }
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

  // MARK: - Keys that the generation does not have

  private mutating func dropLeft(
    _ left: JSONObject, _ className: String, _ config: inout JSONObject, layer: String
  ) throws(KerasError) {
    for (key, value) in left.members {
      switch key {
      case "seed":
        if !value.isNull { note(layer, "\(dialect.name) keeps no seed; \(value.kind) is dropped") }
      case "zero_output_for_mask":
        if value == true, dialect.generation == .keras2_15 {
          config[key] = value
        } else if value == true, hasMask {
          note(layer, "\(dialect.name) repeats the previous output at masked steps, not zeros")
        }
      case "keepdims" where value == false: break
      case "oov_method" where value == "floormod": break
      case "salt" where value.isNull: break
      case "activity_regularizer" where dialect.isModern:
        config[key] = try Initializers.penalty(value, dialect, module: "keras.regularizers")
      default:
        throw KerasError(
          .unsupportedConfiguration, "\(dialect.name)'s \(className) has no \(key) (\(value.kind))")
      }
    }
  }

  private mutating func note(_ layer: String, _ message: String) {
    let note = ConversionNote(layer: layer, message: message)
    if !notes.contains(note) { notes.append(note) }
  }

  // MARK: - Bidirectional

  private mutating func takeBidirectional(
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
    if dialect.generation == .keras2_15, inner["return_sequences"] == true {
      inner["zero_output_for_mask"] = inner["zero_output_for_mask"] == true ? nil : false
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

  private mutating func checkForcedZeros(
    _ inner: JSONObject, layer: String
  ) throws(KerasError) {
    if hasMask, inner["return_sequences"] == true, inner["zero_output_for_mask"] != true {
      note(
        layer, "Keras 3 gives zeros at masked steps, where the model repeats the previous output")
    }
  }

  private func wrappedLayer(_ className: String, _ config: JSONObject) -> JSON {
    let object: JSONObject = ["class_name": .string(className), "config": .object(config)]
    return dialect.isModern
      ? SerializedObject.wrapped(object, module: "keras.layers") : .object(object)
  }
}

extension JSONObject {
  /// Removes a member and returns it.
  mutating func take(_ key: String) -> JSON? {
    defer { self[key] = nil }
    return self[key]
  }
}

extension String {
  func removing(prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }
}
