/// The slots of Keras 1's optimizers in the model's order.
///
/// Keras 1 sorts the weights that it trains by name (`collect_trainable_weights` in
/// `engine/training.py` of 1.2.2), so that its arrays stand in that order, gate by gate where the
/// weights do.
enum Keras1Slots {
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
      names += trained(layer, record.layers[target])
    }
    names.sort { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    for index in optimizer.slots.indices {
      let arrays = optimizer.slots[index].arrays
      guard arrays.count == names.count else {
        throw KerasError(
          .weightMismatch,
          "the optimizer has \(arrays.count) arrays per slot, but the model \(names.count) trainable "
            + "weights")
      }
      let byName = Dictionary(zip(names, arrays), uniquingKeysWith: { first, _ in first })
      var arranged: [NumericArray] = []
      for (layer, target) in zip(filled, targets) {
        arranged += try slot(byName, layer, record.layers[target])
      }
      optimizer.slots[index].arrays = arranged
    }
  }

  /// The names of a layer's weights that are trained.
  private static func trained(_ stored: LegacyH5.Layer, _ layer: LayerRecord) -> [String] {
    guard layer.config["trainable"] != false else { return [] }
    return stored.names.filter { !$0.contains("running_mean") && !$0.contains("running_std") }
  }

  /// One layer's part of a slot, joined as its weights were.
  private static func slot(
    _ byName: [String: NumericArray], _ stored: LegacyH5.Layer, _ layer: LayerRecord
  ) throws(KerasError) -> [NumericArray] {
    var filled = layer
    var config = layer.config
    // What is not trained stands in for itself, and is left out again.
    let arrays = zip(stored.names, stored.arrays).map { byName[$0] ?? $1 }
    filled.weights = try OldWeights.modern(
      arrays, try LayerStructure(layer), .keras1, &config
    ).enumerated().map { WeightRecord(name: "\($0.offset)", array: $0.element) }
    return try filled.leafWeights().filter(\.isTrainable).map(\.weight.array)
  }

  // MARK: - Writing

  /// The arrays of a file in Keras 1's order and shapes: slot by slot, each sorted by the names of its
  /// weights.
  static func sorted(
    _ entries: [SlotPlan.Entry], _ record: ModelRecord
  ) throws(KerasError) -> [SlotPlan.Entry] {
    let names = LegacyNames(dialect: .keras1, record: record)
    let trainable = try record.trainableWeights()
    let paths = trainable.map { Array(names.path(of: $0.weight, in: $0.layer).utf8) }
    let ranks = trainable.indices.sorted { paths[$0].lexicographicallyPrecedes(paths[$1]) }
    let groups = Dictionary(grouping: entries.filter { $0.variable != nil }) { $0.slot }
    var sorted: [SlotPlan.Entry] = []
    for entry in entries {
      guard let variable = entry.variable else {
        // Its counter is a float32.
        let count = entry.array.doubles().first ?? 0
        sorted.append(SlotPlan.Entry(array: NumericArray(shape: [], .float32([Float(count)]))))
        continue
      }
      guard variable == 0, let group = groups[entry.slot] else { continue }
      for index in ranks {
        guard var next = group.first(where: { $0.variable == index }) else { continue }
        next.array = OldWeights.written(next.array, trainable[index].weight.leaf, .keras1)
        sorted.append(next)
      }
    }
    return sorted
  }
}
