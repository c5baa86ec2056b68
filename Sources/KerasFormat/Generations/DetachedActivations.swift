/// Layers in an activation's place, set behind as layers of their own: Keras 1 and 2.2 run
/// `Dense(4, activation=LeakyReLU(0.1))` but cannot store it.
///
/// At every step a layer is set behind at every step: `TimeDistributed(Dense(4, activation=ELU()))`
/// becomes `TimeDistributed(Dense(4))` and `TimeDistributed(ELU())`. What stands in recurrent layers
/// cannot be, and is refused where it is written.
struct DetachedActivations {
  private let generation: Generation
  private var notes: [ConversionNote] = []

  /// Layers whose last operation is their activation.
  private static let ending: Set<String> = [
    "Dense", "Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose",
  ]

  /// Why an activation of a layer stays where it is; `nil` where it can be set behind.
  static func obstacle(_ className: String, _ config: JSONObject) -> String? {
    guard ending.contains(className) || className == "Activation" else {
      return "that of \(className) cannot stand behind as a layer of its own"
    }
    guard config["activity_regularizer"] ?? .null == .null else {
      return "behind as a layer of its own it would be out of reach of activity_regularizer"
    }
    return nil
  }

  /// Detaches those of a model, and of the models inside it.
  ///
  /// - Throws: ``KerasError`` where a model inside is none.
  static func detach(
    _ record: inout ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) throws(KerasError) {
    var detaching = DetachedActivations(generation: generation)
    try detaching.detach(&record)
    notes += detaching.notes
  }

  private init(generation: Generation) { self.generation = generation }

  private mutating func detach(_ record: inout ModelRecord) throws(KerasError) {
    var layers: [LayerRecord] = []
    var names = Set(record.layers.map(\.name))
    var moved: [String: String] = [:]
    for var layer in record.layers {
      let old = layer.className
      let behind = try detach(&layer.className, &layer.config, in: layer.name)
      layers.append(layer)
      guard let behind else {
        if layer.className != old { note(layer.name, "it is written as a \(layer.className)") }
        continue
      }
      var detached = LayerRecord(
        className: behind.className, name: "\(layer.name)_\(behind.name)", config: behind.config)
      while !names.insert(detached.name).inserted { detached.name += "_1" }
      detached.inbound = layer.inbound.indices.map {
        [TensorReference(layer: layer.name, node: $0)]
      }
      moved[layer.name] = detached.name
      layers.append(detached)
      note(layer.name, "it stands behind as \(detached.name)")
    }
    record.layers = layers
    Self.redirect(&record, moved)
  }

  /// A layer to be set behind another, and what it was called.
  private struct Behind {
    var className: String
    var config: JSONObject
    var name: String
  }

  /// Takes the activation out of one layer, or of what is in it.
  ///
  /// - Returns: what is to stand behind it; nothing where the layer became its activation, too.
  private mutating func detach(
    _ className: inout String, _ config: inout JSONObject, in layer: String
  ) throws(KerasError) -> Behind? {
    if ModelRecord.nestedClasses.contains(className) {
      config = try ModelRecord.changed(className, config, generation) {
        model throws(KerasError) in
        try detach(&model)
      }
      return nil
    }
    if className == "TimeDistributed", var inner = config["layer"]?.object,
      var innerClass = inner["class_name"]?.string, var innerConfig = inner["config"]?.object
    {
      let old = innerClass
      let behind = try detach(&innerClass, &innerConfig, in: layer)
      (inner["class_name"], inner["config"]) = (.string(innerClass), .object(innerConfig))
      config["layer"] = .object(inner)
      guard let behind else {
        if innerClass != old { note(layer, "it is written as a \(innerClass)") }
        return nil
      }
      var own = behind.config
      own["name"] = .string(behind.name)
      return Behind(
        className: className,
        config: [
          "trainable": true, "dtype": config["dtype"] ?? "float32",
          "layer": ["class_name": .string(behind.className), "config": .object(own)],
        ],
        name: behind.name)
    }
    guard Self.obstacle(className, config) == nil,
      let activation = config["activation"]?.object,
      let activationClass = activation["class_name"]?.string,
      var own = activation["config"]?.object
    else { return nil }
    let name = own.take("name")?.string ?? LayerNames.snakeCase(activationClass)
    if className == "Activation" {
      own["name"] = config["name"]
      (className, config) = (activationClass, own)
      return nil
    }
    config["activation"] = "linear"
    return Behind(className: activationClass, config: own, name: name)
  }

  private mutating func note(_ layer: String, _ what: String) {
    notes.append(
      ConversionNote(
        layer: layer,
        message: "Keras \(generation.rawValue) cannot store a layer as an activation: \(what)"))
  }

  /// Lets all others take what the detached layers give.
  private static func redirect(_ record: inout ModelRecord, _ moved: [String: String]) {
    guard !moved.isEmpty, !record.isSequential else { return }
    func redirected(_ reference: TensorReference) -> TensorReference {
      var reference = reference
      reference.layer = moved[reference.layer] ?? reference.layer
      return reference
    }
    let detached = Set(moved.values)
    for index in record.layers.indices where !detached.contains(record.layers[index].name) {
      record.layers[index].inbound = record.layers[index].inbound.map { $0.map(redirected) }
      record.layers[index].inboundMasks = record.layers[index].inboundMasks.map {
        $0?.renamed(redirected)
      }
    }
    record.outputs = record.outputs.map(redirected)
  }
}
