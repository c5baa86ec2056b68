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
  /// What it is compiled with; `nil` for a model that is not.
  public internal(set) var compilation: Compilation?

  /// What `compile` sets, and what an optimizer has gathered since.
  public struct Compilation: Sendable {
    /// With its settings, which may be changed between two runs.
    public var optimizer: any Optimizer
    /// As given: `"mse"`, a list or a dictionary of losses.
    public let loss: JSON
    /// The same, one for each output; `nil` where an output has none.
    public let losses: [OutputLoss?]
    /// What each output's loss counts for, as given.
    public let lossWeights: JSON
    /// As given: `["acc"]`.
    public let metrics: JSON
    /// Metrics in which sample weights count, as given.
    public let weightedMetrics: JSON
    /// Whose arithmetic training follows.
    public let generation: Generation
    /// How Keras 3 treats embeddings; no file records it.
    public var backend: Backend?
    /// What the optimizer has gathered so far.
    public internal(set) var state = OptimizerState()
  }

  /// A model that is not compiled.
  public init(_ network: Network) { self.network = network }

  /// A sequential model with fresh weights.
  ///
  /// - Parameter seed: what `keras.utils.set_random_seed` would be given.
  /// - Throws: ``KerasError`` naming the layer whose setting, input or weight cannot be.
  public init(
    _ layers: [any Layer], name: String = "sequential", seed: UInt64,
    generation: Generation = .keras3
  ) throws(KerasError) {
    self.init(try Network(layers, name: name, seed: seed, generation: generation))
  }

  /// A model from a stored one, compiled as it was saved, with its optimizer's state.
  ///
  /// - Parameter weights: the stored ones, or fresh ones for a definition without.
  /// - Throws: ``KerasError`` where it does not fit together, or its compile settings or optimizer
  ///   could not be read.
  public init(
    _ record: ModelRecord, weights: Network.WeightSource = .stored
  ) throws(KerasError) {
    if let failure = record.trainingFailure { throw failure }
    self.init(try Network(record, weights: weights))
    try restoreCompilation()
  }

  /// A model from a file, compiled as it was saved, with its optimizer's state.
  ///
  /// - Throws: ``KerasError`` with the file and the place in it; compile settings or an optimizer
  ///   that cannot be read are an error too.
  public init(contentsOf path: String, weights: String? = nil) throws(KerasError) {
    let record = try ModelFile.read(path, weights: weights)
    do {
      try self.init(record)
    } catch {
      throw error.inFile(path)
    }
  }

  /// Sets optimizer, loss and metrics, reading like Keras:
  ///
  ///     try model.compile(
  ///       optimizer: Adam(), loss: ["price": "mse", "sold": "binary_crossentropy"],
  ///       metrics: ["price": ["mae"], "sold": ["acc"]], lossWeights: ["price": 1, "sold": 0.2])
  ///
  /// - Parameters:
  ///   - loss: one for all outputs, a list with one each, or a dictionary by the outputs' names;
  ///     each a name or a serialized object. `null` for an output that is not trained.
  ///   - metrics: a list, or one per output likewise.
  ///   - weightedMetrics: those in which sample weights count.
  ///   - lossWeights: what each output's loss counts for; a list or a dictionary; default: 1.
  ///   - generation: whose arithmetic training follows; default: the model's own.
  ///   - backend: of Keras 3. On ``Backend/tensorflow`` its optimizers square the gradient of each
  ///     occurrence of an id in an embedding before they sum them; on JAX and torch they sum first, as the
  ///     formulas have it and as every earlier Keras did. `nil` sums.
  ///   - keepingState: whether what an earlier optimizer with the same slots has gathered stays, as
  ///     for a change of the learning rate. Keras drops it.
  /// - Throws: ``KerasError`` for a loss or metric that the generation does not have.
  public mutating func compile(
    optimizer: any Optimizer = RMSprop(), loss: JSON, metrics: JSON = .null,
    weightedMetrics: JSON = .null, lossWeights: JSON = .null, generation: Generation? = nil,
    backend: Backend? = nil, keepingState: Bool = false
  ) throws(KerasError) {
    let generation = generation ?? network.generation
    try compile(
      Compilation(
        optimizer: optimizer, loss: loss,
        losses: try OutputLoss.all(
          loss, weights: lossWeights, outputs: network.outputNames, generation: generation),
        lossWeights: lossWeights, metrics: metrics, weightedMetrics: weightedMetrics,
        generation: generation, backend: backend), keepingState: keepingState)
  }

  /// Sets optimizer, loss and metrics, one loss for all outputs.
  ///
  ///     try model.compile(optimizer: RMSprop(), loss: BinaryCrossentropy(labelSmoothing: 0.1))
  ///
  /// - Throws: ``KerasError`` for a loss, a metric, an optimizer or a setting of one that the
  ///   generation does not have.
  public mutating func compile(
    optimizer: any Optimizer = RMSprop(), loss: any Loss, metrics: JSON = .null,
    weightedMetrics: JSON = .null, generation: Generation? = nil, backend: Backend? = nil,
    keepingState: Bool = false
  ) throws(KerasError) {
    let generation = generation ?? network.generation
    try LossRegistry.check(loss, generation)
    try compile(
      Compilation(
        optimizer: optimizer, loss: loss.serialized(in: generation),
        losses: network.outputs.map { _ in OutputLoss(loss) }, lossWeights: .null,
        metrics: metrics, weightedMetrics: weightedMetrics, generation: generation,
        backend: backend), keepingState: keepingState)
  }

  /// The same with metrics by name.
  ///
  /// - Throws: ``KerasError`` for a loss, a metric, an optimizer or a setting of one that the
  ///   generation does not have.
  public mutating func compile(
    optimizer: any Optimizer = RMSprop(), loss: any Loss, metrics: [String],
    generation: Generation? = nil, backend: Backend? = nil, keepingState: Bool = false
  ) throws(KerasError) {
    try compile(
      optimizer: optimizer, loss: loss, metrics: .array(metrics.map(JSON.string)),
      generation: generation, backend: backend, keepingState: keepingState)
  }

  private mutating func compile(
    _ given: Compilation, keepingState: Bool
  ) throws(KerasError) {
    var new = given
    let rules = new.generation
    if let backend = new.backend, backend != .tensorflow, rules != .keras3 {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras \(rules.rawValue) has no backend \(backend.rawValue): only Keras 3 is computed on others"
      )
    }
    new.optimizer = try new.optimizer.checked(for: rules)
    if new.backend == .tensorflow, rules == .keras3, new.optimizer.options.lossScaleFactor != nil,
      !network.tableWeights.isEmpty
    {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras 3 on TensorFlow cannot scale the gradients of embeddings back",
        at: .init(path: ["optimizer", "loss_scale_factor"]))
    }
    if keepingState, let old = compilation,
      type(of: old.optimizer) == type(of: new.optimizer),
      old.optimizer.allSlotNames == new.optimizer.allSlotNames
    {
      new.state = old.state
    }
    compilation = new
    _ = try self.metrics()
  }

  /// Outputs for raw arrays; see ``Network/predict(_:batchSize:)``.
  ///
  /// - Throws: ``KerasError`` where an array does not fit the model, naming row and step, and
  ///   ``KerasError/Code/invalidArgument`` for a batch of none.
  public func predict(
    _ inputs: [NumericArray], batchSize: Int = 32
  ) throws(KerasError) -> [NumericArray] {
    try network.predict(inputs, batchSize: batchSize)
  }

  /// The first output for each text; see ``Network/predict(_:batchSize:)``.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` where the model cannot read texts.
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
  /// - Throws: ``KerasError`` with the file: ``KerasError/Code/invalidArgument`` for a name that
  ///   tells no format, ``KerasError/Code/unsupportedConfiguration`` for what the format or the
  ///   generation cannot say, ``KerasError/Code/fileNotFound`` or ``KerasError/Code/inputOutput``
  ///   where it cannot be written.
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

  func metrics() throws(KerasError) -> CompiledMetrics {
    let compilation = try compiled()
    return try CompiledMetrics(
      compilation.metrics, weighted: compilation.weightedMetrics, losses: compilation.losses,
      network: network, generation: compilation.generation)
  }

  /// The losses of the outputs, with what becomes of them.
  ///
  /// - Throws: ``KerasError/Code/invalidArgument`` for a model that is not compiled,
  ///   ``KerasError/Code/unsupportedConfiguration`` for a regularizer or a loss that cannot be
  ///   where it stands.
  package func objective() throws(KerasError) -> Objective {
    let compilation = try compiled()
    return try Objective(
      network, losses: compilation.losses, generation: compilation.generation,
      backend: compilation.backend)
  }
}
