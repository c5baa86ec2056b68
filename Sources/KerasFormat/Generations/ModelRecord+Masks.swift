/// Which tensors of a definition may come with a mask, as far as it can be said before the layers are
/// built.
extension ModelRecord {
  /// Whether a mask may come with a tensor of a functional model; where a model inside makes one, it
  /// may.
  func mayBeMasked(_ tensor: TensorReference, depth: Int = 0) -> Bool {
    guard depth < 1_000, let layer = layers.first(where: { $0.name == tensor.layer }) else {
      return false
    }
    if isBranched, layer.mask(ofCall: 0) == .withheld { return false }
    let call = layer.inbound.indices.contains(tensor.node) ? layer.inbound[tensor.node] : []
    return emitsMask(layer) { call.contains { mayBeMasked($0, depth: depth + 1) } }
  }

  /// Whether a mask may come to a layer.
  func mayBeMasked(inputsOf index: Int) -> Bool {
    guard isSequential else { return layers[index].inbound.joined().contains { mayBeMasked($0) } }
    return layers[..<index].reduce(false) { isMasked, layer in emitsMask(layer) { isMasked } }
  }

  /// Whether a mask may leave a layer, given whether one comes in.
  private func emitsMask(_ layer: LayerRecord, receiving: () -> Bool) -> Bool {
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
  private func makesMask(_ value: JSON) -> Bool {
    if let list = value.array { return list.contains(where: makesMask) }
    guard let object = value.object else { return false }
    return object["class_name"] == "Masking" || object["mask_zero"] == true
      || object.members.contains { makesMask($0.value) }
  }
}
