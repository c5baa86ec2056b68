/// What a container holds, before its generation's words are understood.
struct StoredModel {
  /// The object with `class_name` and `config`.
  var definition: JSON
  var kerasVersion: String?
  /// `training_config` or `compile_config`.
  var training: JSONObject?
  var weights: StoredWeights?
  /// The optimizer's arrays in file order.
  var optimizer: [NumericArray] = []
  var textPipeline: JSON?
}

/// A model's weights in one of Keras's two layouts.
enum StoredWeights {
  /// By layer name, each with a flat list.
  case legacy([LegacyH5.Layer])
  /// By structure: the root group of a `.weights.h5`.
  case structural(HDF5Group)

  /// Puts the arrays into the layers they belong to.
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

  /// The trainable weights in model order, with the layer they belong to.
  var trainableWeights: [(layer: LayerRecord, weight: WeightRecord)] {
    layers.flatMap { layer -> [(layer: LayerRecord, weight: WeightRecord)] in
      guard layer.config["trainable"] != false else { return [] }
      let count = layer.className == "BatchNormalization" ? layer.weights.count - 2 : .max
      return layer.weights.prefix(max(count, 0)).map { (layer, $0) }
    }
  }
}

extension LayerRecord {
  /// Classes that never have weights; any other may.
  static let weightless: Set<String> = [
    "InputLayer", "Masking", "Activation", "Dropout", "Flatten", "Reshape", "Permute",
    "RepeatVector", "SpatialDropout1D", "GaussianNoise", "GaussianDropout", "AlphaDropout",
    "ActivityRegularization", "GlobalMaxPooling1D", "GlobalAveragePooling1D", "MaxPooling1D",
    "AveragePooling1D", "ZeroPadding1D", "Cropping1D", "UpSampling1D", "LeakyReLU", "ELU", "ReLU",
    "Softmax", "ThresholdedReLU", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
    "Concatenate", "Dot", "UnitNormalization", "Rescaling", "Identity",
  ]
}
