/// The slots of Keras 1's optimizers, between its order and the model's.
///
/// Keras 1 sorts the weights that it trains by name (`Model.compile` in `engine/training.py` of
/// 1.2.2), so that its arrays stand in that order, gate by gate where the weights do.
enum Keras1Slots {
  /// In which order Keras 1 keeps what belongs to weights of these names.
  static func order(of names: [String]) -> [Int] {
    names.indices.sorted {
      Array(names[$0].utf8).lexicographicallyPrecedes(Array(names[$1].utf8))
    }
  }

  /// Sorts and joins the arrays of every slot.
  ///
  /// - Parameters:
  ///   - stored: the layers as the file lists their weights.
  ///   - record: with its weights in place.
  static func arrange(
    _ optimizer: inout OptimizerRecord, _ stored: [LegacyH5.Layer], _ record: ModelRecord
  ) throws(KerasError) {
    let filled = stored.filter { !$0.arrays.isEmpty }
    let targets = record.layers.indices.filter { !record.layers[$0].weights.isEmpty }
    guard filled.count == targets.count else {
      throw KerasError(
        .weightMismatch, "weights of \(filled.count) layers stored, but \(targets.count) have some")
    }
    var names: [String] = []
    for (layer, target) in zip(filled, targets) {
      names += try trained(layer, record.layers[target])
    }
    names = order(of: names).map { names[$0] }
    for index in optimizer.slots.indices {
      let arrays = optimizer.slots[index].arrays
      guard arrays.count == names.count else {
        throw KerasError(
          .weightMismatch,
          "the optimizer has \(arrays.count) arrays per slot, but the model \(names.count) trainable "
            + "weights")
      }
      let byName = Dictionary(zip(names, arrays), uniquingKeysWith: { first, _ in first })
      guard byName.count == names.count else {
        throw KerasError(
          .weightMismatch,
          "several weights have one name, by which Keras 1 sorts the optimizer's arrays: whose is "
            + "whose cannot be told")
      }
      var arranged: [NumericArray] = []
      for (layer, target) in zip(filled, targets) {
        arranged += try slot(byName, layer, record.layers[target])
      }
      optimizer.slots[index].arrays = arranged
    }
  }

  /// The names of a layer's weights that are trained: those of frozen layers inside it are not.
  private static func trained(
    _ stored: LegacyH5.Layer, _ layer: LayerRecord
  ) throws(KerasError) -> [String] {
    let structure = try LayerStructure(layer)
    var owners = stored.names.map { _ in 0 }
    if structure.leaves.count > 1,
      case .owners(let found) = WeightOwners.leaves(of: stored.names, in: structure, .keras1)
    {
      owners = found
    }
    return zip(stored.names, owners).compactMap { name, owner in
      let isTrainable =
        structure.leaves.indices.contains(owner)
        ? structure.leaves[owner].isTrainable : layer.config["trainable"] != false
      return isTrainable && !name.contains("running_mean") && !name.contains("running_std")
        ? name : nil
    }
  }

  /// One layer's part of a slot, joined as its weights were.
  private static func slot(
    _ byName: [String: NumericArray], _ stored: LegacyH5.Layer, _ layer: LayerRecord
  ) throws(KerasError) -> [NumericArray] {
    var filled = layer
    var config = layer.config
    var slots = stored
    // What is not trained stands in for itself, and is left out again.
    slots.arrays = zip(stored.names, stored.arrays).map { byName[$0] ?? $1 }
    filled.weights = try OldWeights.modern(slots, try LayerStructure(layer), .keras1, &config)
    return try filled.leafWeights().filter(\.isTrainable).map(\.weight.array)
  }
}
