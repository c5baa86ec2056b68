/// What Keras 1 and 2.2, which have no Identity, have for one.
enum IdentityForms {
  /// An `Activation("linear")` of the same name, which the model's outputs, calls and compile settings
  /// find as before. It hands a mask on, as Keras 3's Identity does.
  ///
  /// What is not the same stays an Identity, and is refused by name: one of 2.15, which hands no mask
  /// on, where one may come; one that rounds to another type than float32; one inside another layer;
  /// for Keras 1, whose linear Activation gives back the very tensor that it takes, one of two outputs.
  static func write(
    _ record: inout ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) {
    for index in record.layers.indices where isLinear(index, in: record, generation) {
      record.layers[index].className = "Activation"
      record.layers[index].config["activation"] = "linear"
      notes.append(
        ConversionNote(
          layer: record.layers[index].name,
          message:
            "Keras \(generation.rawValue) has no Identity: written as Activation('linear')"))
    }
  }

  private static func isLinear(
    _ index: Int, in record: ModelRecord, _ generation: Generation
  ) -> Bool {
    let layer = record.layers[index]
    guard layer.className == "Identity", layer.config["dtype"] ?? "float32" == "float32",
      layer.config["activity_regularizer"] ?? .null == .null
    else { return false }
    let ends = Set(layer.inbound.joined().map(\.layer) + [layer.name])
    if generation == .keras1, record.outputs.count > 1,
      record.outputs.contains(where: { ends.contains($0.layer) })
    {
      return false
    }
    return record.generation == .keras3 || !record.mayBeMasked(inputsOf: index)
  }
}
