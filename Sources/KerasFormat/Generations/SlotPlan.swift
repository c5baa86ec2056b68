/// In which order an optimizer's arrays stand in a file, per class and generation (read off real
/// files of each): counters first, then the slots, either slot by slot or variable by variable.
struct SlotPlan {
  let dialect: Dialect
  let className: String
  let config: JSONObject

  /// Slots with one number for all weights together.
  static let scalars: Set<String> = [product, LossScale.scale, LossScale.counter]

  /// One of 2.15's `keras.optimizers.legacy`, whose slots stand one after the other; in another
  /// generation it becomes that one's own.
  private var isLegacy: Bool {
    config["is_legacy_optimizer"] == true && dialect.generation == .keras2_15
  }

  /// Slots whose arrays stand together; several names in one group alternate per variable.
  var groups: [[String]] {
    let own: [[String]]
    let momentum = (config["momentum"]?.number ?? 0) != 0
    let isModern = dialect.isModern
    func together(_ names: [String]) -> [[String]] {
      isModern && !isLegacy ? [names] : names.map { [$0] }
    }
    switch className {
    case "SGD":
      own = (dialect.generation == .keras3 || isLegacy) && !momentum ? [] : [["momentum"]]
    case "RMSprop":
      own =
        [["velocity"]] + (isModern && momentum ? [["momentum"]] : [])
        + (isModern && config["centered"] == true ? [["average_gradient"]] : [])
    case "Adam", "AdamW":
      let hats =
        config["amsgrad"] == true || dialect.generation == .keras2 ? [["velocity_max"]] : []
      own = together(["momentum", "velocity"]) + hats
    case "Adagrad": own = [["accumulator"]]
    case "Adadelta": own = together(["accumulated_grad", "accumulated_delta_var"])
    case "Adamax": own = together(["momentum", "norm"])
    case "Lamb": own = together(["momentum", "velocity"])
    case "Nadam": own = together(["momentum", "velocity"])
    case "Ftrl": own = [["accumulator", "linear"]]
    case "Lion": own = [["momentum"]]
    case "Adafactor": own = [[Self.row, Self.column, "velocity"]]
    default: own = []
    }
    return (config["use_ema"] == true ? [["average"]] : [])
      + (config["gradient_accumulation_steps"]?.number == nil ? [] : [["gradient_accumulator"]])
      + own
  }

  private var hasIterations: Bool {
    dialect.isModern || ["SGD", "Adam", "Adamax", "Nadam"].contains(className)
  }

  /// A schedule has none, and of older generations' `decay` Keras 3 gets a schedule.
  private var hasLearningRate: Bool {
    dialect.generation == .keras3 && config["learning_rate"]?.object == nil
      && (config["decay"]?.number ?? 0) == 0
  }

  /// Where Nadam's running product stands; Keras 1, 2.2 and 2.15 start it anew.
  private enum ProductPlace { case first, last }

  private var product: ProductPlace? {
    guard className == "Nadam" else { return nil }
    if isLegacy { return .first }
    return dialect.generation == .keras3 ? .last : nil
  }

  /// The name of Nadam's running product among the slots.
  static let product = "u_product"

  /// How many arrays a file holds for so many trainable weights.
  func arrayCount(weights: Int) -> Int {
    (hasIterations ? 1 : 0) + (hasLearningRate ? 1 : 0) + (product == nil ? 0 : 1)
      + groups.reduce(0) { $0 + $1.count } * weights
  }

  // MARK: - Reading

  /// Sorts the arrays of a file into slots. A file saved before the first step holds none.
  ///
  /// - Parameter shapes: of the model's trainable weights.
  /// - Throws: ``KerasError`` where the arrays cannot be those of this optimizer.
  func read(
    _ arrays: [NumericArray], shapes: [[Int]], into record: inout OptimizerRecord
  ) throws(KerasError) {
    guard OptimizerDefaults.isKnown(className) || arrays.isEmpty else {
      throw KerasError(
        .unsupportedConfiguration,
        "\(arrays.count) optimizer arrays of \(className), which is not known")
    }
    var rest = arrays[...]
    if dialect.generation == .keras3, config[LossScale.key] != nil {
      try readLossScale(&rest, own: hasLearningRate ? 2 : 1, into: &record)
    }
    if hasIterations {
      guard let first = rest.popFirst() else { return }
      guard first.count == 1 else {
        throw KerasError(
          .weightMismatch, "the optimizer's counter has shape \(first.shape), expected ()")
      }
      record.iterations = Int(first.doubles()[0])
    }
    if hasLearningRate, rest.first?.count == 1, rest.first?.shape == [] { rest.removeFirst() }
    var product: NumericArray?
    switch self.product {
    case .first where rest.first?.shape == []: product = rest.popFirst()
    case .last where rest.last?.shape == []: product = rest.popLast()
    default: break
    }
    let groups = self.groups
    let names = groups.flatMap { $0 }
    guard !rest.isEmpty else { return }
    guard !isFactored else { return try readFactored(rest, shapes: shapes, into: &record) }
    guard !names.isEmpty, rest.count % names.count == 0 else {
      throw KerasError(
        .weightMismatch,
        "\(arrays.count) optimizer arrays cannot be \(names.count) per weight of \(className)")
    }
    let count = rest.count / names.count
    let list = Array(rest)
    var start = 0
    for group in groups {
      for (position, name) in group.enumerated() {
        let slot = (0..<count).map { list[start + $0 * group.count + position] }
        // Keras 2 stands one zero in for each maximum that Adam does not keep.
        if name == "velocity_max", config["amsgrad"] != true { continue }
        record.slots.append(.init(name: name, arrays: slot))
      }
      start += count * group.count
    }
    if let product { record.slots.append(.init(name: Self.product, arrays: [product])) }
  }

  /// Refuses slots that cannot be those of a model's weights.
  func check(_ record: OptimizerRecord, of model: ModelRecord) throws(KerasError) {
    // Those of factors were looked at when they were read.
    guard !isFactored else { return }
    let shapes = Set(model.layers.flatMap(\.weights).map(\.array.shape))
    guard !shapes.isEmpty else { return }
    for slot in record.slots where !Self.scalars.contains(slot.name) {
      for (index, array) in slot.arrays.enumerated() where !shapes.contains(array.shape) {
        throw KerasError(
          .weightMismatch,
          "shape \(array.shape.tuple), which no weight has, so the arrays are not those of "
            + className,
          at: .init(path: [slot.name, "\(index)"]))
      }
    }
    try checkOrder(record, of: model)
  }

  /// Refuses arrays of another shape than the weight's in whose place they stand, where the file
  /// says which weights are trained: of layers that are not Keras's the network knows.
  private func checkOrder(
    _ record: OptimizerRecord, of model: ModelRecord
  ) throws(KerasError) {
    let trainable = try model.trainableWeights()
    guard trainable.allSatisfy({ $0.weight.leaf.trainedNames != nil }) else { return }
    for slot in record.slots where slot.arrays.count == trainable.count {
      for (index, (array, place)) in zip(slot.arrays, trainable).enumerated() {
        let shape = place.weight.weight.array.shape
        guard array.shape != shape else { continue }
        throw KerasError(
          .weightMismatch,
          "shape \(array.shape.tuple) but weight \(place.weight.name) of \(place.layer.name) needs "
            + shape.tuple,
          at: .init(path: [slot.name, "\(index)"]))
      }
    }
  }

  // MARK: - Writing

  /// One array of a file with the slot and the variable it belongs to.
  struct Entry {
    /// `nil` for the counter and the learning rate.
    var slot: String?
    var variable: Int?
    var array: NumericArray
  }

  /// - Parameters:
  ///   - shapes: Of the trainable weights, for slots that the record does not hold.
  ///   - order: In which the file keeps what belongs to them.
  func entries(
    _ record: OptimizerRecord, shapes: [[Int]], order: [Int]
  ) throws(KerasError) -> [Entry] {
    var entries = lossScaleEntries(record)
    let steps = record.iterations ?? 0
    if hasIterations {
      // Keras 1 counts in the type of its weights.
      let count: NumericArray.Elements =
        dialect.generation == .keras1 ? .float32([Float(steps)]) : .int64([Int64(steps)])
      entries.append(Entry(array: NumericArray(shape: [], count)))
    }
    if hasLearningRate {
      let rate = Float(config["learning_rate"]?.number ?? 0)
      entries.append(Entry(array: NumericArray(shape: [], .float32([rate]))))
    }
    // An optimizer that needs no slots has made updates all the same, and some generations keep
    // slots that are always zero.
    let slots = record.slots.filter { !Self.scalars.contains($0.name) }
    guard !slots.isEmpty || steps > 0 else { return dialect.isModern ? entries : [] }
    if let count = slots.first?.arrays.count, count != shapes.count {
      throw KerasError(
        .weightMismatch,
        "the optimizer has \(count) arrays per slot, but the model \(shapes.count) trainable weights"
      )
    }
    let product = Entry(
      slot: Self.product,
      array: record.slots.first { $0.name == Self.product }?.arrays.first
        ?? NumericArray(shape: [], .float32([1])))
    if self.product == .first { entries.append(product) }
    for group in groups {
      for variable in order {
        for name in group {
          if isFactored, !isStored(name, weight: shapes[variable]) { continue }
          let slot = record.slots.first { $0.name == name }
          var array = slot?.arrays[variable]
          if array == nil {
            // Keras 2's stand-in for maxima that are not kept.
            let isKept = name != "velocity_max" || config["amsgrad"] == true
            let own = Self.shape(ofSlot: name, weight: shapes[variable])
            let shape = isKept ? own : [1]
            let zeros = [Float](repeating: 0, count: shape.reduce(1, *))
            array = NumericArray(shape: shape, .float32(zeros))
          }
          // Keras 3's stand-ins for factors are whole numbers.
          if isFactored, array?.shape == [], shapes[variable] != [] {
            array = NumericArray(shape: [], .int32([0]))
          }
          if let array { entries.append(Entry(slot: name, variable: variable, array: array)) }
        }
      }
    }
    if self.product == .last { entries.append(product) }
    return entries
  }
}

extension OptimizerRecord {
  /// How many numbers Keras 3's optimizer keeps for trainable weights of these shapes, counter and
  /// learning rate included, and the bytes that they take.
  package func size(trainableShapes shapes: [[Int]]) -> (count: Int, bytes: Int) {
    SlotPlan(dialect: .keras3, className: className, config: config).size(shapes: shapes)
  }
}

extension SlotPlan {
  fileprivate func size(shapes: [[Int]]) -> (count: Int, bytes: Int) {
    var floats = 0
    for name in groups.joined() {
      floats += shapes.reduce(0) { $0 + Self.shape(ofSlot: name, weight: $1).reduce(1, *) }
    }
    if hasLearningRate { floats += 1 }
    if className == "Nadam" { floats += 1 }
    // The counter is an int64.
    return (1 + floats, 8 + 4 * floats)
  }
}

// MARK: - For training

extension OptimizerRecord {
  /// Slots with one number for all weights together.
  package static var scalarSlots: Set<String> { SlotPlan.scalars }
  /// Of these Nadam's running product, a LossScaleOptimizer's scale, and the updates since that
  /// changed.
  package static var productSlot: String { SlotPlan.product }
  package static var lossScaleSlot: String { LossScale.scale }
  package static var lossScaleCounterSlot: String { LossScale.counter }
  /// The key of a LossScaleOptimizer's settings in the config of the optimizer inside.
  package static var lossScaleKey: String { LossScale.key }

  /// The number of a slot that is kept once for all weights.
  package func number(ofSlot name: String) -> Double? {
    slots.first { $0.name == name }?.arrays.first?.doubles().first
  }

  /// The shape of an optimizer's slot of a weight of this shape: `[]` where there is none.
  package static func slotShape(_ name: String, of shape: [Int]) -> [Int] {
    SlotPlan.shape(ofSlot: name, weight: shape)
  }
}
