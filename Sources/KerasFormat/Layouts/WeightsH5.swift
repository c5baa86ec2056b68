/// The layout of `.weights.h5` and of the weights inside a `.keras` archive: groups follow the
/// structure of Python's objects. A layer's group is its class in snake case, numbered within its
/// container, whatever the layer is called; each object has a group `vars` with arrays `0`, `1`, ….
enum WeightsH5 {
  static func isWeights(_ root: HDF5Group) -> Bool {
    // A file of the older layout names its layers, one of which may be called `layers`.
    guard root.attributes["layer_names"] == nil else { return false }
    return root.group("layers") != nil || root.group("_layer_checkpoint_dependencies") != nil
  }

  /// The group of each listed layer: `gru`, `dense`, `dense_1`.
  static func groupNames(_ record: ModelRecord) -> [(index: Int, name: String)] {
    var names = LayerNames()
    return record.listedLayers.map { ($0, names.next(for: record.layers[$0].className)) }
  }

  // MARK: - Reading

  static func assign(_ root: HDF5Group, to record: inout ModelRecord) throws(KerasError) {
    guard let stored = root.group("layers") ?? root.group("_layer_checkpoint_dependencies") else {
      throw KerasError(.damagedFile, "the weights have no group layers")
    }
    let layers = try CuDNNGroups.moved(in: stored, of: record)
    var known: Set<String> = []
    for (index, name) in groupNames(record) {
      known.insert(name)
      let layer = record.layers[index]
      guard let group = layers.group(name) else {
        guard try !LayerStructure(layer).leaves.contains(where: \.namesWeights) else {
          throw KerasError(
            .weightMismatch, "the file has no layers/\(name), where \(layer.name) has its weights",
            at: .init(path: [layer.name]))
        }
        continue
      }
      do throws(KerasError) {
        record.layers[index].weights = try weights(of: layer, in: group, record.generation)
        if Vocabularies.hasWeights(layer.className, layer.config),
          case .dataset(let idf) = group.object(at: ["vars", "idf_weights"])
        {
          try Vocabularies.take(idf.array, into: &record.layers[index])
        }
      } catch {
        throw error.inside(layer.name)
      }
    }
    for name in layers.children.names where !known.contains(name) {
      guard let group = layers.group(name), !allWeights(in: group).isEmpty else { continue }
      throw KerasError(
        .weightMismatch, "the file holds layers/\(name), but the model has no such layer",
        at: .init(path: ["layers", name]))
    }
  }

  /// The arrays of a layer, object by object.
  private static func weights(
    of layer: LayerRecord, in group: HDF5Group, _ generation: Generation
  ) throws(KerasError) -> [WeightRecord] {
    var weights: [WeightRecord] = []
    for leaf in try LayerStructure(layer).leaves {
      guard let object = group.group(at: leaf.path) else {
        guard leaf.namesWeights else { continue }
        throw KerasError(
          .weightMismatch, "the file has no \(leaf.path.joined(separator: "/")) of this layer")
      }
      let own = allWeights(in: object)
      for (weight, array) in zip(own, try OldWeights.withoutCuDNN(own.map(\.array), of: leaf)) {
        let name = (leaf.path + [weight.name]).joined(separator: "/")
        let array = AxisOrder.sorted(array, of: leaf, generation)
        weights.append(WeightRecord(name: name, array: array))
      }
    }
    return weights
  }

  /// All arrays of an object and of those in it, outer ones first, named by the way to them.
  private static func allWeights(in group: HDF5Group) -> [WeightRecord] {
    var weights = arrays(in: group).enumerated().map {
      WeightRecord(name: "\($0.offset)", array: $0.element)
    }
    // States of random generators were stored by early versions and are drawn anew.
    let inner = group.children.names.filter { $0 != "vars" && $0 != "seed_generator" }
    for name in inner.sorted(by: precedes) {
      guard let child = group.group(name) else { continue }
      weights += allWeights(in: child).map {
        WeightRecord(name: "\(name)/\($0.name)", array: $0.array)
      }
    }
    return weights
  }

  /// The arrays of an object, by number.
  static func arrays(in group: HDF5Group) -> [NumericArray] {
    guard let vars = group.group("vars") else { return [] }
    return vars.children.members.sorted { precedes($0.name, $1.name) }.compactMap {
      if case .dataset(let dataset) = $0.value { dataset.array } else { nil }
    }
  }

  /// `forward_layer` before `backward_layer`, `dense_2` before `dense_10`, `2` before `10`.
  static func precedes(_ a: String, _ b: String) -> Bool {
    if a == "backward_layer" || b == "backward_layer" { return b == "backward_layer" && a != b }
    let first = numbered(a)
    let second = numbered(b)
    return first.stem == second.stem ? first.number < second.number : first.stem < second.stem
  }

  private static func numbered(_ name: String) -> (stem: String, number: Int) {
    let digits = name.reversed().prefix { $0.isNumber }
    let stem = String(name.dropLast(digits.count))
    guard stem.isEmpty || stem.hasSuffix("_") else { return (name, 0) }
    let bare = stem.hasSuffix("_") ? String(stem.dropLast()) : stem
    return (bare, Int(String(digits.reversed())) ?? 0)
  }

  // MARK: - Writing

  static func write(_ record: ModelRecord, _ dialect: Dialect) throws(KerasError) -> HDF5Group {
    var writer = Writer(dialect: dialect)
    try writer.addObject([], name: record.name)
    for (index, name) in groupNames(record) {
      try writer.add(record.layers[index], at: ["layers", name])
    }
    // 2.15 leaves the state of its legacy optimizers out of an archive.
    if let optimizer = record.training?.optimizer, optimizer.config["is_legacy_optimizer"] != true {
      let plan = SlotPlan(
        dialect: dialect, className: optimizer.className, config: optimizer.config)
      let trainable = try record.trainableWeights()
      let shapes = trainable.map(\.weight.weight.array.shape)
      var entries = try plan.entries(
        optimizer, shapes: shapes, order: Array(shapes.indices))
      for (index, entry) in entries.enumerated() {
        guard let variable = entry.variable else { continue }
        let leaf = trainable[variable].weight.leaf
        entries[index].array = OldWeights.written(entry.array, of: leaf, dialect)
      }
      try writer.addObject(["optimizer"], name: LayerNames.snakeCase(optimizer.className))
      for entry in entries { try writer.add(entry.array, to: ["optimizer"]) }
      if optimizer.config[LossScale.key] != nil {
        let inner = ["optimizer", "inner_optimizer"]
        try writer.addObject(inner, name: LayerNames.snakeCase(optimizer.className))
        for entry in entries.dropFirst(SlotPlan.ownCount(entries)) {
          try writer.add(entry.array, to: inner)
        }
      }
    }
    return writer.root
  }

  private struct Writer {
    let dialect: Dialect
    var root = HDF5Group()
    /// Objects so far, with the number of their arrays.
    private var counts: [[String]: Int] = [:]

    init(dialect: Dialect) { self.dialect = dialect }

    /// Makes an object's group `vars`; Keras 3 notes the object's name on it.
    mutating func addObject(_ path: [String], name: String) throws(KerasError) {
      guard counts[path] == nil else { return }
      counts[path] = 0
      var vars = HDF5Group()
      if dialect.generation == .keras3 { vars.attributes["name"] = .string(name) }
      try root.insert(.group(vars), at: path + ["vars"])
    }

    mutating func add(_ layer: LayerRecord, at path: [String]) throws(KerasError) {
      try addObject(path, name: layer.name)
      if dialect.generation == .keras2_15, layer.className == "Bidirectional" {
        // 2.15 keeps the layer that both directions were copied from, without weights.
        try addObject(path + ["layer"], name: "")
        try addObject(path + ["layer", "cell"], name: "")
      }
      for object in try LayerStructure(layer).objects {
        try addObject(path + object.path, name: object.name)
      }
      for weight in try layer.leafWeights() {
        let object = path + weight.weight.path
        try addObject(object, name: object.last ?? layer.name)
        try add(OldWeights.written(weight, dialect), to: object)
      }
      let inner = Vocabularies.innerObjects(of: layer.className)
      for object in inner { try addObject(path + object.path, name: object.name) }
      guard let idf = try Vocabularies.weights(of: layer) else { return }
      for object in [[]] + inner.map(\.path) {
        try root.insert(.dataset(HDF5Dataset(idf)), at: path + object + ["vars", "idf_weights"])
      }
    }

    mutating func add(_ array: NumericArray, to object: [String]) throws(KerasError) {
      let index = counts[object, default: 0]
      counts[object] = index + 1
      var dataset = HDF5Dataset(array)
      if case .bfloat16 = array.elements {
        guard dialect.generation == .keras3 else {
          throw KerasError(
            .unsupportedConfiguration, "\(dialect.name) cannot read bfloat16 weights",
            at: .init(path: object), hint: "write Keras 3")
        }
        dataset.attributes["dtype"] = .string("bfloat16")
      }
      try root.insert(.dataset(dataset), at: object + ["vars", "\(index)"])
    }
  }
}
