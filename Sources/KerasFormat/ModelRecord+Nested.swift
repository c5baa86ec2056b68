/// A model inside a model: a layer of class `Sequential` or `Functional` whose config holds the
/// inner definition in canonical words.
///
/// `layers` lists `{"class_name", "name", "config", "inbound_nodes"}`, calls as lists of
/// `["layer", node, tensor]`, and as `inbound_training` the argument of each call where one has it;
/// `input_layers` and `output_layers` are lists of such.
extension ModelRecord {
  /// Canonical class names of models that can be layers.
  package static let nestedClasses: Set<String> = ["Sequential", "Functional"]

  /// What the InputLayer of a `Sequential` is called that learnt its input's shape from its first
  /// call.
  package static let deferredInput = "input_layer"

  /// Whether the model made its weights when it was called, as it does without an InputLayer.
  package var isMadeByCall: Bool {
    isSequential
      && (layers.first?.className != "InputLayer" || layers.first?.name == Self.deferredInput)
  }

  /// The inner definition, without weights.
  ///
  /// - Throws: ``KerasError`` when `config` is not what ``nestedConfig`` gives.
  package init(
    nested className: String, config: JSONObject, generation: Generation
  ) throws(KerasError) {
    self.init(
      generation: generation, name: config["name"]?.string ?? className.lowercased(),
      isSequential: className == "Sequential", layers: [])
    dtype = config["dtype"]?.string ?? "float32"
    guard let entries = config["layers"]?.array else {
      throw KerasError(.invalidJSON, "the inner model has no list of layers")
    }
    for entry in entries {
      guard let object = entry.object, let className = object["class_name"]?.string,
        let name = object["name"]?.string, var inner = object["config"]?.object
      else { throw KerasError(.invalidJSON, "\(entry.kind), expected a layer") }
      inner["name"] = nil
      var layer = LayerRecord(className: className, name: name, config: inner)
      for call in object["inbound_nodes"]?.array ?? [] {
        layer.inbound.append(try FunctionalGraph.references(call))
      }
      if let flags = object["inbound_training"]?.array { layer.inboundTraining = flags.map(\.bool) }
      layers.append(layer)
    }
    guard !isSequential else { return }
    inputs = try FunctionalGraph.references(config["input_layers"])
    outputs = try FunctionalGraph.references(config["output_layers"])
  }

  /// The config of a layer that is a model, after a change of the model.
  ///
  /// - Throws: ``KerasError`` when `config` is not what ``nestedConfig`` gives, and what the change
  ///   throws.
  static func changed(
    _ className: String, _ config: JSONObject, _ generation: Generation,
    by change: (inout ModelRecord) throws(KerasError) -> Void
  ) throws(KerasError) -> JSONObject {
    var record = try ModelRecord(nested: className, config: config, generation: generation)
    try change(&record)
    var changed = record.nestedConfig
    changed["name"] = config["name"]
    changed["trainable"] = config["trainable"]
    return changed
  }

  /// The config of a layer that this model is.
  package var nestedConfig: JSONObject {
    var config: JSONObject = ["name": .string(name), "trainable": true, "dtype": .string(dtype)]
    config["layers"] = .array(
      layers.map { layer in
        var inner: JSONObject = ["name": .string(layer.name)]
        for (key, value) in layer.config.members { inner[key] = value }
        var entry: JSONObject = [
          "class_name": .string(layer.className), "name": .string(layer.name),
          "config": .object(inner),
        ]
        if !isSequential {
          entry["inbound_nodes"] = .array(layer.inbound.map { FunctionalGraph.list($0) })
          if !layer.inboundTraining.isEmpty {
            entry["inbound_training"] = .array(
              layer.inboundTraining.map { $0.map(JSON.bool) ?? .null })
          }
        }
        return .object(entry)
      })
    guard !isSequential else { return config }
    config["input_layers"] = FunctionalGraph.list(inputs)
    config["output_layers"] = FunctionalGraph.list(outputs)
    return config
  }
}
