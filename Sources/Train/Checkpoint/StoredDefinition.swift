import KerasFormat

/// A model's definition in canonical words, as a checkpoint keeps it: no container of a generation
/// says everything (Keras 2.2 does not name its inputs), and a run goes on with the very same one.
enum StoredDefinition {
  // MARK: - Writing

  static func json(_ record: ModelRecord) -> JSON {
    [
      "generation": .string(record.generation.rawValue), "name": .string(record.name),
      "keras_version": record.kerasVersion.map(JSON.string) ?? .null,
      "is_sequential": .bool(record.isSequential), "dtype": .string(record.dtype),
      "inputs": .array(record.inputs.map(reference)),
      "outputs": .array(record.outputs.map(reference)),
      "layers": .array(record.layers.map(layer)),
      "text_pipeline": record.textPipeline ?? .null,
    ]
  }

  private static func reference(_ reference: TensorReference) -> JSON {
    [.string(reference.layer), .integer(reference.node), .integer(reference.tensor)]
  }

  private static func layer(_ layer: LayerRecord) -> JSON {
    [
      "class_name": .string(layer.className), "name": .string(layer.name),
      "config": .object(layer.config),
      "inbound": .array(layer.inbound.map { .array($0.map(reference)) }),
      "inbound_masks": .array(
        layer.inboundMasks.map { mask in
          mask.map { $0.tensor.map(reference) ?? .bool(false) } ?? .null
        }),
      "inbound_training": .array(
        layer.inboundTraining.map { $0.map(JSON.bool) ?? .null }),
      "weights": .array(
        layer.weights.map { weight in
          [
            .string(weight.name), .string(weight.array.elements.type.rawValue),
            .array(weight.array.shape.map(JSON.integer)),
          ]
        }),
    ]
  }

  // MARK: - Reading

  /// The record with all weights zero.
  static func record(_ json: JSONObject) throws(KerasError) -> ModelRecord {
    var reader = ConfigReader(json, of: "definition")
    let version = try reader.string("generation", default: "")
    guard let generation = Generation(rawValue: version) else {
      throw reader.error("generation", "\"\(version)\" is no generation", code: .damagedFile)
    }
    var record = ModelRecord(
      generation: generation, name: try reader.string("name", default: ""),
      isSequential: try reader.bool("is_sequential", default: true), layers: [])
    record.kerasVersion = reader.value("keras_version")?.string
    record.dtype = try reader.string("dtype", default: "float32")
    record.inputs = try references(reader.value("inputs"))
    record.outputs = try references(reader.value("outputs"))
    record.textPipeline = reader.value("text_pipeline")
    for entry in reader.value("layers")?.array ?? [] {
      record.layers.append(try layer(entry.object ?? [:]))
    }
    return record
  }

  private static func layer(_ json: JSONObject) throws(KerasError) -> LayerRecord {
    var reader = ConfigReader(json, of: "layer")
    var layer = LayerRecord(
      className: try reader.string("class_name", default: ""),
      name: try reader.string("name", default: ""), config: try reader.object("config"))
    for call in reader.value("inbound")?.array ?? [] {
      layer.inbound.append(try references(call))
    }
    for mask in reader.value("inbound_masks")?.array ?? [] {
      layer.inboundMasks.append(
        mask.isNull ? nil : mask == false ? .withheld : .tensor(try reference(mask)))
    }
    layer.inboundTraining = (reader.value("inbound_training")?.array ?? []).map(\.bool)
    for weight in reader.value("weights")?.array ?? [] {
      guard let parts = weight.array, parts.count == 3, let name = parts[0].string,
        let type = parts[1].string.flatMap(ElementType.init(rawValue:)),
        let extents = parts[2].array?.compactMap(\.integer),
        extents.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }),
        extents.reduce(1.0, { $0 * Double($1) }) < 1e10
      else {
        throw KerasError(
          .damagedFile, "a weight without name, type and shape", at: .init(path: [layer.name]))
      }
      let count = extents.reduce(1, *)
      layer.weights.append(
        WeightRecord(
          name: name,
          array: NumericArray(
            shape: extents, floats: [Float](repeating: 0, count: count), as: type)))
    }
    return layer
  }

  private static func references(_ json: JSON?) throws(KerasError) -> [TensorReference] {
    var references: [TensorReference] = []
    for entry in json?.array ?? [] { references.append(try reference(entry)) }
    return references
  }

  private static func reference(_ json: JSON) throws(KerasError) -> TensorReference {
    guard let parts = json.array, parts.count == 3, let layer = parts[0].string,
      let node = parts[1].integer, let tensor = parts[2].integer
    else {
      throw KerasError(.damagedFile, "\(json.kind) is no tensor", at: .init(path: ["definition"]))
    }
    return TensorReference(layer: layer, node: node, tensor: tensor)
  }
}
