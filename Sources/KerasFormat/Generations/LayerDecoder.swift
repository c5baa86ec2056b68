/// One layer's config in a generation's words → the canonical config of ``LayerRecord``.
struct LayerDecoder {
  let dialect: Dialect

  static let recurrentClasses: Set<String> = ["SimpleRNN", "LSTM", "GRU", "RNN"]
  /// The activation of Keras 1 to 2.15 that Keras 3 gave another formula.
  static let legacyHardSigmoid = "legacy_hard_sigmoid"

  /// How 2.15 writes operations on tensors that are no layers.
  private static let operations: Set<String> = ["TFOpLambda", "SlicingOpLambda", "ClassMethod"]

  /// Keys under which a layer holds other layers.
  private static let innerKeys: [String: [String]] = [
    "Bidirectional": ["layer", "backward_layer"], "TimeDistributed": ["layer"], "RNN": ["cell"],
    "StackedRNNCells": ["cells"],
  ]

  /// A serialized layer, with all layers inside it.
  func layer(
    _ object: JSONObject, inBidirectional: Bool = false
  ) throws(KerasError) -> (className: String, config: JSONObject) {
    guard let stored = object["class_name"]?.string, let config = object["config"] else {
      throw KerasError(.invalidJSON, "an object without class_name and config, expected a layer")
    }
    let written = try SerializedObject.layerClass(object, className: stored)
    let className = dialect.classNames[written] ?? written
    let decoder = ModelDecoder(dialect: dialect, version: nil)
    if var model = try decoder.model(written, config) {
      decoder.nameDeferredInput(of: &model, config)
      var nested = model.nestedConfig
      if let trainable = config.object?["trainable"] { nested["trainable"] = trainable }
      return (model.isSequential ? "Sequential" : "Functional", nested)
    }
    guard !Self.operations.contains(written) else {
      throw KerasError(
        .unsupportedConfiguration, "\(written) is an operation of TensorFlow's, no layer",
        hint: "use Keras's layers in its place, such as Add, Multiply or Concatenate")
    }
    guard let members = config.object else {
      throw KerasError(.invalidJSON, "the config of \(stored) is no object")
    }
    guard KerasLayerNames.all.contains(className) else {
      return (className, try somebodysOwn(members))
    }
    var rest = members
    var inner = JSONObject()
    for key in Self.innerKeys[className] ?? [] {
      guard let value = rest.take(key), !value.isNull else { continue }
      let isBidirectional = className == "Bidirectional"
      do { inner[key] = try layers(value, inBidirectional: isBidirectional) } catch {
        throw error.inside(key)
      }
    }
    if dialect.generation == .keras1 {
      if written == "Merge" {
        let merge = try Dialect.mergeFromKeras1(rest)
        return (merge.className, try canonical(merge.className, merge.config))
      }
      rest = try Dialect.renamedFromKeras1(written, rest)
    }
    if let value = rest["quantization_config"], !value.isNull {
      throw KerasError(
        .unsupportedConfiguration, "a quantized \(className), which is not supported",
        at: .init(path: ["quantization_config"]),
        hint: "save the model as it was before quantize()")
    }
    for (key, value) in rest.members where Dialect.Key(key).isActivation {
      do { try checkActivation(value) } catch { throw error.inside(key) }
    }
    guard var reduced = try SerializedObject.reduced(.object(rest)).object else {
      throw KerasError(.invalidJSON, "the config of \(stored) is no object")
    }
    if className == "InputLayer" { return (className, try input(reduced)) }
    for (key, value) in inner.members { reduced[key] = value }
    if written.hasPrefix("CuDNN") {
      // They compute with these alone and write nothing about it.
      reduced["recurrent_activation"] = "sigmoid"
      if className == "GRU" { reduced["reset_after"] = true }
    }
    let decoded = try canonical(className, reduced, inBidirectional: inBidirectional)
    guard written == "TimeDistributedDense" else { return (className, decoded) }
    return (
      "TimeDistributed",
      [
        "trainable": decoded["trainable"] ?? true, "dtype": "float32",
        "layer": ["class_name": "Dense", "config": .object(decoded)],
      ]
    )
  }

  /// The config of a layer that is not Keras's: its keys mean what they like, and arrive as they
  /// are. What has Keras's endings is worded as everywhere, where it is Keras's.
  private func somebodysOwn(_ stored: JSONObject) throws(KerasError) -> JSONObject {
    var config = stored
    for key in ["batch_input_shape", "input_dtype"] { config[key] = nil }
    if !dialect.isModern { config["dtype"] = "float32" }
    for (key, value) in config.members {
      do { try SerializedObject.checkCode(in: value) } catch { throw error.inside(key) }
      let isWorded =
        key == "dtype"
        || ["_initializer", "_regularizer", "_constraint"].contains(where: key.hasSuffix)
      let own = isWorded ? (try? SerializedObject.reduced(value)) ?? value : value
      let isObject = Dialect.Key(key).isActivation && own.object != nil
      config[key] = own.isNull || isObject ? own : try canonicalValue(key, own, in: config)
    }
    if config["trainable"] == nil { config["trainable"] = true }
    if config["dtype"] == nil { config["dtype"] = "float32" }
    return config
  }

  /// One inner layer or a list of them.
  private func layers(_ value: JSON, inBidirectional: Bool) throws(KerasError) -> JSON {
    if let list = value.array {
      var layers: [JSON] = []
      for entry in list { layers.append(try self.layers(entry, inBidirectional: inBidirectional)) }
      return .array(layers)
    }
    guard let object = value.object else {
      throw KerasError(.invalidJSON, "\(value.kind), expected a layer")
    }
    return self.object(try layer(object, inBidirectional: inBidirectional))
  }

  private func input(_ stored: JSONObject) throws(KerasError) -> JSONObject {
    guard let shape = stored["batch_shape"] ?? stored["batch_input_shape"], shape.array != nil
    else {
      throw KerasError(.invalidJSON, "the InputLayer has no batch_shape")
    }
    return [
      "batch_shape": shape, "dtype": stored["dtype"] ?? stored["input_dtype"] ?? "float32",
      "sparse": stored["sparse"] ?? false, "ragged": stored["ragged"] ?? false,
      "optional": stored["optional"] ?? false,
    ]
  }

  /// - Parameter config: With serialized objects already reduced.
  func canonical(
    _ className: String, _ stored: JSONObject, inBidirectional: Bool = false
  ) throws(KerasError) -> JSONObject {
    var config = stored
    for key in ["batch_input_shape", "input_shape", "input_dtype", "build_config"] {
      config[key] = nil
    }
    try takeOwnKeys(className, &config)
    if let keys = dialect.layers[className] {
      for key in keys where !key.isOwn {
        if key.canonical != key.name, let value = config.take(key.name) {
          config[key.canonical] = value
        }
        if config[key.canonical] == nil, let missing = key.missing {
          config[key.canonical] = missing
        }
      }
    }
    if config["time_major"] == false { config["time_major"] = nil }
    // How a recurrent layer computes is worth a word only where it is not its generation's way.
    let usual = dialect.layers[className]?.first { $0.name == "implementation" }?.missing
    if config["implementation"] == usual { config["implementation"] = nil }
    if config["trainable"] == nil { config["trainable"] = true }
    if let dtype = config["dtype"]?.string, dialect.isModern {
      config["dtype"] = .string(dtype)
    } else if !dialect.isModern || config["dtype"] == nil {
      config["dtype"] = "float32"
    }
    try translateValues(&config)
    if Self.recurrentClasses.contains(className) {
      let returnsSequences = config["return_sequences"] == true
      if dialect.generation == .keras2_15, stored["zero_output_for_mask"] == nil {
        config["zero_output_for_mask"] = .bool(inBidirectional && returnsSequences)
      } else if config["zero_output_for_mask"] == nil {
        config["zero_output_for_mask"] = false
      }
      if ["LSTM", "GRU"].contains(className), config["seed"] == nil { config["seed"] = .null }
    }
    if className.hasPrefix("Global"), config["keepdims"] == nil { config["keepdims"] = false }
    if className == "Dense", config["activity_regularizer"] == .null {
      config["activity_regularizer"] = nil
    }
    // 2.15 lists the one axis, Keras 3 names it.
    if className == "BatchNormalization", let axes = config["axis"]?.array, axes.count == 1 {
      config["axis"] = axes[0]
    }
    // Keras 3 pools over whole windows where 2.15 leaves the step out.
    if className.hasSuffix("Pooling1D"), config["strides"] == .null {
      config["strides"] = config["pool_size"]
    }
    if className == "Bidirectional" { try canonicalBidirectional(&config) }
    try Vocabularies.canonicalize(className, &config)
    return config
  }

  /// Removes the keys that only this generation has, after checking that they say nothing.
  private func takeOwnKeys(
    _ className: String, _ config: inout JSONObject
  ) throws(KerasError) {
    for key in dialect.layers[className] ?? [] where key.isOwn { config[key.name] = nil }
  }

  private func translateValues(_ config: inout JSONObject) throws(KerasError) {
    for key in config.keys {
      guard let value = config[key] else { continue }
      do { config[key] = try canonicalValue(key, value, in: config) } catch {
        throw error.inside(key)
      }
    }
  }

  private func canonicalValue(
    _ key: String, _ value: JSON, in config: JSONObject
  ) throws(KerasError) -> JSON {
    if key.hasSuffix("_initializer") { return Initializers.canonical(value) }
    guard Dialect.Key(key).isActivation else { return value }
    return try canonicalActivation(value, in: config)
  }

  /// Refuses an object in an activation's place whose config is none. Of other objects a missing
  /// config is an empty one; here Keras refuses it, but that 2.15 takes it beside a module.
  private func checkActivation(_ stored: JSON) throws(KerasError) {
    guard let object = stored.object, let className = object["class_name"]?.string else { return }
    try SerializedObject.check(object, className: className)
    guard object["config"]?.object == nil else { return }
    throw KerasError(
      .invalidJSON,
      "the activation \(className) has \(object["config"]?.kind ?? "nothing") as its config, "
        + "expected an object", hint: "{} stands for its defaults")
  }

  /// - Parameter config: of the layer that has it, its type said canonically.
  private func canonicalActivation(
    _ value: JSON, in config: JSONObject
  ) throws(KerasError) -> JSON {
    if let object = value.object, object["config"]?.object != nil {
      let layer = try layer(object)
      let types = (config["dtype"] ?? "float32", layer.config["dtype"] ?? "float32")
      guard types.0 == types.1 else {
        throw KerasError(
          .unsupportedConfiguration,
          "a \(layer.className) of \(types.1.string ?? types.1.kind) as the activation of a layer "
            + "of \(types.0.string ?? types.0.kind)",
          hint: "put it behind as a layer of its own")
      }
      // `Activation("tanh")` in a function's place is the function.
      guard layer.className == "Activation" else { return self.object(layer) }
      return layer.config["activation"] ?? "linear"
    }
    guard let name = value.string else { return value.isNull ? "linear" : value }
    switch name {
    case "swish": return "silu"
    case "hard_swish": return "hard_silu"
    case "hard_sigmoid" where dialect.generation < .keras3:
      return .string(Self.legacyHardSigmoid)
    default: return value
    }
  }

  // MARK: - Bidirectional

  /// Both inner layers, named and turned as Keras 3 writes them.
  private func canonicalBidirectional(_ config: inout JSONObject) throws(KerasError) {
    var forward = try inner("layer", of: config)
    var backward: (className: String, config: JSONObject)
    if config["backward_layer"].map({ !$0.isNull }) ?? false {
      backward = try inner("backward_layer", of: config)
    } else {
      backward = forward
      backward.config["go_backwards"] = .bool(forward.config["go_backwards"] != true)
    }
    guard dialect.generation < .keras3 else {
      config["layer"] = object(forward)
      config["backward_layer"] = object(backward)
      return
    }
    forward.config["name"] = .string(
      prefixed("forward_", forward.config["name"]?.string ?? "layer"))
    let name = backward.config["name"]?.string ?? "layer"
    backward.config["name"] = .string(
      prefixed("backward_", name.hasPrefix("forward_") ? String(name.dropFirst(8)) : name))
    config["layer"] = object(forward)
    config["backward_layer"] = object(backward)
  }

  private func prefixed(_ prefix: String, _ name: String) -> String {
    name.hasPrefix(prefix) ? name : prefix + name
  }

  private func object(_ layer: (className: String, config: JSONObject)) -> JSON {
    ["class_name": .string(layer.className), "config": .object(layer.config)]
  }

  /// An inner layer that has been decoded.
  private func inner(
    _ key: String, of config: JSONObject
  ) throws(KerasError) -> (className: String, config: JSONObject) {
    guard let object = config[key]?.object, let className = object["class_name"]?.string,
      let inner = object["config"]?.object
    else {
      throw KerasError(
        .invalidJSON, "\(config[key]?.kind ?? "nothing"), expected a layer", at: .init(path: [key]))
    }
    return (className, inner)
  }
}
