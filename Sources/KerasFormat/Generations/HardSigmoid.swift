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
    guard layer.className == "Bidirectional" else {
      let gates = try scaledGates(layer.className, &layer.config, from, to)
      try scale(&layer.weights, under: "", layer.className, gates, factor)
      return !gates.isEmpty
    }
    var isChanged = false
    for (key, prefix, half) in [
      ("layer", "forward_layer", 0), ("backward_layer", "backward_layer", 1),
    ] {
      guard var object = layer.config[key]?.object, var config = object["config"]?.object,
        let className = object["class_name"]?.string
      else { continue }
      let gates = try scaledGates(className, &config, from, to)
      guard !gates.isEmpty else { continue }
      isChanged = true
      object["config"] = .object(config)
      layer.config[key] = .object(object)
      if layer.weights.contains(where: { $0.name.hasPrefix(prefix) }) {
        try scale(&layer.weights, under: prefix, className, gates, factor)
      } else {
        // Weights known by position: the forward ones fill the first half.
        let count = layer.weights.count / 2
        var part = Array(layer.weights[half * count..<(half + 1) * count])
        try scale(&part, under: "", className, gates, factor)
        layer.weights.replaceSubrange(half * count..<(half + 1) * count, with: part)
      }
    }
    return isChanged
  }

  /// Which of the layer's column blocks lead into the activation; renames it on the way.
  private static func scaledGates(
    _ className: String, _ config: inout JSONObject, _ from: String, _ to: String
  ) throws(KerasError) -> [Int] {
    var gates: [Int] = []
    if config["recurrent_activation"]?.string == from {
      config["recurrent_activation"] = .string(to)
      gates += className == "LSTM" ? [0, 1, 3] : [0, 1]
    }
    if config["activation"]?.string == from {
      switch className {
      case "Dense", "SimpleRNN": gates.append(0)
      case "GRU": gates.append(2)
      default:
        throw KerasError(
          .unsupportedConfiguration,
          "hard_sigmoid has another formula in the generation written, and \(className) has no "
            + "weights in front of its activation that could make up for it")
      }
      config["activation"] = .string(to)
    }
    return gates
  }

  private static func scale(
    _ weights: inout [WeightRecord], under prefix: String, _ className: String, _ gates: [Int],
    _ factor: Double
  ) throws(KerasError) {
    guard !gates.isEmpty else { return }
    guard !weights.isEmpty else {
      throw KerasError(
        .unsupportedConfiguration,
        "hard_sigmoid has another formula in the generation written, and the record holds no "
          + "weights that could make up for it",
        hint: "give the weights, or write its own generation")
    }
    let blocks = ["LSTM": 4, "GRU": 3][className] ?? 1
    for index in weights.indices where weights[index].name.hasPrefix(prefix) {
      let array = weights[index].array
      guard let columns = array.shape.last, columns % blocks == 0,
        array.elements.type.isFloatingPoint
      else {
        throw KerasError(
          .weightMismatch, "shape \(array.shape) does not hold \(blocks) blocks of columns",
          at: .init(path: [weights[index].name]))
      }
      let width = columns / blocks
      func scaled<T: BinaryFloatingPoint>(_ values: [T]) -> [T] {
        values.enumerated().map { position, value in
          gates.contains(position % columns / max(width, 1)) ? T(Double(value) * factor) : value
        }
      }
      if case .float64(let values) = array.elements {
        weights[index].array = NumericArray(shape: array.shape, .float64(scaled(values)))
      } else {
        weights[index].array = NumericArray(
          shape: array.shape, floats: scaled(array.floats()), as: array.elements.type)
      }
    }
  }
}
