import KerasFormat
import KerasRuntime

/// A network with what training it takes: Keras's `Model`, compiled.
///
///     var model = try Model([
///       Embedding(inputDim: 5000, outputDim: 32, maskZero: true), GRU(units: 32),
///       Dense(units: 1, activation: .sigmoid),
///     ], seed: 7)
///     try model.compile(optimizer: RMSprop(learningRate: 0.001), loss: BinaryCrossentropy(), metrics: ["acc"])
///     let history = try model.fit(x, y, batchSize: 128, epochs: 50, validationSplit: 0.2)
///     try model.save("gru.keras")
public struct Model: Sendable {
  /// The layers with the weights they have now.
  public var network: Network
  public internal(set) var compilation: Compilation?

  /// What `compile` sets, and what an optimizer has gathered since.
  public struct Compilation: Sendable {
    public var optimizer: any Optimizer
    public let loss: any Loss
    /// As given: `["acc"]`.
    public let metrics: JSON
    /// Whose arithmetic training follows.
    public let generation: Generation
    /// How Keras 3 treats embeddings; no file records it.
    public var backend: Backend?
    /// What the optimizer has gathered so far.
    public internal(set) var state = OptimizerState()
  }

  public init(_ network: Network) { self.network = network }

  /// A sequential model with fresh weights.
  ///
  /// - Parameter seed: what `keras.utils.set_random_seed` would be given.
  public init(
    _ layers: [any Layer], name: String = "sequential", seed: UInt64,
    generation: Generation = .keras3
  ) throws(KerasError) {
    self.init(try Network(layers, name: name, seed: seed, generation: generation))
  }

  /// A model from a stored one, compiled as it was saved, with its optimizer's state.
  ///
  /// - Parameter weights: the stored ones, or fresh ones for a definition without.
  public init(
    _ record: ModelRecord, weights: Network.WeightSource = .stored
  ) throws(KerasError) {
    self.init(try Network(record, weights: weights))
    try restoreCompilation()
  }

  /// A model from a file, compiled as it was saved, with its optimizer's state.
  public init(contentsOf path: String, weights: String? = nil) throws(KerasError) {
    let record = try ModelFile.read(path, weights: weights)
    do {
      try self.init(record)
    } catch {
      throw error.inFile(path)
    }
  }

  /// Sets optimizer, loss and metrics.
  ///
  /// - Parameters:
  ///   - generation: whose arithmetic training follows; default: the model's own.
  ///   - backend: of Keras 3. On ``Backend/tensorflow`` its optimizers square the gradient of each
  ///     occurrence of an id in an embedding before they sum them; on JAX and torch they sum first, as the
  ///     formulas have it and as every earlier Keras did. `nil` sums.
  ///   - keepingState: whether what an earlier optimizer with the same slots has gathered stays, as
  ///     for a change of the learning rate. Keras drops it.
  public mutating func compile(
    optimizer: any Optimizer = RMSprop(), loss: any Loss, metrics: [String] = [],
    generation: Generation? = nil, backend: Backend? = nil, keepingState: Bool = false
  ) throws(KerasError) {
    let old = compilation
    let rules = generation ?? network.generation
    if let backend, backend != .tensorflow, rules != .keras3 {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras \(rules.rawValue) has no backend \(backend.rawValue): only Keras 3 is computed on others"
      )
    }
    let optimizer = try optimizer.checked(for: rules)
    if backend == .tensorflow, rules == .keras3, optimizer.options.lossScaleFactor != nil,
      !network.tableWeights.isEmpty
    {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras 3 on TensorFlow cannot scale the gradients of embeddings back",
        at: .init(path: ["optimizer", "loss_scale_factor"]))
    }
    var new = Compilation(
      optimizer: optimizer, loss: loss, metrics: .array(metrics.map(JSON.string)),
      generation: rules)
    new.backend = backend
    if keepingState, let old, type(of: old.optimizer) == type(of: optimizer),
      old.optimizer.allSlotNames == optimizer.allSlotNames
    {
      new.state = old.state
    }
    compilation = new
    _ = try self.metrics()
  }

  /// Outputs for raw arrays; see ``Network/predict(_:batchSize:)``.
  public func predict(
    _ inputs: [NumericArray], batchSize: Int = 32
  ) throws(KerasError) -> [NumericArray] {
    try network.predict(inputs, batchSize: batchSize)
  }

  /// The first output for each text; see ``Network/predict(_:batchSize:)``.
  public func predict(_ texts: [String]) throws(KerasError) -> [Float] {
    try network.predict(texts)
  }

  /// The model as it is stored, compile settings and optimizer state included.
  public var record: ModelRecord {
    var record = network.record
    if let compilation { record.training = compilation.record(for: network) }
    return record
  }

  /// Writes the model; the name's ending chooses the container.
  ///
  /// - Returns: what had to be renamed, added or left out.
  @discardableResult
  public func save(
    _ path: String, options: ModelFile.WriteOptions = ModelFile.WriteOptions()
  ) throws(KerasError) -> [ConversionNote] {
    try ModelFile.write(record, to: path, options: options)
  }

  /// The compilation, or what to do about there being none.
  func compiled() throws(KerasError) -> Compilation {
    guard let compilation else {
      throw KerasError(
        .invalidArgument, "the model is not compiled", hint: "give it an optimizer and a loss")
    }
    return compilation
  }

  func metrics() throws(KerasError) -> [any Metric] {
    let compilation = try compiled()
    guard let width = network.outputShapes[0].last, network.outputs.count == 1 else {
      throw KerasError(
        .unsupportedConfiguration,
        "a model with \(network.outputs.count) outputs but training takes models with one")
    }
    return try MetricRegistry.metrics(
      compilation.metrics, loss: compilation.loss, outputWidth: width,
      generation: compilation.generation)
  }
}
