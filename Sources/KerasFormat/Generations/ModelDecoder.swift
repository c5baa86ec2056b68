/// A model's definition as Keras wrote it → ``ModelRecord``, without weights.
struct ModelDecoder {
  static let maximumLayers = 10_000

  let dialect: Dialect
  let version: String?

  /// - Parameters:
  ///   - definition: The object with `class_name` and `config`.
  ///   - version: What the container says; the definition's own `keras_version` counts otherwise.
  static func record(
    _ definition: JSON, version: String?
  ) throws(KerasError) -> ModelRecord {
    guard let object = definition.object, let className = object["class_name"]?.string,
      let config = object["config"]
    else {
      throw KerasError(
        .invalidJSON, "no class_name and config, which every Keras model has",
        hint: "expected what Keras's model.to_json() writes")
    }
    let version = version ?? object["keras_version"]?.string
    let dialect = Dialect.of(generation(object, version: version))
    try SerializedObject.check(
      object, className: object["registered_name"]?.string ?? className)
    let decoder = ModelDecoder(dialect: dialect, version: version)
    guard let record = try decoder.model(className, config) else {
      throw KerasError(
        .unsupportedConfiguration,
        "the model is a \(className); expected a Sequential or a functional model")
    }
    return record
  }

  /// The definition of a model, at the top or inside another; `nil` for a class that is no model.
  func model(_ className: String, _ config: JSON) throws(KerasError) -> ModelRecord? {
    switch className {
    case "Sequential": try sequential(config)
    case "Model", "Functional": try functional(config)
    default: nil
    }
  }

  /// Whose words these are. A version that ends in `-tf`, or is 2.4 or newer, is tf.keras's.
  static func generation(_ definition: JSONObject, version: String?) -> Generation {
    if let version {
      let numbers = version.split(whereSeparator: { !$0.isNumber }).map { Int($0) ?? 0 }
      let minor = numbers.count > 1 ? numbers[1] : 0
      switch numbers.first ?? 0 {
      case 1: return .keras1
      case 2: return version.contains("tf") || minor >= 4 ? .keras2_15 : .keras2
      default: return .keras3
      }
    }
    if definition["module"] != nil || definition["build_config"] != nil { return .keras3 }
    // Keras 1 leaves no version beside its weights, and lists a Sequential's layers bare.
    return definition["config"]?.array != nil ? .keras1 : .keras2
  }

  // MARK: - Sequential

  func sequential(_ config: JSON) throws(KerasError) -> ModelRecord {
    let object = config.object
    guard let entries = config.array ?? object?["layers"]?.array else {
      throw KerasError(.invalidJSON, "the Sequential has no list of layers")
    }
    let name = object?["name"]?.string ?? "sequential"
    if dialect.generation == .keras1, entries.first?.object?["class_name"]?.string == "Merge" {
      return try branched(entries, name: name)
    }
    var layers = try self.layers(entries)
    if layers.first?.className != "InputLayer", let first = layers.first {
      let stored = entries.first?.object?["config"]?.object
      if let shape = stored?["batch_input_shape"], !shape.isNull {
        let dtype = stored?["input_dtype"] ?? stored?["dtype"] ?? "float32"
        layers.insert(try input(named: "\(first.name)_input", shape, dtype: dtype), at: 0)
      } else if let shape = object?["build_input_shape"], shape.array != nil {
        layers.insert(
          try input(named: ModelRecord.deferredInput, shape, dtype: "float32"), at: 0)
      } else if let inner = Self.input(of: first) {
        layers.insert(
          try input(
            named: "\(first.name)_input", inner["batch_shape"] ?? .null,
            dtype: inner["dtype"] ?? "float32"), at: 0)
      }
    }
    var record = ModelRecord(
      generation: dialect.generation, name: name, isSequential: true, layers: layers)
    if let dtype = object?["dtype"], let policy = try SerializedObject.reduced(dtype).string {
      record.dtype = policy
    }
    return record
  }

  /// In 2.15 a `Sequential` that was called before it knew its input gets an InputLayer all the
  /// same, but its first layer does not have the shape.
  func nameDeferredInput(of record: inout ModelRecord, _ config: JSON) {
    guard dialect.generation == .keras2_15, record.isSequential, record.layers.count > 1,
      record.layers[0].name == "\(record.layers[1].name)_input",
      let first = config.object?["layers"]?.array?.dropFirst().first?.object?["config"]?.object,
      first["batch_input_shape"] == nil
    else { return }
    record.layers[0].name = ModelRecord.deferredInput
  }

  /// What the first layer of a model inside a model, or of one in that, says about its input.
  private static func input(of layer: LayerRecord) -> JSONObject? {
    let layers = (layer.config["layers"]?.array ?? []).compactMap(\.object)
    if layer.className == "Functional" {
      let inputs = layers.filter { $0["class_name"] == "InputLayer" }
      return inputs.count == 1 ? inputs[0]["config"]?.object : nil
    }
    guard layer.className == "Sequential", let first = layers.first,
      let className = first["class_name"]?.string, let config = first["config"]?.object
    else { return nil }
    if className == "InputLayer" { return config }
    return input(of: LayerRecord(className: className, name: "", config: config))
  }

  /// The InputLayer that a first layer's config stands for.
  private func input(
    named name: String, _ shape: JSON, dtype: JSON
  ) throws(KerasError) -> LayerRecord {
    guard let dtype = dtype.isNull ? "float32" : try SerializedObject.reduced(dtype).string else {
      throw KerasError(
        .invalidJSON, "\(dtype.kind), expected the name of a type",
        at: .init(path: [name, "dtype"]))
    }
    return LayerRecord(
      className: "InputLayer", name: name,
      config: [
        "batch_shape": shape, "dtype": .string(dtype), "sparse": false, "ragged": false,
        "optional": false,
      ])
  }

  // MARK: - Functional

  func functional(_ config: JSON) throws(KerasError) -> ModelRecord {
    guard let object = config.object, let entries = object["layers"]?.array else {
      throw KerasError(.invalidJSON, "the functional model has no list of layers")
    }
    var operations = MaskOperations(entries)
    var record = ModelRecord(
      generation: dialect.generation, name: object["name"]?.string ?? "model",
      isSequential: false, layers: try layers(entries.filter { !MaskOperations.isOperation($0) }))
    record.operations = OperationListing(entries)
    for (key, path) in [
      ("input_layers", \ModelRecord.inputs), ("output_layers", \ModelRecord.outputs),
    ] {
      do { record[keyPath: path] = try FunctionalGraph.ends(object[key]) } catch {
        throw error.inside(key)
      }
    }
    countCallsFromZero(&record)
    if dialect.generation == .keras1 { findInputs(of: &record) }
    try operations.resolve(&record)
    try checkReferences(record)
    return record
  }

  /// Keras 1 takes a layer that returns its input as it is, as `Activation("linear")` does, for the
  /// place where the data enters: the input lies in front of it.
  private func findInputs(of record: inout ModelRecord) {
    let layers = record.layersByName
    record.inputs = record.inputs.map { end in
      var (end, steps) = (end, 0)
      while let layer = layers[end.layer], layer.className != "InputLayer",
        steps < layers.count, layer.inbound.indices.contains(end.node),
        layer.inbound[end.node].count == 1
      {
        end = layer.inbound[end.node][0]
        steps += 1
      }
      return end
    }
  }

  /// References to the calls of models inside the model, from 0.
  private func countCallsFromZero(_ record: inout ModelRecord) {
    let (inside, ends) = GraphNotation.countedCalls(of: record, dialect)
    func shifted(_ tensor: TensorReference, _ counts: [String: Int]) -> TensorReference {
      var tensor = tensor
      tensor.node -= min(counts[tensor.layer] ?? 0, tensor.node)
      return tensor
    }
    for index in record.layers.indices {
      record.layers[index].inbound = record.layers[index].inbound.map { call in
        call.map { shifted($0, inside) }
      }
      record.layers[index].inboundMasks = record.layers[index].inboundMasks.map { mask in
        mask?.renamed { shifted($0, inside) }
      }
    }
    record.inputs = record.inputs.map { shifted($0, ends) }
    record.outputs = record.outputs.map { shifted($0, ends) }
  }

  /// Every tensor must come out of a layer that is there.
  private func checkReferences(_ record: ModelRecord) throws(KerasError) {
    let names = Set(record.layers.map(\.name))
    for layer in record.layers {
      for tensor in layer.inbound.joined() where !names.contains(tensor.layer) {
        throw KerasError(
          .unsupportedConfiguration, "called on the output of \(tensor.layer), which is no layer",
          at: .init(path: [layer.name]))
      }
    }
    for tensor in record.inputs + record.outputs where !names.contains(tensor.layer) {
      throw KerasError(
        .invalidJSON, "the model's inputs or outputs name \(tensor.layer), which is no layer")
    }
  }

  // MARK: - Layers

  func layers(
    _ entries: [JSON]
  ) throws(KerasError) -> [LayerRecord] {
    guard entries.count <= Self.maximumLayers else {
      throw KerasError(
        .unsupportedConfiguration, "\(entries.count) layers, more than \(Self.maximumLayers)")
    }
    var layers: [LayerRecord] = []
    var names: Set<String> = []
    for (index, entry) in entries.enumerated() {
      let stored = entry.object?["config"]?.object?["name"] ?? entry.object?["name"]
      let name = stored?.string ?? "\(index)"
      do throws(KerasError) {
        if entry.object?["class_name"] == "Merge",
          entry.object?["config"]?.object?["layers"]?.array?.isEmpty == false
        {
          throw KerasError(
            .unsupportedConfiguration, "a Merge of other models behind a layer, which it ignores",
            hint: "Keras 1 has it as the first layer alone")
        }
        let layer = try layer(entry, name: name)
        guard names.insert(layer.name).inserted else {
          throw KerasError(.invalidJSON, "two layers have this name")
        }
        layers.append(layer)
      } catch {
        throw error.inside(name)
      }
    }
    return layers
  }

  private func layer(
    _ entry: JSON, name: String
  ) throws(KerasError) -> LayerRecord {
    guard let object = entry.object else {
      throw KerasError(.invalidJSON, "\(entry.kind), expected a layer's class_name and config")
    }
    let decoded = try LayerDecoder(dialect: dialect).layer(object)
    var config = decoded.config
    config["name"] = nil
    var layer = LayerRecord(className: decoded.className, name: name, config: config)
    layer.storedClassNames = storedClassNames(entry)
    let calls = try FunctionalGraph.calls(object["inbound_nodes"], dialect)
    layer.inbound = calls.map(\.tensors)
    if calls.contains(where: { $0.mask != nil }) { layer.inboundMasks = calls.map(\.mask) }
    if calls.contains(where: { $0.training != nil }) {
      layer.inboundTraining = calls.map(\.training)
    }
    return layer
  }

  /// The classes that a stored layer and those inside it have by other names than Keras 3's.
  private func storedClassNames(_ entry: JSON) -> [[String]: String] {
    guard let object = entry.object, let className = object["class_name"]?.string else {
      return [:]
    }
    var names: [[String]: String] = [:]
    if dialect.classNames[className] != nil { names[[]] = className }
    let config = object["config"]
    for inner in config?.array ?? config?.object?["layers"]?.array ?? [] {
      let name = inner.object?["config"]?.object?["name"] ?? inner.object?["name"]
      for (way, className) in storedClassNames(inner) {
        names[[name?.string ?? ""] + way] = className
      }
    }
    if let inner = config?.object?["layer"] {
      for (way, className) in storedClassNames(inner) { names[["layer"] + way] = className }
    }
    return names
  }
}
