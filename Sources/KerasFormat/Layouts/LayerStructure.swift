/// What lies inside a layer: the objects that hold its weights, nested as Keras 3 nests them and in
/// the order of the weights.
///
/// A container needs this to find and to number arrays; what the arrays mean is the layer's own
/// business in the runtime.
struct LayerStructure {
  /// An object with weights of its own.
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

    /// How many weights it has; `nil` for a class that is not known here.
    var count: Int? { Self.count(className, config) }

    /// How many of them, the last ones, no gradient changes.
    var statistics: Int { className == "BatchNormalization" ? 2 : 0 }
  }

  /// In structural order. A layer without weights has none; one of an unknown class is one leaf.
  let leaves: [Leaf]
  private let root: Object

  init(_ layer: LayerRecord) throws(KerasError) {
    root = try Object(layer.className, layer.config, name: layer.name, at: [])
    leaves = root.leaves(above: true, names: [])
  }

  /// Every object inside the layer, with the way to it and its name.
  var objects: [(path: [String], name: String)] { root.parts.flatMap { $0.withParts() } }

  /// How many weights the layer has, where every class inside is known.
  var weightCount: Int? {
    var sum = 0
    for leaf in leaves {
      guard let count = leaf.count else { return nil }
      sum += count
    }
    return sum
  }

  /// For every place in the list that the legacy layout stores for the layer, the place in
  /// structural order: a model inside a model lists what is trained first.
  func legacyOrder(_ generation: Generation) -> [Int]? {
    guard weightCount != nil else { return nil }
    var next = 0
    let (trained, others) = root.legacyLists(generation, numberedFrom: &next)
    return trained + others
  }
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
      let leaf = Leaf(
        path: path, className: className, config: config, names: names + [name],
        isTrainable: above && isTrainable)
      guard parts.isEmpty else {
        return parts.flatMap { $0.leaves(above: above && isTrainable, names: names + [name]) }
      }
      let isContainer = LayerStructure.containers.contains(className)
      return leaf.count == 0 || isContainer ? [] : [leaf]
    }

    /// Keras's `trainable_weights` and `non_trainable_weights`, as positions in structural order.
    func legacyLists(
      _ generation: Generation, numberedFrom next: inout Int
    ) -> (trained: [Int], others: [Int]) {
      var (trained, others): ([Int], [Int]) = ([], [])
      if parts.isEmpty {
        let leaf = Leaf(
          path: path, className: className, config: config, names: [], isTrainable: true)
        let count = leaf.count ?? 0
        trained = Array(next..<next + count - min(count, leaf.statistics))
        others = Array(next + trained.count..<next + count)
        next += count
      } else {
        for part in parts {
          let lists = part.legacyLists(generation, numberedFrom: &next)
          trained += lists.trained
          others += lists.others
        }
      }
      guard !isTrainable else { return (trained, others) }
      // Keras 3 gives a frozen model's weights as they stand, the others trainable ones first.
      return ([], generation == .keras3 ? (trained + others).sorted() : trained + others)
    }
  }

  /// Classes that have no weights of their own, whatever is in them.
  static let containers: Set<String> = [
    "Bidirectional", "TimeDistributed", "RNN", "StackedRNNCells", "Sequential", "Functional",
  ]
}

// MARK: - Counts

extension LayerStructure.Leaf {
  /// Classes without weights.
  private static let weightless: Set<String> = [
    "InputLayer", "Masking", "Activation", "Dropout", "Flatten", "Reshape", "Permute",
    "RepeatVector", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout",
    "ActivityRegularization", "GlobalMaxPooling1D", "GlobalAveragePooling1D", "MaxPooling1D",
    "AveragePooling1D", "ZeroPadding1D", "Cropping1D", "UpSampling1D", "LeakyReLU", "ELU", "ReLU",
    "Softmax", "ThresholdedReLU", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
    "Concatenate", "Dot", "CosineDot", "UnitNormalization", "Rescaling", "Identity",
    "TextVectorization", "StringLookup", "IntegerLookup", "NotEqual",
  ]

  /// Keras's number of weights of a layer with this config; `nil` for an unknown class.
  static func count(_ className: String, _ config: JSONObject) -> Int? {
    /// Flags that are on unless the config says otherwise.
    func on(_ keys: String...) -> Int { keys.filter { config[$0] != false }.count }
    switch className {
    case "Embedding", "PReLU": return 1
    case "Dense", "Conv1D", "DepthwiseConv1D", "Conv1DTranspose": return 1 + on("use_bias")
    case "SimpleRNNCell", "LSTMCell", "GRUCell", "SeparableConv1D": return 2 + on("use_bias")
    case "BatchNormalization": return 2 + on("scale", "center")
    case "LayerNormalization":
      return config["rms_scaling"] == true ? 1 : on("scale", "center")
    case "GroupNormalization": return on("scale", "center")
    case "RMSNormalization": return 1
    case "ParametricSoftplus": return 2
    case "SReLU": return 4
    case "Highway": return 2 + 2 * on("use_bias")
    case "MaxoutDense": return 1 + on("use_bias")
    default: return weightless.contains(className) ? 0 : nil
    }
  }
}
