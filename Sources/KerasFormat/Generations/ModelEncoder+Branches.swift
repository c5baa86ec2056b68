/// The way back to Keras 1's Sequential that starts with a Merge of other models.
extension ModelEncoder {
  /// The list of layers that Keras 1 has for a model whose ``ModelRecord/isBranched``.
  mutating func branches(
    of record: ModelRecord, _ encoder: inout LayerEncoder
  ) throws(KerasError) -> JSON {
    guard let end = record.outputs.first, record.outputs.count == 1,
      let entries = try line(endingAt: end, in: record, &encoder)
    else {
      throw KerasError(
        .unsupportedConfiguration,
        "masks withheld from a layer of a graph, which Keras 1 cannot store")
    }
    return .array(entries)
  }

  /// The layers of the Sequential that ends in a tensor; `nil` where what leads to it is no line.
  private mutating func line(
    endingAt end: TensorReference, in record: ModelRecord, _ encoder: inout LayerEncoder
  ) throws(KerasError) -> [JSON]? {
    let known = record.layersByName
    var (end, line): (TensorReference, [LayerRecord]) = (end, [])
    while line.count <= record.layers.count, let layer = known[end.layer],
      end == TensorReference(layer: layer.name), layer.inbound.count < 2
    {
      line.append(layer)
      if layer.className == "InputLayer" || layer.mask(ofCall: 0) == .withheld { break }
      guard let call = layer.inbound.first, call.count == 1 else { return nil }
      end = call[0]
    }
    line.reverse()
    guard let first = line.first, first.className != "InputLayer" || line.count > 1,
      first.className == "InputLayer" || first.mask(ofCall: 0) == .withheld
    else { return nil }
    let sequential = ModelRecord(generation: record.generation, name: record.name, layers: line)
    var entries = try config(of: sequential, &encoder)["layers"]?.array ?? []
    guard first.className != "InputLayer" else { return entries }
    var branches: [JSON] = []
    for end in first.inbound[0] {
      branches.append(try branch(endingAt: end, in: record, &encoder))
    }
    if var merge = entries.first?.object, var config = merge["config"]?.object {
      config["layers"] = .array(branches)
      merge["config"] = .object(config)
      entries[0] = .object(merge)
    }
    return entries
  }

  /// A Sequential, or a functional model where the layers are more than a line.
  private mutating func branch(
    endingAt end: TensorReference, in record: ModelRecord, _ encoder: inout LayerEncoder
  ) throws(KerasError) -> JSON {
    if let entries = try line(endingAt: end, in: record, &encoder) {
      return ["class_name": "Sequential", "config": .array(entries)]
    }
    let names = Set(record.way(to: end).map(\.layer))
    var model = ModelRecord(
      generation: record.generation, name: "\(end.layer)_branch", isSequential: false,
      layers: record.layers.filter { names.contains($0.name) })
    model.inputs = record.inputs.filter { names.contains($0.layer) }
    model.outputs = [end]
    return ["class_name": "Model", "config": .object(try config(of: model, &encoder))]
  }
}

/// What later generations have for such a model: a functional one, whose masks go their ways.
enum BranchForms {
  /// Keras 2.15 gets an Identity, which hands no mask on, where one comes out of a branch. Keras 3's
  /// would hand it on, as its Merge does then; Keras 2.2 has no such layer.
  ///
  /// - Throws: ``KerasError`` naming the merging layer that a mask would reach in Keras 2.2.
  static func converted(
    _ record: ModelRecord, to generation: Generation, _ notes: inout [ConversionNote]
  ) throws(KerasError) -> ModelRecord {
    guard record.isBranched, generation > .keras1 else { return record }
    var result = record
    for index in record.layers.indices where record.layers[index].mask(ofCall: 0) == .withheld {
      let merge = record.layers[index]
      result.layers[position(of: merge, in: result)].inboundMasks = []
      for (place, end) in merge.inbound[0].enumerated()
      where record.mayBeMasked(end) {
        switch generation {
        case .keras2:
          throw KerasError(
            .unsupportedConfiguration,
            "Keras 1 merges without the mask of \(end.layer), and Keras 2 would take it",
            at: .init(path: [merge.name]), hint: "write Keras 1 or 2.15")
        case .keras2_15:
          stop(end, at: place, of: merge, in: &result)
          notes.append(
            ConversionNote(
              layer: merge.name,
              message: "added an Identity behind \(end.layer): Keras 1 merges without its mask"))
        default: break
        }
      }
    }
    try result.sortAsKerasDoes()
    return result
  }

  private static func position(of layer: LayerRecord, in record: ModelRecord) -> Int {
    record.layers.firstIndex { $0.name == layer.name } ?? 0
  }

  private static func stop(
    _ end: TensorReference, at place: Int, of merge: LayerRecord, in record: inout ModelRecord
  ) {
    let names = Set(record.layers.map(\.name))
    var name = "\(end.layer)_out"
    while names.contains(name) { name += "_out" }
    var layer = LayerRecord(
      className: "Identity", name: name, config: ["trainable": true, "dtype": "float32"])
    layer.inbound = [[end]]
    let index = position(of: merge, in: record)
    record.layers[index].inbound[0][place] = TensorReference(layer: name)
    record.layers.insert(layer, at: index)
  }
}
