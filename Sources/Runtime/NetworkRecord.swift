import KerasFormat

extension Network {
  /// Where the weights of a network come from.
  public enum WeightSource: Sendable {
    /// From the record, all of them.
    case stored
    /// From the layers' initializers, with the seeds that Keras draws after
    /// `keras.utils.set_random_seed(seed)`, or Keras 1 and 2.2 after `numpy.random.seed(seed)`.
    case fresh(seed: UInt64)
    /// All zeros, where only names and shapes are looked at.
    case zeros
  }

  /// The largest number of weights that a definition may ask for: 2³¹, 8 GiB of float32.
  public static let maximumParameterCount = 1 << 31

  /// A network from a stored model.
  ///
  /// - Throws: ``KerasError`` naming the layer and the key, weight or shape that does not fit.
  public init(_ record: ModelRecord, weights: WeightSource = .stored) throws(KerasError) {
    var builder = NetworkBuilder(record)
    self = try builder.build(from: weights)
  }

  /// A network from a `.keras` file, a whole-model `.h5`, or a `.json` definition with its weights
  /// in a file of their own.
  ///
  /// - Parameters:
  ///   - path: the file; its first bytes tell what it is.
  ///   - weights: a file to take the weights from instead.
  ///   - training: whether to read the compile settings and the optimizer's state too, which only
  ///     saving and ``summary()`` use. A network that is to predict opens faster without.
  /// - Throws: ``KerasError`` naming the file and the place in it.
  public init(
    contentsOf path: String, weights: String? = nil, training: Bool = true
  ) throws(KerasError) {
    let record = try ModelFile.read(path, weights: weights, training: training)
    do {
      self = try Network(record)
    } catch {
      throw error.inFile(path)
    }
  }

  /// A sequential network with fresh weights.
  ///
  /// - Parameters:
  ///   - layers: from the input on; an ``InputLayer`` is only needed where the first layer is not
  ///     an embedding.
  ///   - seed: what `keras.utils.set_random_seed` would be given.
  /// - Throws: ``KerasError`` naming the layer whose setting, input or weight cannot be.
  public init(
    _ layers: [any Layer], name: String = "sequential", seed: UInt64,
    generation: Generation = .keras3
  ) throws(KerasError) {
    var names = LayerNames()
    var records: [LayerRecord] = []
    var layers = layers
    if layers.first is Embedding { layers.insert(InputLayer(shape: [nil]), at: 0) }
    for layer in layers {
      let className = type(of: layer).className
      var config: JSONObject = ["trainable": true, "dtype": "float32"]
      for (key, value) in layer.config.members { config[key] = value }
      records.append(
        LayerRecord(className: className, name: names.next(for: className), config: config))
    }
    let record = ModelRecord(generation: generation, name: name, layers: records)
    try self.init(record, weights: .fresh(seed: seed))
  }

  /// The network as it is stored: its definition with the weights it has now, in the types they
  /// were read in.
  public var record: ModelRecord {
    var record = definition
    record.name = name
    record.training = training
    record.textPipeline = textPipeline?.toJSON()
    var position: [String: Int] = [:]
    for (index, layer) in record.layers.enumerated() { position[layer.name] = index }
    var done: Set<String> = []
    for node in nodes where done.insert(node.name).inserted {
      guard let index = position[node.name] else { continue }
      record.layers[index].weights = node.weights.map { weight in
        let spec = parameters.layout.specs[weight]
        let array =
          storedWeights[weight]
          ?? NumericArray(shape: spec.shape, .float32(parameters.values(weight)))
        return WeightRecord(name: spec.name, array: array, isStatistic: spec.isTracked)
      }
    }
    return record
  }

  /// The same network with other weights, stored in the same types as before.
  public func replacingParameters(_ parameters: Parameters<Float>) -> Network {
    precondition(parameters.layout == self.parameters.layout, "parameters of another network")
    var stored: [Int: NumericArray] = [:]
    for (index, array) in storedWeights {
      stored[index] = NumericArray(
        shape: array.shape, floats: parameters.values(index), as: array.elements.type)
    }
    return Network(
      name: name, generation: generation, isSequential: isSequential, graph: graph,
      parameters: parameters, definition: definition,
      storedWeights: stored, training: training,
      textPipeline: textPipeline)
  }
}
