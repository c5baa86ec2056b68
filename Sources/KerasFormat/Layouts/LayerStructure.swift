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
    /// The objects on the way, the layer first and itself last.
    var way: [Step]
    /// Where among these stands what a model lists as one layer: all before are models, at every
    /// step or by themselves.
    var unit: Int
    /// Whether it and all above it, the layer included, are trainable.
    var isTrainable: Bool

    /// The name of the innermost layer: a cell made of its layer's config has none of its own.
    var givenName: String {
      way[path.last == "cell" && way.count > 1 ? way.count - 2 : way.count - 1].name
    }

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

    /// What is trained of it, if it is trained at all, by the keys of its config: `kernel` and
    /// `bias`. `nil` where these do not tell.
    ///
    /// Keras's own layers have an initializer for each weight, and a key that leaves one out.
    var trainedNames: [String]? {
      guard KerasLayerNames.all.contains(className) || cellCount != nil, namesWeights else {
        return nil
      }
      let switches = ["bias": "use_bias", "gamma": "scale", "beta": "center"]
      return config.keys.filter { $0.hasSuffix("_initializer") }
        .map { String($0.dropLast("_initializer".count)) }
        .filter { !$0.hasPrefix("moving_") && switches[$0].flatMap { config[$0] } != false }
    }
  }

  /// An object on the way to a leaf.
  struct Step {
    var name: String
    var className: String
    /// Whether it is a model that made its weights when it was called.
    var isMadeByCall: Bool
  }

  /// In structural order.
  let leaves: [Leaf]
  private let root: Object

  init(_ layer: LayerRecord) throws(KerasError) {
    root = try Object(layer.className, layer.config, name: layer.name, at: [])
    leaves = root.leaves(above: true, [], unit: nil)
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
    let isMadeByCall: Bool

    init(
      _ className: String, _ config: JSONObject, name: String, at path: [String]
    ) throws(KerasError) {
      self.className = className
      self.config = config
      self.name = name
      self.path = path
      var parts: [Object] = []
      var isMadeByCall = false
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
        isMadeByCall = record.isMadeByCall
        for (index, group) in WeightsH5.groupNames(record) {
          let layer = record.layers[index]
          parts.append(
            try Object(
              layer.className, layer.config, name: layer.name, at: path + ["layers", group]))
        }
      default: break
      }
      self.parts = parts
      self.isMadeByCall = isMadeByCall
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

    func leaves(above: Bool, _ outer: [Step], unit: Int?) -> [Leaf] {
      let unit = unit ?? (isModel ? nil : outer.count)
      let way = outer + [Step(name: name, className: className, isMadeByCall: isMadeByCall)]
      guard parts.isEmpty else {
        return parts.flatMap { $0.leaves(above: above && isTrainable, way, unit: unit) }
      }
      guard LayerStructure.canHoldWeights(className), let unit else { return [] }
      return [
        Leaf(
          path: path, className: className, config: config, way: way, unit: unit,
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
  }

  /// For every place in the list that the legacy layout stores for the layer, the place in
  /// structural order: a model inside a model lists what is trained first.
  func legacyOrder(_ generation: Generation, _ weights: [LeafWeight]) -> [Int] {
    legacyOrder(generation, weights.map { ($0.leaf.path, $0.isStatistic) })
  }

  /// The leaves in the order in which the legacy layout lists what each trains and what it does
  /// not: twice, or once where these are neighbours.
  func legacyVisits(_ generation: Generation) -> [(leaf: Int, trained: Bool, others: Bool)] {
    let places = leaves.flatMap { [($0.path, false), ($0.path, true)] }
    var visits: [(leaf: Int, trained: Bool, others: Bool)] = []
    for place in legacyOrder(generation, places) {
      let isOther = place % 2 == 1
      if let last = visits.last, last.leaf == place / 2 {
        visits[visits.count - 1].others = true
      } else {
        visits.append((place / 2, !isOther, isOther))
      }
    }
    return visits
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
