import KerasFormat
import KerasRuntime

/// How a call of ``Model/fit(_:settings:callbacks:)`` goes about it; Keras's names and defaults.
public struct FitSettings: Sendable {
  public var batchSize = 32
  public var epochs = 1
  public var initialEpoch = 0
  /// The last fraction of the rows, held back for validation before any shuffling.
  public var validationSplit = 0.0
  /// Rows to validate on instead.
  public var validationData: Dataset?
  public var shuffle = true
  /// The run's seed; `nil` takes one from the system, so that no two runs are alike.
  public var seed: UInt64?
  /// Where callbacks' messages go; Keras prints them.
  public var report: @Sendable (String) -> Void = { print($0) }
  /// Where their warnings go.
  public var warn: @Sendable (String) -> Void = { print("warning: \($0)") }

  public init() {}
}

extension Model {
  /// Trains for a number of epochs, on arrays.
  ///
  /// - Parameters:
  ///   - x: one array per input of the model.
  ///   - y: the targets.
  /// - Returns: loss and metrics of every epoch.
  @discardableResult
  public mutating func fit(
    _ x: [NumericArray], _ y: NumericArray, batchSize: Int = 32, epochs: Int = 1,
    validationSplit: Double = 0, validationData: Dataset? = nil, shuffle: Bool = true,
    seed: UInt64? = nil, callbacks: [any Callback] = []
  ) throws(KerasError) -> History {
    try fit(
      Dataset(inputs: x, targets: y), batchSize: batchSize, epochs: epochs,
      validationSplit: validationSplit, validationData: validationData, shuffle: shuffle,
      seed: seed, callbacks: callbacks)
  }

  /// Trains for a number of epochs.
  ///
  /// - Parameters:
  ///   - validationSplit: the last fraction of the rows, held back before any shuffling.
  ///   - validationData: rows to validate on instead.
  ///   - seed: decides the order of rows and what dropout drops; the same seed gives the same bits.
  /// - Returns: loss and metrics of every epoch.
  @discardableResult
  public mutating func fit(
    _ data: Dataset, batchSize: Int = 32, epochs: Int = 1, validationSplit: Double = 0,
    validationData: Dataset? = nil, shuffle: Bool = true, seed: UInt64? = nil,
    callbacks: [any Callback] = []
  ) throws(KerasError) -> History {
    var settings = FitSettings()
    settings.batchSize = batchSize
    settings.epochs = epochs
    settings.validationSplit = validationSplit
    settings.validationData = validationData
    settings.shuffle = shuffle
    settings.seed = seed
    return try fit(data, settings: settings, callbacks: callbacks)
  }

  /// Trains for a number of epochs.
  ///
  /// The model keeps what was learned also where this throws or a callback stops it: the weights of
  /// the last whole update.
  ///
  /// - Parameter checkpoint: where an earlier run of the same model, data and settings stopped; this
  ///   one goes on as if it had not. Its history holds the epochs before, too.
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

  /// Loss and metrics on labelled rows, as Keras's `evaluate` returns them: the loss first.
  ///
  /// - Parameter callbacks: whose `onTest…` are called.
  public func evaluate(
    _ data: Dataset, batchSize: Int = 32, callbacks: [any Callback] = []
  ) throws(KerasError) -> [(name: String, value: Double)] {
    let compilation = try compiled()
    try data.check(for: network, loss: compilation.loss)
    var averages = Averages(try metrics(), generation: compilation.generation)
    try Trainer.measure(
      Objective(network: network, loss: compilation.loss, generation: compilation.generation),
      network.parameters, data, 0..<data.rows, batchSize: batchSize, into: &averages,
      callbacks: callbacks)
    let logs = averages.logs
    return logs.filter { $0.name == "loss" } + logs.filter { $0.name != "loss" }
  }
}
