/// An optimizer's arrays in the legacy layout, under the names that each generation gives them.
struct OptimizerArrays {
  let dialect: Dialect
  let record: ModelRecord
  private let names: LegacyNames

  init(dialect: Dialect, record: ModelRecord) throws(KerasError) {
    (self.dialect, self.record) = (dialect, record)
    names = try LegacyNames(dialect: dialect, record: record)
  }

  /// The optimizer's arrays under their names, in file order.
  func arrays(
    of optimizer: OptimizerRecord
  ) throws(KerasError) -> [(name: String, array: NumericArray)] {
    let isSorted = dialect.generation == .keras1
    var optimizer = optimizer
    let trainable = try parts(&optimizer)
    if isSorted, !optimizer.slots.isEmpty,
      let stranger = trainable.first(where: {
        !KerasLayerNames.all.contains($0.weight.leaf.className)
      })
    {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras 1 keeps an optimizer's arrays in the order of the weights' names, which those of "
          + "\(stranger.weight.leaf.className) it alone knows",
        at: .init(path: [stranger.layer.name]),
        hint: "write .json and the weights alone (--legacy-weights)")
    }
    let isLegacy =
      dialect.generation == .keras2_15 && optimizer.config["is_legacy_optimizer"] == true
    let order =
      isSorted
      ? Keras1Slots.order(of: trainable.map { names.path(of: $0.weight, gate: $0.gate) })
      : Array(trainable.indices)
    let plan = SlotPlan(
      dialect: dialect, className: optimizer.className, config: optimizer.config)
    let entries = try plan.entries(
      optimizer, shapes: trainable.map(\.shape), order: order)
    var number = isSorted ? Self.keras1Variables[optimizer.className] ?? 0 : 0
    return entries.map { entry in
      let weight = entry.variable.map { trainable[$0] }
      let array = weight.map { OldWeights.written(entry.array, of: $0.weight.leaf, dialect) }
      if entry.slot != nil || dialect.isModern {
        defer { number += 1 }
        let stem = weight.map { names.stem(of: $0.weight) } ?? []
        let name =
          isLegacy
          ? legacyName(of: entry, stem, optimizer.className)
          : name(of: entry, stem, optimizer.className, number)
        return (name, array ?? entry.array)
      }
      return (isSorted ? "Variable:0" : "\(optimizer.className)/iterations:0", entry.array)
    }
  }

  /// A trainable weight, or a gate's part of one.
  private struct Part {
    let layer: LayerRecord
    let weight: LeafWeight
    let gate: Keras1Gates.Gate?

    var shape: [Int] {
      gate.map { $0.part(of: weight.weight.array).shape } ?? weight.weight.array.shape
    }
  }

  /// What the file keeps of each trainable weight, in model order; the slots are cut accordingly.
  private func parts(_ optimizer: inout OptimizerRecord) throws(KerasError) -> [Part] {
    let trainable = try record.trainableWeights()
    var parts: [Part] = []
    var sources: [Int] = []
    for (index, (layer, weight)) in trainable.enumerated() {
      let gates = dialect.generation == .keras1 ? Keras1Gates.gates(of: weight.leaf) : []
      let own: [Keras1Gates.Gate?] = gates.isEmpty ? [nil] : gates
      parts += own.map { Part(layer: layer, weight: weight, gate: $0) }
      sources += own.map { _ in index }
    }
    for slot in optimizer.slots.indices {
      let arrays = optimizer.slots[slot].arrays
      guard parts.count > trainable.count, arrays.count == trainable.count else { continue }
      optimizer.slots[slot].arrays = zip(parts, sources).map { part, source in
        // What is kept once for all has no columns.
        part.gate.map { arrays[source].shape == [] ? arrays[source] : $0.part(of: arrays[source]) }
          ?? arrays[source]
      }
    }
    return parts
  }

  /// How many variables Keras 1's optimizers have before those that they save: their settings.
  private static let keras1Variables = [
    "SGD": 4, "RMSprop": 4, "Adagrad": 3, "Adadelta": 3, "Adam": 5, "Adamax": 5, "Nadam": 5,
  ]

  /// What TensorFlow calls the slots of 2.15's legacy optimizers, behind the names of their
  /// weights.
  private func legacyName(
    of entry: SlotPlan.Entry, _ stem: [String], _ className: String
  ) -> String {
    var short = [
      "u_product": "momentum_cache", "norm": "v", "average_gradient": "mg",
      "accumulated_grad": "accum_grad", "accumulated_delta_var": "accum_var",
    ]
    if className == "RMSprop" {
      short["velocity"] = "rms"
    } else if className != "SGD" {
      for (slot, letter) in [("momentum", "m"), ("velocity", "v"), ("velocity_max", "vhat")] {
        short[slot] = letter
      }
    }
    let tail = entry.slot.map { short[$0] ?? $0 } ?? "iter"
    return ([className] + stem + [tail]).joined(separator: "/") + ":0"
  }

  private func name(
    of entry: SlotPlan.Entry, _ stem: [String], _ className: String, _ number: Int
  ) -> String {
    let isCounter = entry.slot == nil && entry.array.elements.type == .int64
    switch dialect.generation {
    case .keras1: return "Variable_\(number):0"
    case .keras2:
      return "training/\(className)/Variable" + (number == 0 ? "" : "_\(number)") + ":0"
    case .keras2_15:
      let short =
        ["SGD", "Adam", "AdamW", "Nadam", "Adamax", "Lion", "Adafactor"].contains(className)
        ? [
          "momentum": "m", "velocity": "v", "velocity_max": "vhat", "norm": "u", "row": "r",
          "column": "c",
        ] : [:]
      guard !isCounter, let slot = entry.slot else { return "iteration:0" }
      return ([className, short[slot] ?? slot] + stem).joined(separator: "/") + ":0"
    case .keras3:
      if let own = SlotPlan.lossScaleName(entry) { return "loss_scale_optimizer/\(own)" }
      let own = isCounter ? "iteration" : "learning_rate"
      let slot = entry.slot.map { ["velocity_max": "velocity_hat"][$0] ?? $0 }
      // Nadam makes its running product outside of its scope, without a name.
      if entry.slot == SlotPlan.product { return "variable" }
      let tail = slot.map { (stem + [$0]).joined(separator: "_") } ?? own
      return "\(LayerNames.snakeCase(className))/\(tail)"
    }
  }
}
