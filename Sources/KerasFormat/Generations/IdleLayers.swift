/// Layers that change nothing, written for generations that have no word for them: Keras 1 and 2.2
/// have no Identity.
enum IdleLayers {
  /// Leaves out every Identity that no mask can reach, or that would hand it on, and joins what is
  /// before and behind. One that ends a mask stays, and is refused by name.
  static func drop(
    _ record: inout ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) {
    let idle = record.layers.indices.filter { isIdle($0, in: record) }
    // Masks that are given to calls may come through one.
    let givesMasks = record.layers.contains { $0.inboundMasks.contains { $0 != nil } }
    guard !idle.isEmpty, !givesMasks else { return }
    let names = Set(idle.map { record.layers[$0].name })
    if record.isSequential {
      // A model is not left without layers.
      let rest = record.layers.filter { !names.contains($0.name) && $0.className != "InputLayer" }
      guard !rest.isEmpty else { return }
    } else {
      let layers = Dictionary(record.layers.map { ($0.name, $0) }) { first, _ in first }
      func source(_ end: TensorReference) -> TensorReference {
        var end = end
        while names.contains(end.layer), let layer = layers[end.layer],
          layer.inbound.indices.contains(end.node), layer.inbound[end.node].count == 1
        {
          end = layer.inbound[end.node][0]
        }
        return end
      }
      for index in record.layers.indices {
        record.layers[index].inbound = record.layers[index].inbound.map { $0.map(source) }
      }
      record.outputs = record.outputs.map(source)
    }
    record.layers.removeAll { names.contains($0.name) }
    for name in names.sorted() {
      notes.append(
        ConversionNote(
          layer: name,
          message:
            "Keras \(generation.rawValue) has no Identity: the layer, which changes nothing, "
            + "is left out"))
    }
  }

  /// Whether a layer is an Identity that can be left out.
  private static func isIdle(_ index: Int, in record: ModelRecord) -> Bool {
    let layer = record.layers[index]
    guard layer.className == "Identity", layer.weights.isEmpty,
      layer.config["activity_regularizer"] ?? .null == .null
    else { return false }
    return record.generation == .keras3 || !canBeMasked(index, in: record)
  }

  /// Whether one of the layers in front makes a mask.
  private static func canBeMasked(_ index: Int, in record: ModelRecord) -> Bool {
    if record.isSequential { return record.layers[..<index].contains(where: makesMask) }
    var (open, seen) = ([record.layers[index].name], Set<String>())
    while let name = open.popLast() {
      guard seen.insert(name).inserted, let layer = record.layers.first(where: { $0.name == name })
      else { continue }
      if makesMask(layer) { return true }
      open += layer.inbound.joined().map(\.layer)
    }
    return false
  }

  private static func makesMask(_ layer: LayerRecord) -> Bool {
    layer.className == "Masking" || makesMask(.object(layer.config))
  }

  private static func makesMask(_ value: JSON) -> Bool {
    if let list = value.array { return list.contains(where: makesMask) }
    guard let object = value.object else { return false }
    return object["class_name"] == "Masking" || object["mask_zero"] == true
      || object.members.contains { makesMask($0.value) }
  }
}
