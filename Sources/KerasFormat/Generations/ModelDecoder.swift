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

  private func sequential(_ config: JSON) throws(KerasError) -> ModelRecord {
    let object = config.object
    guard let entries = config.array ?? object?["layers"]?.array else {
      throw KerasError(.invalidJSON, "the Sequential has no list of layers")
    }
    var layers = try self.layers(entries, masks: [])
    if layers.first?.className != "InputLayer", let first = layers.first {
      let stored = entries.first?.object?["config"]?.object
      if let shape = stored?["batch_input_shape"], !shape.isNull {
        let dtype = stored?["input_dtype"] ?? stored?["dtype"] ?? "float32"
        layers.insert(input(named: "\(first.name)_input", shape, dtype: dtype), at: 0)
      } else if let shape = object?["build_input_shape"], shape.array != nil {
        layers.insert(input(named: "input_layer", shape, dtype: "float32"), at: 0)
      }
    }
    return ModelRecord(
      generation: dialect.generation, name: object?["name"]?.string ?? "sequential",
      isSequential: true, layers: layers)
  }

  private func input(named name: String, _ shape: JSON, dtype: JSON) -> LayerRecord {
    LayerRecord(
      className: "InputLayer", name: name,
      config: [
        "batch_shape": shape, "dtype": dtype.string.map { .string($0) } ?? "float32",
        "sparse": false, "ragged": false, "optional": false,
      ])
  }

  // MARK: - Functional

  private func functional(_ config: JSON) throws(KerasError) -> ModelRecord {
    guard let object = config.object, let entries = object["layers"]?.array else {
      throw KerasError(.invalidJSON, "the functional model has no list of layers")
    }
    // Keras 3 writes masks as nodes of their own: `ids != 0` behind an Embedding. Layers hand masks
    // on by themselves, so these nodes are dropped with the arguments that point to them.
    let masks = Set(
      entries.compactMap { entry -> String? in
        guard let entry = entry.object, let className = entry["class_name"]?.string,
          Self.maskOperations.contains(className),
          entry["module"]?.string ?? "keras.src.ops.numpy" == "keras.src.ops.numpy"
        else { return nil }
        return entry["name"]?.string ?? entry["config"]?.object?["name"]?.string
      })
    var record = ModelRecord(
      generation: dialect.generation, name: object["name"]?.string ?? "model",
      isSequential: false, layers: try layers(entries, masks: masks))
    for (key, path) in [
      ("input_layers", \ModelRecord.inputs), ("output_layers", \ModelRecord.outputs),
    ] {
      do { record[keyPath: path] = try FunctionalGraph.ends(object[key]) } catch {
        throw error.inside(key)
      }
    }
    try checkReferences(record)
    return record
  }

  private static let maskOperations: Set<String> = ["NotEqual", "Any", "LogicalAnd", "LogicalOr"]

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

  private func layers(
    _ entries: [JSON], masks: Set<String>
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
      if masks.contains(name) { continue }
      do throws(KerasError) {
        let layer = try layer(entry, name: name, masks: masks)
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
    _ entry: JSON, name: String, masks: Set<String>
  ) throws(KerasError) -> LayerRecord {
    guard let object = entry.object else {
      throw KerasError(.invalidJSON, "\(entry.kind), expected a layer's class_name and config")
    }
    let decoded = try LayerDecoder(dialect: dialect).layer(object)
    var config = decoded.config
    config["name"] = nil
    var layer = LayerRecord(className: decoded.className, name: name, config: config)
    layer.inbound = try FunctionalGraph.calls(object["inbound_nodes"], masks: masks)
    return layer
  }
}
