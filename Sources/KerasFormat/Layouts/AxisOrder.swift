/// In which order the weights of a `LayerNormalization` over several axes have their extents: in 2.15
/// in that of `axis`, in Keras 3 in that of the input. The numbers lie alike in both: 2.15 takes
/// them in the order of the input, whatever the shape says (`normalization/layer_normalization.py`).
enum AxisOrder {
  /// A weight, or what an optimizer keeps of it, from a file of that generation, as Keras 3 has it.
  static func sorted(
    _ array: NumericArray, of leaf: LayerStructure.Leaf, _ generation: Generation
  ) -> NumericArray {
    guard let order = order(of: leaf, generation), order.count == array.shape.count else {
      return array
    }
    return NumericArray(shape: order.map { array.shape[$0] }, array.elements)
  }

  /// The same, as a file of that generation has it.
  static func listed(
    _ array: NumericArray, of leaf: LayerStructure.Leaf, _ generation: Generation
  ) -> NumericArray {
    guard let order = order(of: leaf, generation), order.count == array.shape.count else {
      return array
    }
    var shape = array.shape
    for (place, axis) in order.enumerated() { shape[axis] = array.shape[place] }
    return NumericArray(shape: shape, array.elements)
  }

  /// Brings an optimizer's slots from the file's order into Keras 3's.
  static func sort(_ optimizer: inout OptimizerRecord, of record: ModelRecord) throws(KerasError) {
    let trainable = try record.trainableWeights()
    for slot in optimizer.slots.indices
    where optimizer.slots[slot].arrays.count == trainable.count {
      optimizer.slots[slot].arrays = zip(optimizer.slots[slot].arrays, trainable).map {
        sorted($0, of: $1.weight.leaf, record.generation)
      }
    }
  }

  /// The places of the axes, the first axis first; `nil` where they are listed so.
  private static func order(of leaf: LayerStructure.Leaf, _ generation: Generation) -> [Int]? {
    guard generation == .keras2_15, leaf.className == "LayerNormalization",
      let axes = leaf.config["axis"]?.array?.compactMap(\.integer), axes != axes.sorted()
    else { return nil }
    return axes.indices.sorted { axes[$0] < axes[$1] }
  }
}
