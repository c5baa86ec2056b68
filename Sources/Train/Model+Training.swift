import KerasFormat
import KerasRuntime

/// How a call of ``Model/fit(_:settings:callbacks:)`` goes about it; Keras's names and defaults.
public struct FitSettings: Sendable {
  /// Rows that make an update, 1 or more.
  public var batchSize = 32
  /// How many epochs there are to be, those before ``initialEpoch`` included.
  public var epochs = 1
  /// The epoch to begin with, counted from 0.
  public var initialEpoch = 0
  /// The last fraction of the rows, held back for validation before any shuffling.
  public var validationSplit = 0.0
  /// Rows to validate on instead.
  public var validationData: Dataset?
  /// `true` for the rows, `false` for none, or ``Shuffling/batch``.
  public var shuffle: Shuffling = true
  /// What a row counts for by its class; empty for all alike. Of a model with one output.
  public var classWeight: [Int: Double] = [:]
  /// The same by the outputs' names, as Keras 1 and 2.2 take it for several outputs.
  public var classWeights: [String: [Int: Double]] = [:]
  /// The run's seed, as though Keras's program began with it, made this model and trained it; `nil`
  /// takes one from the system, so that no two runs are alike.
  public var seed: UInt64?
  /// The threads that share each batch, all that there are by default. The same bits come out for
  /// any number.
  public var crew = Crew.all
  /// Where callbacks' messages go; Keras prints them.
  public var report: @Sendable (String) -> Void = { print($0) }
  /// Where their warnings go.
  public var warn: @Sendable (String) -> Void = { print("warning: \($0)") }

  /// Keras's defaults: one epoch in batches of 32, rows shuffled, nothing validated.
  public init() {}
}

extension Model {
  /// Trains for a number of epochs, on arrays.
  ///
  /// - Parameters:
  ///   - x: one array per input of the model.
  ///   - y: the targets.
  ///   - classWeight: what a row counts for by its class.
  ///   - sampleWeight: what each row counts for, `(N,)`, or each of its steps, `(N, T)`.
  /// - Returns: loss and metrics of every epoch.
  /// - Throws: ``KerasError/Code/shapeMismatch`` and ``KerasError/Code/invalidData`` for arrays
  ///   that do not fit each other or the model, ``KerasError/Code/invalidArgument`` for a model
  ///   that is not compiled and a setting that cannot be, and what a callback throws.
  @discardableResult
  public mutating func fit(
    _ x: [NumericArray], _ y: NumericArray, batchSize: Int = 32, epochs: Int = 1,
    validationSplit: Double = 0, validationData: Dataset? = nil, shuffle: Shuffling = true,
    classWeight: [Int: Double] = [:], sampleWeight: NumericArray? = nil, seed: UInt64? = nil,
    callbacks: [any Callback] = []
  ) throws(KerasError) -> History {
    try fit(
      Dataset(inputs: x, targets: y, sampleWeight: sampleWeight), batchSize: batchSize,
      epochs: epochs,
      validationSplit: validationSplit, validationData: validationData, shuffle: shuffle,
      classWeight: classWeight, seed: seed, callbacks: callbacks)
  }

  /// The same for a model with several outputs: targets, and sample weights, one array each.
  ///
  /// - Throws: ``KerasError`` as for one output.
  @discardableResult
  public mutating func fit(
    _ x: [NumericArray], _ y: [NumericArray], batchSize: Int = 32, epochs: Int = 1,
    validationSplit: Double = 0, validationData: Dataset? = nil, shuffle: Shuffling = true,
    sampleWeight: [NumericArray?] = [], seed: UInt64? = nil, callbacks: [any Callback] = []
  ) throws(KerasError) -> History {
    try fit(
      Dataset(inputs: x, targets: y, sampleWeights: sampleWeight), batchSize: batchSize,
      epochs: epochs, validationSplit: validationSplit, validationData: validationData,
      shuffle: shuffle, seed: seed, callbacks: callbacks)
  }

  /// Trains for a number of epochs.
  ///
  /// - Parameters:
  ///   - validationSplit: the last fraction of the rows, held back before any shuffling.
  ///   - validationData: rows to validate on instead.
  ///   - seed: decides the order of rows and what dropout drops, as in a Keras program that begins
  ///     with
  ///     `keras.utils.set_random_seed(seed)` (Keras 1 and 2.2: `numpy.random.seed(seed)`), makes this
  ///     model and calls `fit` once; the same seed gives the same bits.
  /// - Returns: loss and metrics of every epoch.
  /// - Throws: ``KerasError/Code/invalidArgument`` where the model is not compiled or a setting
  ///   cannot be, ``KerasError/Code/shapeMismatch`` and ``KerasError/Code/invalidData`` where the
  ///   data does not fit the model, and what a callback throws.
  @discardableResult
  public mutating func fit(
    _ data: Dataset, batchSize: Int = 32, epochs: Int = 1, validationSplit: Double = 0,
    validationData: Dataset? = nil, shuffle: Shuffling = true, classWeight: [Int: Double] = [:],
    seed: UInt64? = nil, callbacks: [any Callback] = []
  ) throws(KerasError) -> History {
    var settings = FitSettings()
    settings.batchSize = batchSize
    settings.epochs = epochs
    settings.validationSplit = validationSplit
    settings.validationData = validationData
    settings.shuffle = shuffle
    settings.classWeight = classWeight
    settings.seed = seed
    return try fit(data, settings: settings, callbacks: callbacks)
  }

  /// Trains for a number of epochs.
  ///
  /// The model keeps what was learned also where this throws or a callback stops it: the weights of
  /// the last whole update.
  ///
  /// - Parameter checkpoint: where an earlier run of the same model, data and settings stopped;
  ///   this one goes on as if it had not. Its history holds the epochs before, too.
  /// - Throws: ``KerasError/Code/invalidArgument`` where the model is not compiled, a setting
  ///   cannot be, or the checkpoint is of another run; ``KerasError/Code/shapeMismatch`` and
  ///   ``KerasError/Code/invalidData`` where the data does not fit the model; and what a callback
  ///   throws.
  @discardableResult
  public mutating func fit(
    _ data: Dataset, settings: FitSettings, callbacks: [any Callback] = [],
    resumingFrom checkpoint: Checkpoint? = nil
  ) throws(KerasError) -> History {
    let trainer = try Trainer(self, data, settings, callbacks)
    let result: Result<History, KerasError>
    do {
      result = .success(try trainer.run(from: checkpoint))
    } catch {
      result = .failure(error)
    }
    network = network.replacingParameters(trainer.parameters)
    compilation?.adopt(trainer.run.step.updater)
    return try result.get()
  }

  /// Loss and metrics on labelled rows, as Keras's `evaluate` returns them: the loss first. Stateful
  /// layers begin with zeros, as after `reset_states()`, and carry their states from batch to batch.
  ///
  /// - Parameters:
  ///   - crew: the threads that share each batch; the same bits come out for any number.
  ///   - callbacks: whose `onTest…` are called.
  /// - Throws: ``KerasError/Code/invalidArgument`` where the model is not compiled,
  ///   ``KerasError/Code/shapeMismatch`` and ``KerasError/Code/invalidData`` where the data does
  ///   not fit it, and what a callback throws.
  public func evaluate(
    _ data: Dataset, batchSize: Int = 32, crew: Crew = .all, callbacks: [any Callback] = []
  ) throws(KerasError) -> [(name: String, value: Double)] {
    let (objective, metrics) = (try objective(), try metrics())
    try refuseNarrowMeasures(objective, metrics)
    try data.check(for: objective)
    try network.checkBatches(of: data.rows, batchSize: batchSize)
    var averages = Averages(metrics, objective: objective)
    var pass = Pass(generation: objective.generation)
    pass.crew = crew
    pass.states = objective.freshStates
    try Trainer.measure(
      objective, network.parameters, data, 0..<data.rows, batchSize: batchSize, into: &averages,
      callbacks: callbacks, &pass)
    return averages.lossFirst
  }
}
