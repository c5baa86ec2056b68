/// The canonical config of a layer → the config in a generation's words, in its key order.
struct LayerEncoder {
  let dialect: Dialect
  let container: ModelEncoder.Container
  /// Whose words the record's unknown classes are in.
  let source: Generation
  /// Whether any layer of the model makes a mask.
  let hasMask: Bool
  /// Whether the model whose layers are being written is a functional one.
  var isInGraph = false
  var notes: [ConversionNote] = []

  init(dialect: Dialect, container: ModelEncoder.Container, record: ModelRecord) {
    self.dialect = dialect
    self.container = container
    source = record.generation
    hasMask = Self.makesMask(record)
  }

  /// Whether any layer of a model, or of one inside it, makes a mask.
  static func makesMask(_ record: ModelRecord) -> Bool {
    record.layers.contains { layer in
      layer.className == "Masking" || layer.config["mask_zero"] == true
        || ModelRecord.nestedClasses.contains(layer.className)
          && (try? ModelRecord(
            nested: layer.className, config: layer.config, generation: record.generation)).map(
              makesMask) ?? false
    }
  }

  mutating func encoded(_ layer: LayerRecord) throws(KerasError) -> JSONObject {
    var config: JSONObject = ["name": .string(layer.name)]
    for (key, value) in layer.config.members { config[key] = value }
    return try encoded(layer.className, config, layer: layer.name)
  }

  mutating func encoded(
    _ className: String, _ canonical: JSONObject, layer: String
  ) throws(KerasError) -> JSONObject {
    if ModelRecord.nestedClasses.contains(className) {
      return try encodedModel(className, canonical)
    }
    if className == "ThresholdedReLU", dialect.layers[className] == nil {
      note(layer, "ThresholdedReLU is written as ReLU with its threshold, which computes the same")
      return try encoded("ReLU", Self.thresholded(canonical), layer: layer)
    }
    if className == "NotEqual", dialect.generation == .keras3 {
      return ["name": canonical["name"] ?? "not_equal"]
    }
    if dialect.layers[className] == nil { try checkCommonWords(className, canonical) }
    try refuseMisread(className, canonical, layer: layer)
    var left = canonical
    var config = try takeCommon(&left, className)
    guard let keys = dialect.layers[className] else {
      try passThrough(left, className, &config, layer: layer)
      return try inKeras1(className, config)
    }
    if className == "Bidirectional" { try takeBidirectional(&left, &config, layer: layer) }
    let drops = ["dropout", "recurrent_dropout"].contains { left[$0]?.number ?? 0 != 0 }
    // Keras 1's `cpu`: a mask of dropout for each gate, as implementation 1 has.
    if left["implementation"] == 0, className != "SimpleRNN", dialect.generation > .keras1 {
      left["implementation"] = drops ? 1 : nil
    }
    for key in ["layer", "cell", "cells"] where config[key] == nil {
      guard let inner = left[key] else { continue }
      left[key] = try encodedInner(inner, layer: layer)
    }
    for key in keys {
      if config[key.name] != nil { continue }
      var value = key.isOwn ? key.missing : left.take(key.canonical) ?? key.missing
      if key.isActivation, value?.object != nil, let object = value {
        value = try encodedActivation(object, of: className, canonical, layer: layer)
      }
      guard let value else {
        throw KerasError(.unsupportedConfiguration, "\(className) without \(key.name)")
      }
      config[key.name] = try encodedValue(key.name, value)
    }
    if left.take("implementation") != nil, drops, dialect.generation > .keras1 {
      note(layer, "\(dialect.name) shares dropout's masks among the gates by a rule of its own")
    }
    try dropLeft(left, className, &config, layer: layer)
    if dialect.generation == .keras1 {
      // A SimpleRNN of Keras 1 drops inputs with `cpu` alone.
      if className == "SimpleRNN", source > .keras1 { config["implementation"] = 0 }
      if className != "SimpleRNN" || source == .keras1 {
        config["implementation"] = canonical["implementation"]
      }
    }
    return try inKeras1(className, config)
  }

  /// The keys that every layer has.
  private func takeCommon(
    _ left: inout JSONObject, _ className: String
  ) throws(KerasError) -> JSONObject {
    let dtype = try Vocabularies.dtype(className, left, dialect) ?? left["dtype"] ?? "float32"
    left["dtype"] = nil
    var config = JSONObject()
    config["name"] = left.take("name")
    let trainable = left.take("trainable") ?? true
    // Keras 3's SpatialDropout1D does not take the word.
    if className != "SpatialDropout1D" || dialect.generation != .keras3 {
      config["trainable"] = trainable
    }
    if dialect.isModern {
      config["dtype"] = encodedPolicy(dtype)
    } else if dtype != "float32" {
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name) has no dtype of a layer, and this is \(dtype.kind)")
    }
    return config
  }

  /// The config in Keras 1's words, where it is to be; somebody's own layer has its own.
  private func inKeras1(
    _ className: String, _ config: JSONObject
  ) throws(KerasError) -> JSONObject {
    guard dialect.generation == .keras1, KerasLayerNames.all.contains(className) else {
      return config
    }
    return try Dialect.keras1(className, config).config
  }

  /// Refuses to carry a class without a table to a generation that does not word it alike.
  private func checkCommonWords(
    _ className: String, _ canonical: JSONObject
  ) throws(KerasError) {
    guard dialect.generation != source else { return }
    guard let keys = KerasLayerNames.commonKeys(className, of: source, and: dialect.generation)
    else {
      let isInKeras2 = KerasLayerNames.commonKeys(className, of: source, and: .keras2) != nil
      throw KerasError(
        .unsupportedConfiguration,
        dialect.generation == .keras1 && isInKeras2
          ? "Keras 1 has no \(className)"
          : "\(className) cannot be carried from Keras \(source.rawValue) to \(dialect.name)")
    }
    let common =
      ["name", "trainable", "dtype"] + (dialect.isModern ? ["activity_regularizer"] : [])
    let unknown = canonical.members.first { key, _ in
      !keys.contains(key) && !common.contains(key)
    }
    if let (key, value) = unknown {
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name)'s \(className) has no \(key) (\(value.kind))")
    }
  }

  /// A class without a table, as it is.
  private mutating func passThrough(
    _ left: JSONObject, _ className: String, _ config: inout JSONObject, layer: String
  ) throws(KerasError) {
    let isKerass = KerasLayerNames.all.contains(className)
    for (key, value) in left.members {
      if isKerass {
        let isLayer = Dialect.Key(key).isActivation && value.object != nil
        config[key] = try encodedValue(
          key,
          isLayer ? try encodedActivation(value, of: className, left, layer: layer) : value)
      } else {
        // Somebody's own keys may mean what they like.
        config[key] = (try? encodedValue(key, value)) ?? value
      }
    }
  }

  /// What the generation's Keras would read otherwise than it says, or not run.
  private mutating func refuseMisread(
    _ className: String, _ canonical: JSONObject, layer: String
  ) throws(KerasError) {
    if className == "SeparableConv1D", canonical["padding"] == "causal",
      dialect.generation <= .keras2
    {
      throw KerasError(
        .unsupportedConfiguration, "\(dialect.name)'s SeparableConv1D has no causal padding")
    }
    if className == "BatchNormalization", let axes = canonical["axis"]?.array?.count, axes > 1,
      dialect.generation != .keras2_15
    {
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name)'s BatchNormalization has one axis, not \(axes)", hint: "write 2.15")
    }
    guard dialect.generation == .keras3 else { return }
    if ["SeparableConv1D", "DepthwiseConv1D"].contains(className), canonical["padding"] == "causal"
    {
      throw KerasError(
        .unsupportedConfiguration, "Keras 3's \(className) has no causal padding")
    }
    if container == .h5,
      ["Softmax", "UnitNormalization", "LayerNormalization"].contains(className),
      canonical["axis"]?.array?.count ?? 1 > 1
    {
      throw KerasError(
        .unsupportedConfiguration, "Keras 3 loses the list of axes of a \(className) in an .h5",
        hint: "write .keras")
    }
    if className == "Conv1D", canonical["data_format"] == "channels_first" {
      note(layer, "Keras 3 runs channels_first with TensorFlow on a GPU only")
    }
  }

  /// Layers inside a layer: one, or a list of them.
  private mutating func encodedInner(_ value: JSON, layer: String) throws(KerasError) -> JSON {
    if let list = value.array {
      var entries: [JSON] = []
      for entry in list { entries.append(try encodedInner(entry, layer: layer)) }
      return .array(entries)
    }
    guard let object = value.object, let className = object["class_name"]?.string,
      let inner = object["config"]?.object
    else {
      throw KerasError(.unsupportedConfiguration, "\(value.kind), expected a layer")
    }
    let record = LayerRecord(className: className, name: "", config: inner)
    return .object(
      self.object(
        writtenClass(record), try encoded(className, inner, layer: layer),
        isWrapped: dialect.isModern))
  }

  /// A layer in an activation's place.
  private mutating func encodedActivation(
    _ value: JSON, of className: String, _ config: JSONObject, layer: String
  ) throws(KerasError) -> JSON {
    guard dialect.isModern else {
      let activation = value.object?["class_name"]?.string ?? "layer"
      let obstacle = DetachedActivations.obstacle(className, config).map { ": \($0)" } ?? ""
      throw KerasError(
        .unsupportedConfiguration,
        "\(dialect.name) cannot store the layer \(activation) as an activation\(obstacle)",
        hint: "Keras 2.15 and 3 can")
    }
    return try encodedInner(value, layer: layer)
  }

  private mutating func encodedModel(
    _ className: String, _ canonical: JSONObject
  ) throws(KerasError) -> JSONObject {
    let record = try ModelRecord(nested: className, config: canonical, generation: source)
    // In the JSON text of a functional model, 2.15 leaves out where the layers of a model inside it
    // come from.
    let isBare = dialect.generation == .keras2_15 && self.container == .json && isInGraph
    let container = isBare ? .h5 : self.container
    var config = try ModelEncoder(dialect.generation, container: container).config(
      of: record, &self)
    if canonical["trainable"] == false { config["trainable"] = false }
    return config
  }

  /// `ThresholdedReLU` in the words of `ReLU`.
  private static func thresholded(_ canonical: JSONObject) -> JSONObject {
    var config = canonical
    config["threshold"] = config.take("theta")
    (config["max_value"], config["negative_slope"]) = (.null, 0.0)
    return config
  }

  mutating func note(_ layer: String, _ message: String) {
    let note = ConversionNote(layer: layer, message: message)
    if !notes.contains(note) { notes.append(note) }
  }
}

extension JSONObject {
  /// Removes a member and returns it.
  mutating func take(_ key: String) -> JSON? {
    defer { self[key] = nil }
    return self[key]
  }
}
