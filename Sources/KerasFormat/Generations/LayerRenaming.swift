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

  private static func renamed(
    _ record: ModelRecord, _ notes: inout [ConversionNote]
  ) throws(KerasError) -> ModelRecord {
    var record = record
    var names: [String: String] = [:]
    for index in record.layers.indices {
      let layer = record.layers[index]
      var name = layer.name.split(separator: "/").joined(separator: "_")
      if layer.className == "Concatenate", name == "concatenate",
        layer.inbound.joined().contains(where: { record.mayBeMasked($0) })
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
