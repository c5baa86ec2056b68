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
    var encoder = LayerEncoder(dialect: dialect, container: container, record: record)
    var record = record
    let config: JSONObject
    if record.isBranched, dialect.generation == .keras1 {
      config = ["layers": try branches(of: record, &encoder)]
      record.isSequential = true
    } else {
      config = try self.config(of: record, &encoder, isInner: false)
    }
    notes += encoder.notes
    return topLevel(record, config)
  }

  // MARK: - A model's config, at the top or inside another

  func config(
    of record: ModelRecord, _ encoder: inout LayerEncoder, isInner: Bool = true
  ) throws(KerasError) -> JSONObject {
    let isKeras3 = dialect.generation == .keras3
    let graph = GraphNotation(dialect: dialect, record: record)
    let wasInGraph = encoder.isInGraph
    encoder.isInGraph = !record.isSequential
    defer { encoder.isInGraph = wasInGraph }
    var layers: [JSON] = []
    for (index, var layer) in record.layers.enumerated() {
      do throws(KerasError) {
        if isInner, index == 0, dialect.generation == .keras2_15,
          layer.name == ModelRecord.deferredInput, record.isSequential, record.layers.count > 1
        {
          layer.name = "\(record.layers[1].name)_input"
        }
        // Keras 2 leaves a Sequential's InputLayer out: the next layer carries the shape.
        if record.isSequential, index == 0, layer.className == "InputLayer",
          dialect.generation <= .keras2
        {
          continue
        }
        var config = try self.config(layer, &encoder)
        if record.isSequential, index == 1, record.layers[0].className == "InputLayer",
          !ModelRecord.nestedClasses.contains(layer.className)
        {
          config = carryingInput(config, of: record.layers[0], layer)
        }
        layers.append(try entry(layer, config, in: record, graph, encoder))
      } catch {
        throw error.inside(layer.name)
      }
    }
    var config: JSONObject = ["name": .string(record.name)]
    if record.isSequential {
      if isKeras3 {
        config["trainable"] = true
        config["dtype"] = encoder.encodedPolicy(.string(record.dtype))
      }
      config["layers"] = .array(layers)
      if isKeras3, let shape = record.layers.first?.config["batch_shape"] {
        config["build_input_shape"] = shape
      }
    } else {
      if dialect.isModern { config["trainable"] = true }
      config["layers"] = .array(layers)
      config["input_layers"] = graph.ends(record.inputs)
      config["output_layers"] = graph.ends(record.outputs)
    }
    return config
  }

  private func config(
    _ layer: LayerRecord, _ encoder: inout LayerEncoder
  ) throws(KerasError) -> JSONObject {
    guard layer.className == "InputLayer" else { return try encoder.encoded(layer) }
    let isKeras3 = dialect.generation == .keras3
    if dialect.generation == .keras1 {
      return [
        "batch_input_shape": layer.config["batch_shape"] ?? .null,
        "input_dtype": layer.config["dtype"] ?? "float32", "sparse": false,
        "name": .string(layer.name),
      ]
    }
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
      dialect.generation <= .keras2
        || dialect.generation == .keras2_15 && input.name == "\(layer.name)_input"
    else { return config }
    var result = JSONObject()
    for (key, value) in config.members {
      result[key] = value
      guard key == (dialect.generation <= .keras2 ? "trainable" : "dtype") else { continue }
      result["batch_input_shape"] = input.config["batch_shape"]
      if dialect.generation == .keras2 {
        // Keras 2 makes the table of what stands here, whatever type the ids have.
        result["dtype"] = layer.className == "Embedding" ? "float32" : input.config["dtype"]
      }
      if dialect.generation == .keras1 { result["input_dtype"] = input.config["dtype"] }
    }
    return result
  }

  private func entry(
    _ layer: LayerRecord, _ config: JSONObject, in record: ModelRecord, _ graph: GraphNotation,
    _ encoder: LayerEncoder
  ) throws(KerasError) -> JSON {
    var entry = JSONObject()
    if !record.isSequential, dialect.generation <= .keras2 { entry["name"] = .string(layer.name) }
    let object = encoder.object(
      encoder.writtenClass(layer), config, isWrapped: dialect.isModern && container != .h5)
    for (key, value) in object.members { entry[key] = value }
    if !record.isSequential {
      entry["name"] = .string(layer.name)
      entry["inbound_nodes"] = try graph.nodes(of: layer)
    }
    return .object(entry)
  }

  // MARK: - The top

  private func topLevel(_ record: ModelRecord, _ config: JSONObject) -> JSONObject {
    let isKeras3 = dialect.generation == .keras3
    let isWrapped = dialect.isModern && container == .keras || isKeras3 && container == .json
    var definition = JSONObject()
    if isWrapped {
      definition["module"] = .string(
        record.isSequential ? "keras" : LayerEncoder.functionalModule(dialect))
    }
    definition["class_name"] = .string(
      record.isSequential ? "Sequential" : dialect.isModern ? "Functional" : "Model")
    definition["config"] = .object(config)
    if dialect.generation == .keras1 {
      if record.isSequential { definition["config"] = config["layers"] }
      if container == .json { definition["keras_version"] = .string(version(of: record)) }
      return definition
    }
    if isWrapped {
      definition["registered_name"] = record.isSequential ? .null : "Functional"
      if record.isSequential, let shape = record.layers.first?.config["batch_shape"] {
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
