/// Names that Keras 3 cannot take, changed everywhere in a model.
enum LayerRenaming {
  /// - `block/dense` → `block_dense`: Keras 3 refuses a slash.
  /// - A `Concatenate` called `concatenate` behind a mask → `concatenate_layer`: the operation by
  ///   which Keras 3 joins the masks takes the name itself, and no name may occur twice.
  static func converted(
    _ record: ModelRecord, to generation: Generation, notes: inout [ConversionNote]
  ) throws(KerasError) -> ModelRecord {
    guard generation == .keras3 else { return record }
    return try renamed(record, &notes)
  }

  /// Whether a mask may come with a tensor; where a model inside makes one, it may.
  static func mayBeMasked(
    _ tensor: TensorReference, in record: ModelRecord, depth: Int = 0
  ) -> Bool {
    guard depth < 1_000, let layer = record.layers.first(where: { $0.name == tensor.layer }) else {
      return false
    }
    if record.isBranched, layer.mask(ofCall: 0) == .withheld { return false }
    let call = layer.inbound.indices.contains(tensor.node) ? layer.inbound[tensor.node] : []
    return emitsMask(layer) {
      call.contains { mayBeMasked($0, in: record, depth: depth + 1) }
    }
  }

  /// Whether a mask may come to a layer of a Sequential.
  static func mayBeMasked(layer index: Int, ofSequential record: ModelRecord) -> Bool {
    record.layers[..<index].reduce(false) { isMasked, layer in emitsMask(layer) { isMasked } }
  }

  private static func emitsMask(_ layer: LayerRecord, receiving: () -> Bool) -> Bool {
    if layer.config["mask_zero"] == true || layer.className == "Masking" { return true }
    let inner = layer.config["layer"]?.object?["config"]?.object ?? layer.config
    switch layer.className {
    case "InputLayer", "Embedding", "Flatten", "Reshape", "Permute", "Dot": return false
    case _ where layer.className.contains("Conv1D") || layer.className.contains("Pooling1D"):
      return false
    case "SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional":
      guard inner["return_sequences"] == true else { return false }
    case _ where ModelRecord.nestedClasses.contains(layer.className):
      if makesMask(.object(layer.config)) { return true }
    default: break
    }
    return receiving()
  }

  /// Whether a layer inside of a definition makes a mask.
  private static func makesMask(_ value: JSON) -> Bool {
    if let list = value.array { return list.contains(where: makesMask) }
    guard let object = value.object else { return false }
    return object["class_name"] == "Masking" || object["mask_zero"] == true
      || object.members.contains { makesMask($0.value) }
  }

  private static func renamed(
    _ record: ModelRecord, _ notes: inout [ConversionNote]
  ) throws(KerasError) -> ModelRecord {
    var record = record
    var names: [String: String] = [:]
    for index in record.layers.indices {
      let layer = record.layers[index]
      var name = layer.name.split(separator: "/").joined(separator: "_")
      if layer.className == "Concatenate", name == "concatenate",
        layer.inbound.joined().contains(where: { mayBeMasked($0, in: record) })
      {
        name = "concatenate_layer"
      }
      if name != layer.name {
        names[layer.name] = name
        record.layers[index].name = name
        notes.append(
          ConversionNote(layer: layer.name, message: "renamed \(name), which Keras 3 can take"))
      }
      guard ModelRecord.nestedClasses.contains(layer.className) else { continue }
      record.layers[index].config = try ModelRecord.changed(
        layer.className, layer.config, record.generation
      ) { model throws(KerasError) in model = try renamed(model, &notes) }
    }
    guard !names.isEmpty else { return record }
    func changed(_ tensor: TensorReference) -> TensorReference {
      var tensor = tensor
      tensor.layer = names[tensor.layer] ?? tensor.layer
      return tensor
    }
    for index in record.layers.indices {
      record.layers[index].inbound = record.layers[index].inbound.map { $0.map(changed) }
      record.layers[index].inboundMasks = record.layers[index].inboundMasks.map {
        $0?.renamed(changed)
      }
    }
    record.inputs = record.inputs.map(changed)
    record.outputs = record.outputs.map(changed)
    return record
  }
}
