/// A model as stored: definition, weights, compile settings and optimizer state, in one canonical
/// form, whatever container and Keras generation it came from.
///
/// The canonical dialect is Keras 3's: class names, config keys and weight order are those of Keras
/// 3.15, and every default that changed between generations is written out. So a GRU read from a
/// Keras 2.2 file without the key `reset_after` has `reset_after: false` here.
/// What cannot be said in Keras 3's words has a word of its own: the activation `hard_sigmoid` of
/// Keras 1 to 2.15, clip(0.2x + 0.5, 0, 1), is `legacy_hard_sigmoid`; `hard_sigmoid` is Keras 3's.
public struct ModelRecord: Sendable, Equatable {
  /// Whose file it was, and so whose arithmetic it follows where generations differ.
  public var generation: Generation
  /// The exact Keras version that wrote the file, where the file says.
  public var kerasVersion: String?
  /// The model's own name, such as `sequential`.
  public var name: String
  /// `true` for Keras's `Sequential`, `false` for a functional model.
  public var isSequential: Bool
  /// The dtype policy of a `Sequential` itself, which Keras 3 stores beside those of its layers.
  public var dtype = "float32"
  /// All layers in file order. An `InputLayer` stands first wherever the input shape is known.
  public var layers: [LayerRecord]
  /// A functional model's inputs and outputs; empty for a sequential one.
  public var inputs: [TensorReference] = []
  /// The tensors that a functional model gives back, in order; empty for a sequential one.
  public var outputs: [TensorReference] = []
  /// What Keras 3 lists among a functional model's layers without its being one.
  public var operations = OperationListing()
  /// Compile settings and optimizer state; `nil` for a model that was never compiled.
  public var training: TrainingRecord?
  /// Why compile settings or optimizer state of a file could not be read, where that is so. Nothing
  /// but training needs them: ``training`` is `nil` then, and writing them is refused.
  public var trainingFailure: KerasError?
  /// The fitted text pipeline that Hornbill saves beside the model; Keras does not see it.
  public var textPipeline: JSON?

  /// A record of these layers, without inputs and outputs of its own.
  public init(
    generation: Generation, name: String, isSequential: Bool = true, layers: [LayerRecord],
    training: TrainingRecord? = nil
  ) {
    self.generation = generation
    self.name = name
    self.isSequential = isSequential
    self.layers = layers
    self.training = training
  }
}

/// What a call in a functional model is given as its mask.
public enum CallMask: Sendable, Equatable {
  /// The output of another call.
  case tensor(TensorReference)
  /// Nothing, although the input may carry one: `mask=None` in Keras 2.
  case withheld

  /// The same with its tensor renamed.
  func renamed(_ rename: (TensorReference) -> TensorReference) -> CallMask {
    if case .tensor(let tensor) = self { .tensor(rename(tensor)) } else { self }
  }

  /// The tensor given; `nil` where the mask is withheld.
  public var tensor: TensorReference? {
    if case .tensor(let tensor) = self { tensor } else { nil }
  }
}

/// One output tensor of one call of a layer.
public struct TensorReference: Sendable, Equatable, Hashable {
  /// The layer's name.
  public var layer: String
  /// Which call of the layer (a shared layer has several), from 0.
  public var node: Int
  /// Which output of that call, from 0.
  public var tensor: Int

  /// By default the first output of the layer's first call.
  public init(layer: String, node: Int = 0, tensor: Int = 0) {
    self.layer = layer
    self.node = node
    self.tensor = tensor
  }
}

/// One layer as stored.
public struct LayerRecord: Sendable, Equatable {
  /// Keras 3's class name, such as `GRU` or `GlobalMaxPooling1D`.
  public var className: String
  /// Unique in the model; references and files go by it.
  public var name: String
  /// The canonical config without `name`: Keras 3's keys, `dtype` as a plain policy name,
  /// initializers and the like as `{"class_name", "config"}`, inner layers likewise (their
  /// `config` does hold a `name`).
  public var config: JSONObject
  /// In Keras's order. See ``WeightRecord/name`` for their names.
  public var weights: [WeightRecord]
  /// One entry per call in a functional model: the tensors it is called on.
  public var inbound: [[TensorReference]] = []
  /// For each of these calls what was given as its mask, where something was; empty where nothing
  /// was. Masks that layers hand on by themselves are not listed.
  public var inboundMasks: [CallMask?] = []
  /// For each of these calls its `training` argument, where it has one that counts; empty where none
  /// has. In Keras 3 none counts: what the model is called with goes before it.
  public var inboundTraining: [Bool?] = []

  /// The classes that its file names where others compute the same, as `CuDNNGRU` for `GRU`: its
  /// own under `[]`, those of layers inside under the names on the way. The groups of a
  /// `.weights.h5` go by them.
  var storedClassNames: [[String]: String] = [:]

  /// What a call was given as its mask, where it was given something.
  package func mask(ofCall call: Int) -> CallMask? {
    inboundMasks.indices.contains(call) ? inboundMasks[call] : nil
  }

  /// The `training` argument of a call, where it has one that counts.
  package func training(ofCall call: Int) -> Bool? {
    inboundTraining.indices.contains(call) ? inboundTraining[call] : nil
  }

  /// A layer without calls, as a sequential model has them.
  public init(
    className: String, name: String, config: JSONObject, weights: [WeightRecord] = []
  ) {
    self.className = className
    self.name = name
    self.config = config
    self.weights = weights
  }
}

/// One weight as stored.
public struct WeightRecord: Sendable, Equatable {
  /// The way from the layer to the weight, in Keras 3's structure: `kernel`, `cell/kernel`,
  /// `forward_layer/cell/recurrent_kernel`. A reader that only knows positions puts a number for
  /// the last component.
  public var name: String
  /// Its numbers and shape, in the type that the file has.
  public var array: NumericArray
  /// Whether no gradient changes it, such as a moving mean. Files do not say; a network does.
  public var isStatistic: Bool

  /// - Parameter name: the way from the layer to the weight.
  public init(name: String, array: NumericArray, isStatistic: Bool = false) {
    self.name = name
    self.array = array
    self.isStatistic = isStatistic
  }

  /// The way from the layer to the object that holds it.
  var path: [String] { name.split(separator: "/").dropLast().map(String.init) }
}

/// Compile settings and optimizer state as stored.
public struct TrainingRecord: Sendable, Equatable {
  /// Keras's serialized loss: a name, an object, a list or a dictionary of them.
  public var loss: JSON
  /// Keras's serialized metrics, as they were given to `compile`: `["acc"]`.
  public var metrics: JSON
  /// Keras's `loss_weights`: null, a list or a dictionary of numbers.
  public var lossWeights: JSON
  /// Keras's `weighted_metrics`, in the form of ``metrics``.
  public var weightedMetrics: JSON
  /// The optimizer with its state.
  public var optimizer: OptimizerRecord

  /// Settings as `compile` takes them; null stands for what was not given.
  public init(
    loss: JSON, metrics: JSON = .null, lossWeights: JSON = .null, weightedMetrics: JSON = .null,
    optimizer: OptimizerRecord
  ) {
    self.loss = loss
    self.metrics = metrics
    self.lossWeights = lossWeights
    self.weightedMetrics = weightedMetrics
    self.optimizer = optimizer
  }
}

/// An optimizer and its arrays as stored.
public struct OptimizerRecord: Sendable, Equatable {
  /// Keras 3's class name, such as `RMSprop`.
  public var className: String
  /// Keras 3's keys (`learning_rate`, `rho`, …), defaults of the file's generation written out.
  public var config: JSONObject
  /// Updates done so far; `nil` where the file does not say.
  public var iterations: Int?
  /// The slots by Keras 3's name (`velocity`, `momentum`, `average_gradient`…), each with one array
  /// per trainable weight in model order. Empty before the first step.
  public var slots: [Slot]
  /// Whether the file does not name it, so that it is `compile`'s default, as Keras 3 takes it.
  public var isAssumed = false

  /// One of an optimizer's arrays for every weight.
  public struct Slot: Sendable, Equatable {
    /// Keras 3's name, such as `velocity`.
    public var name: String
    /// One for each trainable weight, in model order and of the weight's shape.
    public var arrays: [NumericArray]

    /// Takes Keras 3's name and an array for each trainable weight.
    public init(name: String, arrays: [NumericArray]) {
      self.name = name
      self.arrays = arrays
    }
  }

  /// By default an optimizer that has not made a step.
  public init(
    className: String, config: JSONObject, iterations: Int? = nil, slots: [Slot] = []
  ) {
    self.className = className
    self.config = config
    self.iterations = iterations
    self.slots = slots
  }
}
