/// Carries `hard_sigmoid` across the change of its formula in Keras 3.
///
/// Up to 2.15 it was clip(0.2x + 0.5, 0, 1), since Keras 3 it is relu6(x + 3) / 6 = clip(x/6 + 0.5,
/// 0, 1). So the old one at x is the new one at 1.2x, and weights that lead into it are scaled.
enum HardSigmoid {
  private static let new = "hard_sigmoid"
  private static let old = LayerDecoder.legacyHardSigmoid

  static func converted(
    _ record: ModelRecord, to generation: Generation, notes: inout [ConversionNote]
  ) throws(KerasError) -> ModelRecord {
    let (from, to, factor) =
      generation == .keras3 ? (old, new, 1.2) : (new, old, 1 / 1.2)
    var record = record
    var hasScaled = false
    for index in record.layers.indices {
      var layer = record.layers[index]
      do throws(KerasError) {
        guard try convert(&layer, from, to, factor) else { continue }
      } catch {
        throw error.inside(layer.name)
      }
      record.layers[index] = layer
      hasScaled = true
      let which = generation == .keras3 ? "its old" : "Keras 3's"
      notes.append(
        ConversionNote(
          layer: layer.name,
          message: "hard_sigmoid has another formula in Keras \(generation.rawValue): the weights "
            + "in front of \(which) one are scaled by \(factor == 1.2 ? "1.2" : "1/1.2")"))
    }
    if hasScaled, !(record.training?.optimizer.slots.isEmpty ?? true) {
      record.training?.optimizer.slots = []
      record.training?.optimizer.iterations = nil
      notes.append(
        ConversionNote(
          message: "the optimizer's state belongs to the unscaled weights and is left out"))
    }
    return record
  }

  /// Answers whether anything had to change.
  private static func convert(
    _ layer: inout LayerRecord, _ from: String, _ to: String, _ factor: Double
  ) throws(KerasError) -> Bool {
    var found: [[Int]] = []
    var config = layer.config
    try rename(layer.className, &config, from, to, &found)
    guard found.contains(where: { !$0.isEmpty }) else { return false }
    guard !layer.weights.isEmpty else {
      throw KerasError(
        .unsupportedConfiguration,
        "hard_sigmoid has another formula in the generation written, and the record holds no "
          + "weights that could make up for it",
        hint: "give the weights, or write its own generation")
    }
    layer.config = config
    guard try LayerStructure(layer).leaves.count == found.count else { return false }
    for (index, weight) in try layer.leafWeights().enumerated() where !found[weight.place].isEmpty {
      // Only the second half of a separable convolution leads into the activation.
      guard weight.leaf.className != "SeparableConv1D" || weight.position > 0 else { continue }
      try scale(&layer.weights[index], found[weight.place], weight.leaf.gateCount ?? 1, factor)
    }
    return true
  }

  /// Renames the activation in a layer and all inside it, and lists for each object that may have
  /// weights which of its blocks of columns lead into it, in structural order.
  private static func rename(
    _ className: String, _ config: inout JSONObject, _ from: String, _ to: String,
    _ found: inout [[Int]]
  ) throws(KerasError) {
    switch className {
    case "Bidirectional":
      try renameInner("layer", &config, from, to, &found)
      try renameInner("backward_layer", &config, from, to, &found)
    case "TimeDistributed": try renameInner("layer", &config, from, to, &found)
    case "RNN": try renameInner("cell", &config, from, to, &found)
    case "StackedRNNCells": try renameInner("cells", &config, from, to, &found)
    case _ where ModelRecord.nestedClasses.contains(className):
      try renameInner("layers", &config, from, to, &found)
    default:
      let gates = try blocks(className, &config, from, to)
      if LayerStructure.canHoldWeights(className) { found.append(gates) }
    }
  }

  /// One inner layer or a list of them.
  private static func renameInner(
    _ key: String, _ config: inout JSONObject, _ from: String, _ to: String,
    _ found: inout [[Int]]
  ) throws(KerasError) {
    var entries = config[key]?.array ?? config[key].map { [$0] } ?? []
    for index in entries.indices {
      guard var object = entries[index].object, var inner = object["config"]?.object,
        let className = object["class_name"]?.string
      else { continue }
      try rename(className, &inner, from, to, &found)
      object["config"] = .object(inner)
      entries[index] = .object(object)
    }
    config[key] = config[key]?.array == nil ? entries.first : .array(entries)
  }

  /// Which of the object's column blocks lead into the activation; renames it on the way.
  private static func blocks(
    _ className: String, _ config: inout JSONObject, _ from: String, _ to: String
  ) throws(KerasError) -> [Int] {
    let cell = className.hasSuffix("Cell") ? String(className.dropLast(4)) : className
    var blocks: [Int] = []
    if config["recurrent_activation"]?.string == from {
      config["recurrent_activation"] = .string(to)
      blocks += cell == "LSTM" ? [0, 1, 3] : [0, 1]
    }
    if config["activation"]?.string == from {
      switch cell {
      case "Dense", "SimpleRNN", "Conv1D", "SeparableConv1D", "DepthwiseConv1D", "Conv1DTranspose":
        blocks.append(0)
      case "GRU": blocks.append(2)
      default:
        throw KerasError(
          .unsupportedConfiguration,
          "hard_sigmoid has another formula in the generation written, and \(className) has no "
            + "weights in front of its activation that could make up for it")
      }
      config["activation"] = .string(to)
    }
    return blocks
  }

  private static func scale(
    _ weight: inout WeightRecord, _ gates: [Int], _ blocks: Int, _ factor: Double
  ) throws(KerasError) {
    let array = weight.array
    guard let columns = array.shape.last, columns % blocks == 0,
      array.elements.type.isFloatingPoint
    else {
      throw KerasError(
        .weightMismatch, "shape \(array.shape) does not hold \(blocks) blocks of columns",
        at: .init(path: [weight.name]))
    }
    let width = columns / blocks
    func scaled<T: BinaryFloatingPoint>(_ values: [T]) -> [T] {
      values.enumerated().map { position, value in
        gates.contains(position % columns / max(width, 1)) ? T(Double(value) * factor) : value
      }
    }
    if case .float64(let values) = array.elements {
      weight.array = NumericArray(shape: array.shape, .float64(scaled(values)))
    } else {
      weight.array = NumericArray(
        shape: array.shape, floats: scaled(array.floats()), as: array.elements.type)
    }
  }
}
