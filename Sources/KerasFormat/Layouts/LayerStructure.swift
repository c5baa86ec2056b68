/// What lies inside a layer: the objects that can hold its weights, nested as Keras 3 nests them and
/// in the order of the weights.
///
/// A container needs this to find and to order arrays. How many an object has, and what they mean,
/// is the layer's own business in the runtime: a record's weights say by their names where they lie.
struct LayerStructure {
  /// An object that may have weights of its own.
  struct Leaf {
    /// The way from the layer: `["forward_layer", "cell"]`, `["layers", "dense_1"]`; empty for the
    /// layer itself.
    var path: [String]
    var className: String
    var config: JSONObject
    /// Names of the layers on the way, innermost last.
    var names: [String]
    /// Whether it and all above it, the layer included, are trainable.
    var isTrainable: Bool

    /// How many weights a cell has: kernel, recurrent kernel and bias. `nil` for any other object.
    var cellCount: Int? {
      LayerStructure.cells.contains(className) ? config["use_bias"] == false ? 2 : 3 : nil
    }

    /// Whether the config says how weights start, so that there are some.
    var namesWeights: Bool {
      cellCount != nil || config.keys.contains { $0.hasSuffix("_initializer") }
    }

    /// How many blocks of columns the weights of a gated cell have; `nil` for any other object.
    var gateCount: Int? { ["LSTMCell": 4, "GRUCell": 3][className] }

    /// How many of its weights, the last ones, are statistics in a file that does not say.
    var statistics: Int { className == "BatchNormalization" ? 2 : 0 }
  }

  /// In structural order.
  let leaves: [Leaf]
  private let root: Object

  init(_ layer: LayerRecord) throws(KerasError) {
    root = try Object(layer.className, layer.config, name: layer.name, at: [])
    leaves = root.leaves(above: true, names: [])
  }

  /// Every object inside the layer, with the way to it and its name.
  var objects: [(path: [String], name: String)] { root.parts.flatMap { $0.withParts() } }

  /// The leaf that the weight at a way from the layer belongs to: the innermost on that way.
  func leaf(at path: [String]) -> Int? {
    leaves.indices.filter { path.starts(with: leaves[$0].path) }
      .max { leaves[$0].path.count < leaves[$1].path.count }
  }

  /// What a weight of a layer is called after a change of form that leaves the leaves and their
  /// order.
  func name(of weight: WeightRecord, from old: LayerStructure) -> String {
    guard let leaf = old.leaf(at: weight.path), leaves.indices.contains(leaf) else {
      return weight.name
    }
    let rest = weight.name.split(separator: "/").dropFirst(old.leaves[leaf].path.count)
    return (leaves[leaf].path + rest.map(String.init)).joined(separator: "/")
  }

  static let cells: Set<String> = ["SimpleRNNCell", "LSTMCell", "GRUCell"]

  /// Whether objects of a class can have weights of their own that a container lists as such.
  static func canHoldWeights(_ className: String) -> Bool {
    !containers.contains(className) && className != "InputLayer"
      && !Vocabularies.classes.contains(className)
  }

  /// Classes that have no weights of their own, whatever is in them.
  private static let containers: Set<String> = [
    "Bidirectional", "TimeDistributed", "RNN", "StackedRNNCells", "Sequential", "Functional",
  ]
}

// MARK: - Objects

extension LayerStructure {
  private struct Object {
    let className: String
    let config: JSONObject
    let name: String
    let path: [String]
    let parts: [Object]

    init(
      _ className: String, _ config: JSONObject, name: String, at path: [String]
    ) throws(KerasError) {
      self.className = className
      self.config = config
      self.name = name
      self.path = path
      var parts: [Object] = []
      switch className {
      case "SimpleRNN", "LSTM", "GRU":
        parts = [
          try Object(
            "\(className)Cell", config, name: LayerNames.snakeCase(className) + "_cell",
            at: path + ["cell"]
          )
        ]
      case "Bidirectional":
        for (key, attribute) in [("layer", "forward_layer"), ("backward_layer", "backward_layer")] {
          parts.append(try Self.inner(config[key], key, at: path + [attribute]))
        }
      case "TimeDistributed":
        parts = [try Self.inner(config["layer"], "layer", at: path + ["layer"])]
      case "RNN":
        parts = [try Self.inner(config["cell"], "cell", at: path + ["cell"])]
      case "StackedRNNCells":
        var names = LayerNames()
        for cell in config["cells"]?.array ?? [] {
          let group = names.next(for: cell.object?["class_name"]?.string ?? "")
          parts.append(try Self.inner(cell, "cells", at: path + ["cells", group]))
        }
      case _ where ModelRecord.nestedClasses.contains(className):
        let record = try ModelRecord(nested: className, config: config, generation: .keras3)
        for (index, group) in WeightsH5.groupNames(record) {
          let layer = record.layers[index]
          parts.append(
            try Object(
              layer.className, layer.config, name: layer.name, at: path + ["layers", group]))
        }
      default: break
      }
      self.parts = parts
    }

    private static func inner(
      _ value: JSON?, _ key: String, at path: [String]
    ) throws(KerasError) -> Object {
      guard let object = value?.object, let className = object["class_name"]?.string,
        let config = object["config"]?.object
      else {
        throw KerasError(
          .invalidJSON, "\(value?.kind ?? "nothing"), expected a layer", at: .init(path: [key]))
      }
      return try Object(className, config, name: config["name"]?.string ?? key, at: path)
    }

    func withParts() -> [(path: [String], name: String)] {
      [(path, name)] + parts.flatMap { $0.withParts() }
    }

    private var isTrainable: Bool { config["trainable"] != false }

    func leaves(above: Bool, names: [String]) -> [Leaf] {
      guard parts.isEmpty else {
        return parts.flatMap { $0.leaves(above: above && isTrainable, names: names + [name]) }
      }
      guard LayerStructure.canHoldWeights(className) else { return [] }
      return [
        Leaf(
          path: path, className: className, config: config, names: names + [name],
          isTrainable: above && isTrainable)
      ]
    }

    /// Keras's `trainable_weights` and `non_trainable_weights`.
    ///
    /// - Parameter own: the same of a leaf, were it trainable, by the way to it: positions in
    ///   structural order.
    func legacyLists(
      _ generation: Generation, _ own: [[String]: (trained: [Int], others: [Int])]
    ) -> (trained: [Int], others: [Int]) {
      var (trained, others): ([Int], [Int]) = own[path] ?? ([], [])
      for part in parts {
        let lists = part.legacyLists(generation, own)
        trained += lists.trained
        others += lists.others
      }
      guard !isTrainable else { return (trained, others) }
      // Keras 3 gives a frozen model's weights as they stand, the others trainable ones first.
      return ([], generation == .keras3 ? (trained + others).sorted() : trained + others)
    }

    /// Whether it is a model, at every step or by itself.
    private var isModel: Bool {
      ModelRecord.nestedClasses.contains(className)
        || className == "TimeDistributed" && parts[0].isModel
    }

    /// The leaves that an inner model lists as one layer: the cells of a recurrent one.
    func units(from first: inout Int, names: [String]) -> [Unit] {
      guard !isModel else {
        var units: [Unit] = []
        for part in parts { units += part.units(from: &first, names: names + [name]) }
        return units
      }
      let count = leaves(above: true, names: []).count
      guard count > 0 else { return [] }
      defer { first += count }
      var inner: [String] = []
      for part in parts { inner += part.withParts().map(\.name) }
      return [
        Unit(
          leaves: first..<first + count, outer: names, name: name, inner: inner,
          className: className)
      ]
    }
  }

  /// What a model lists as one layer.
  struct Unit {
    let leaves: Range<Int>
    /// Names of the layers around it, outermost first, its own, and those of what is in it.
    let outer: [String]
    let name: String
    let inner: [String]
    let className: String
  }

  /// In structural order.
  var units: [Unit] {
    var first = 0
    return root.units(from: &first, names: [])
  }

  /// For every place in the list that the legacy layout stores for the layer, the place in
  /// structural order: a model inside a model lists what is trained first.
  func legacyOrder(_ generation: Generation, _ weights: [LeafWeight]) -> [Int] {
    legacyOrder(generation, weights.map { ($0.leaf.path, $0.isStatistic) })
  }

  /// The units in the order in which the legacy layout first names them.
  func legacyOrder(of units: [Unit], _ generation: Generation) -> [Int] {
    legacyOrder(generation, units.map { (leaves[$0.leaves.lowerBound].path, false) })
  }

  /// - Parameter places: the ways to the leaves, and whether what lies there is a statistic.
  private func legacyOrder(
    _ generation: Generation, _ places: [(path: [String], isStatistic: Bool)]
  ) -> [Int] {
    var own: [[String]: (trained: [Int], others: [Int])] = [:]
    for (index, place) in places.enumerated() {
      if place.isStatistic {
        own[place.path, default: ([], [])].others.append(index)
      } else {
        own[place.path, default: ([], [])].trained.append(index)
      }
    }
    let (trained, others) = root.legacyLists(generation, own)
    return trained + others
  }
}
