/// How Keras 1 keeps the weights of an LSTM or a GRU: side by side with `consume_less="gpu"`, gate by
/// gate with `cpu` and `mem` (`recurrent.py` of 1.2.2).
///
/// Gate by gate it also takes `W_regularizer` for the recurrent matrices, and no `U_regularizer`. In
/// a record `consume_less` is `implementation`, as Keras 2 renamed it: 0, 1 and 2, and 1 where it is
/// not said.
enum Keras1Gates {
  static let ways = ["cpu": 0, "mem": 1, "gpu": 2]

  /// One gate.
  struct Gate {
    /// How the names of its weights end.
    let letter: String
    /// Which block of columns it has in the joined matrices, and of how many.
    let block: Int
    let blocks: Int

    /// Its part of a joined weight, or of what an optimizer keeps of it.
    func part(of joined: NumericArray) -> NumericArray {
      let columns = joined.shape.last ?? 0
      let width = columns / blocks
      func cut<T>(_ values: [T]) -> [T] {
        values.indices.filter { $0 % columns / max(width, 1) == block }.map { values[$0] }
      }
      let shape = Array(joined.shape.dropLast()) + [width]
      if case .float64(let values) = joined.elements {
        return NumericArray(shape: shape, .float64(cut(values)))
      }
      return NumericArray(
        shape: shape, floats: cut(joined.floats()), as: joined.elements.type)
    }
  }

  /// An object's gates in the order of Keras 1's lists; empty where it keeps them side by side, or
  /// has none.
  static func gates(of leaf: LayerStructure.Leaf) -> [Gate] {
    leaf.config["implementation"]?.integer == ways["gpu"] ? [] : allGates(of: leaf)
  }

  /// An object's gates in the order of Keras 1's lists, however it keeps them.
  static func allGates(of leaf: LayerStructure.Leaf) -> [Gate] {
    let letters =
      switch leaf.className {
      case "LSTMCell": [("i", 0), ("c", 2), ("f", 1), ("o", 3)]
      case "GRUCell": [("z", 0), ("r", 1), ("h", 2)]
      default: [(String, Int)]()
      }
    return letters.map { Gate(letter: $0.0, block: $0.1, blocks: letters.count) }
  }

  // MARK: - From other generations

  /// Chooses for each LSTM and GRU of another generation the way in which Keras 1 trains it as that
  /// generation does.
  static func choose(_ record: inout ModelRecord, _ notes: inout [ConversionNote]) {
    for index in record.layers.indices {
      let layer = record.layers[index]
      var noted = false
      let object: JSON = [
        "class_name": .string(layer.className), "config": .object(layer.config),
      ]
      let chosen = chosen(object, record.generation, &noted)
      if let config = chosen.object?["config"]?.object { record.layers[index].config = config }
      guard noted else { continue }
      notes.append(
        ConversionNote(
          layer: layer.name,
          message: "Keras 1 with joined matrices shares dropout's masks among the gates; gate by "
            + "gate it would penalize the recurrent kernel as the kernel"))
    }
  }

  private static func chosen(_ value: JSON, _ source: Generation, _ noted: inout Bool) -> JSON {
    if let list = value.array {
      return .array(list.map { chosen($0, source, &noted) })
    }
    guard var object = value.object else { return value }
    for key in object.keys { object[key] = object[key].map { chosen($0, source, &noted) } }
    guard let className = object["class_name"]?.string, ["LSTM", "GRU"].contains(className),
      var config = object["config"]?.object
    else { return .object(object) }
    let hasOwnMasks = hasOwnMasks(config, source)
    let isPenalizedAlike =
      config["kernel_regularizer"] ?? .null == config["recurrent_regularizer"] ?? .null
    config["implementation"] = hasOwnMasks && isPenalizedAlike ? 1 : 2
    if hasOwnMasks, !isPenalizedAlike { noted = true }
    object["config"] = .object(config)
    return .object(object)
  }

  /// Whether dropout draws a mask for each gate; see `RecurrentDropout`.
  private static func hasOwnMasks(_ config: JSONObject, _ source: Generation) -> Bool {
    let way = config["implementation"]?.integer
    let drops = { (key: String) in config[key]?.number ?? 0 != 0 }
    guard source > .keras2 else {
      return way != 2 && (drops("dropout") || drops("recurrent_dropout"))
    }
    return drops("recurrent_dropout") || way == 1 && drops("dropout")
  }
}
