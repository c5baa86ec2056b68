/// What a container holds, before its generation's words are understood.
struct StoredModel {
  /// The object with `class_name` and `config`.
  var definition: JSON
  var kerasVersion: String?
  /// `training_config` or `compile_config`.
  var training: JSONObject?
  /// Whether these do not name the optimizer, so that it is `compile`'s default.
  var isOptimizerAssumed = false
  var weights: StoredWeights?
  /// The optimizer's arrays in file order.
  var optimizer: [NumericArray] = []
  /// Whether a LossScaleOptimizer stands around it, which the settings need not name: `compile` puts
  /// one around that of a mixed_float16 model.
  var scalesLoss = false
  var textPipeline: JSON?
  /// The archive it came from, where layers keep files of their own.
  var archive: ZipArchive?

  /// Takes the `compile_config` of a definition.
  mutating func compile(_ config: JSONObject?) {
    (training, isOptimizerAssumed) = OptimizerDialect.compiledByDefault(config)
  }
}

/// A model's weights in one of Keras's two layouts.
enum StoredWeights {
  /// By layer name, each with a flat list.
  case legacy([LegacyH5.Layer])
  /// By structure: the root group of a `.weights.h5`.
  case structural(HDF5Group)

  /// Puts the arrays into the layers they belong to, in structural order.
  func assign(to record: inout ModelRecord) throws(KerasError) {
    switch self {
    case .legacy(let stored): try LegacyH5.assign(stored, to: &record)
    case .structural(let root): try WeightsH5.assign(root, to: &record)
    }
  }
}

extension ModelRecord {
  /// Layers that a container lists: all but a Sequential's InputLayer.
  var listedLayers: [Int] {
    layers.indices.filter { !isSequential || layers[$0].className != "InputLayer" }
  }

  /// The trainable weights in model order, with the leaf of the layer they belong to.
  func trainableWeights() throws(KerasError) -> [(layer: LayerRecord, weight: LeafWeight)] {
    var trainable: [(layer: LayerRecord, weight: LeafWeight)] = []
    for layer in layers {
      for weight in try layer.leafWeights() where weight.isTrainable {
        trainable.append((layer, weight))
      }
    }
    return trainable
  }
}

/// A weight and the object inside its layer that holds it.
struct LeafWeight {
  let leaf: LayerStructure.Leaf
  /// The leaf's place among those of the layer.
  let place: Int
  /// Its place among the object's weights.
  let position: Int
  let weight: WeightRecord
  let isStatistic: Bool

  var isTrainable: Bool { leaf.isTrainable && !isStatistic }
  /// The weight's own name, without the way to it.
  var name: String { weight.name.split(separator: "/").last.map(String.init) ?? weight.name }
}

extension LayerRecord {
  /// The layer's weights, each with the object that holds it.
  func leafWeights() throws(KerasError) -> [LeafWeight] {
    guard !weights.isEmpty else { return [] }
    let structure = try LayerStructure(self)
    var places: [Int] = []
    for weight in weights {
      guard let place = structure.leaf(at: weight.path) else {
        throw KerasError(
          .weightMismatch, "a weight \(weight.name), which this \(className) cannot have",
          at: .init(path: [name]))
      }
      places.append(place)
    }
    var positions = [Int](repeating: 0, count: structure.leaves.count)
    var counts = positions
    for place in places { counts[place] += 1 }
    return zip(weights, places).map { weight, place in
      let leaf = structure.leaves[place]
      defer { positions[place] += 1 }
      return LeafWeight(
        leaf: leaf, place: place, position: positions[place], weight: weight,
        isStatistic: weight.isStatistic || positions[place] >= counts[place] - leaf.statistics)
    }
  }
}
