/// What Keras 3 rounds of a `BatchNormalization`: it keeps the weights in the layer's type, where
/// 2.15 keeps those of a 16-bit one in float32 (`_param_dtype` in `batch_normalization.py`).
enum NormalizationRounding {
  /// Notes each layer of a model that holds such weights.
  static func note(
    _ record: ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) throws(KerasError) {
    guard record.generation == .keras2_15, generation == .keras3 else { return }
    for layer in record.layers {
      for weight in try layer.leafWeights() where weight.leaf.className == "BatchNormalization" {
        guard let dtype = weight.leaf.config["dtype"]?.string,
          ["float16", "bfloat16"].contains(dtype), case .float32 = weight.weight.array.elements
        else { continue }
        notes.append(
          ConversionNote(
            layer: layer.name,
            message: "Keras 3 keeps the weights of a BatchNormalization of \(dtype) in that type: "
              + "those of 2.15, and what the optimizer keeps of them, are rounded"))
        break
      }
    }
  }
}
