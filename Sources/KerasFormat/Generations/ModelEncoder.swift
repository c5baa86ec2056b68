/// ``ModelRecord`` → a model's definition in a generation's words.
struct ModelEncoder {
  /// Where the definition will lie; Keras words it a little differently in each.
  enum Container { case keras, h5, json }

  let dialect: Dialect
  let container: Container
  var notes: [ConversionNote] = []

  init(_ generation: Generation, container: Container) {
    dialect = Dialect.of(generation)
    self.container = container
  }

  /// The version to mark the file with: the record's own if it is of this generation.
  func version(of record: ModelRecord) -> String {
    if record.generation == dialect.generation, let version = record.kerasVersion {
      return version
    }
    return dialect.version
  }

  mutating func definition(_ record: ModelRecord) throws(KerasError) -> JSONObject {
    guard dialect.generation != .keras1 else {
      throw KerasError(
        .unsupportedConfiguration, "files of Keras 1 are read, not written",
        hint: "choose 2, 2.15 or 3")
    }
    var encoder = LayerEncoder(dialect: dialect, record: record)
    var layers: [JSON] = []
    for (index, layer) in record.layers.enumerated() {
      do throws(KerasError) {
        var config = try self.config(layer, &encoder)
        if record.isSequential, index == 0, layer.className == "InputLayer",
          dialect.generation == .keras2
        {
          // Keras 2 leaves a Sequential's InputLayer out: the next layer carries the shape.
          continue
        }
        if record.isSequential, index == 1, record.layers[0].className == "InputLayer" {
          config = carryingInput(config, of: record.layers[0], layer)
        }
        layers.append(entry(layer, config, isSequential: record.isSequential, at: record))
      } catch {
        throw error.inside(layer.name)
      }
    }
    notes += encoder.notes
    return topLevel(record, layers: layers)
  }

  // MARK: - Layers

  private func config(
    _ layer: LayerRecord, _ encoder: inout LayerEncoder
  ) throws(KerasError) -> JSONObject {
    guard layer.className == "InputLayer" else { return try encoder.encoded(layer) }
    let isKeras3 = dialect.generation == .keras3
    var config: JSONObject = [
      isKeras3 ? "batch_shape" : "batch_input_shape": layer.config["batch_shape"] ?? .null,
      "dtype": layer.config["dtype"] ?? "float32", "sparse": layer.config["sparse"] ?? false,
    ]
    if dialect.isModern { config["ragged"] = layer.config["ragged"] ?? false }
    config["name"] = .string(layer.name)
    if isKeras3 { config["optional"] = layer.config["optional"] ?? false }
    if !isKeras3, layer.config["optional"] == true {
      throw KerasError(.unsupportedConfiguration, "\(dialect.name) has no optional inputs")
    }
    return config
  }

  /// The first real layer repeats the input's shape: always in Keras 2, and in 2.15 where the
  /// InputLayer came from it.
  private func carryingInput(
    _ config: JSONObject, of input: LayerRecord, _ layer: LayerRecord
  ) -> JSONObject {
    guard
      dialect.generation == .keras2
        || dialect.generation == .keras2_15 && input.name == "\(layer.name)_input"
    else { return config }
    var result = JSONObject()
    for (key, value) in config.members {
      result[key] = value
      guard key == (dialect.generation == .keras2 ? "trainable" : "dtype") else { continue }
      result["batch_input_shape"] = input.config["batch_shape"]
      if dialect.generation == .keras2 { result["dtype"] = input.config["dtype"] }
    }
    return result
  }

  private func entry(
    _ layer: LayerRecord, _ config: JSONObject, isSequential: Bool, at record: ModelRecord
  ) -> JSON {
    var entry = JSONObject()
    let isWrapped = dialect.isModern && container != .h5
    if isWrapped {
      entry = SerializedObject.wrappedLayer(layer.className, config)
    } else {
      if !isSequential, dialect.generation == .keras2 { entry["name"] = .string(layer.name) }
      entry["class_name"] = .string(layer.className)
      entry["config"] = .object(config)
    }
    if !isSequential {
      entry["name"] = .string(layer.name)
      entry["inbound_nodes"] = FunctionalGraph.nodes(layer.inbound, dialect)
    }
    return .object(entry)
  }

  // MARK: - The model

  private func topLevel(_ record: ModelRecord, layers: [JSON]) -> JSONObject {
    let isKeras3 = dialect.generation == .keras3
    var config: JSONObject = ["name": .string(record.name)]
    let shape = record.layers.first?.config["batch_shape"]
    let isWrapped = dialect.isModern && container == .keras || isKeras3 && container == .json
    var className = "Sequential"
    var module = "keras"
    var registered: JSON = nil
    if record.isSequential {
      if isKeras3 {
        config["trainable"] = true
        config["dtype"] = LayerEncoder(dialect: dialect, record: record).encodedPolicy("float32")
      }
      config["layers"] = .array(layers)
      if isKeras3, let shape { config["build_input_shape"] = shape }
    } else {
      className = dialect.isModern ? "Functional" : "Model"
      module = isKeras3 ? "keras.src.models.functional" : "keras.src.engine.functional"
      registered = "Functional"
      if dialect.isModern { config["trainable"] = true }
      config["layers"] = .array(layers)
      config["input_layers"] = FunctionalGraph.ends(record.inputs, dialect)
      config["output_layers"] = FunctionalGraph.ends(record.outputs, dialect)
    }
    var definition = JSONObject()
    if isWrapped { definition["module"] = .string(module) }
    definition["class_name"] = .string(className)
    definition["config"] = .object(config)
    if isWrapped {
      definition["registered_name"] = registered
      if record.isSequential, let shape {
        definition["build_config"] = ["input_shape": shape]
      }
    }
    if container == .json, !isKeras3 {
      definition["keras_version"] = .string(version(of: record))
      definition["backend"] = "tensorflow"
    }
    return definition
  }
}
