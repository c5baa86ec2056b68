import KerasFormat

/// Stops training when a value no longer improves: Keras's `EarlyStopping`.
///
///     EarlyStopping(monitor: "val_loss", patience: 5, restoreBestWeights: true)
///
/// An improvement is a value below `best - minDelta` (for what is maximized, above `best + minDelta`).
/// - Keras 1 stops at the first epoch without one after `patience` others without.
/// - Keras 2.2 stops after `patience` epochs without one; `baseline` is the best to begin with; the
///   best weights come back only where it stopped.
/// - Keras 2.15 never stops in the first epoch; where `baseline` is not beaten it goes on counting.
/// - Keras 3 does the same, and brings the best weights back at the end of any training.
///
/// Options that a generation lacks work as in the next one that has them.
///
/// Source: `keras/callbacks.py` of 1.2.2 and 2.2.4, `keras/src/callbacks.py` of 2.15,
/// `keras/src/callbacks/early_stopping.py` of 3.15.1.
public final class EarlyStopping: ConfigurableCallback {
  public static let className = "EarlyStopping"
  public static let firstOption: String? = nil

  /// The value watched, `val_loss` unless given.
  public let monitor: Monitor
  /// How much better than the best a value must be; 0 by default.
  public let minDelta: Double
  /// Epochs without an improvement that are borne; 0 by default.
  public let patience: Int
  /// Whether it reports what it does.
  public let verbose: Bool
  /// The value that the first improvement must beat; `nil` takes any.
  public let baseline: Double?
  /// Whether the weights of the best epoch come back at the end.
  public let restoreBestWeights: Bool
  /// Epochs, counted from 0, before this one are not looked at.
  public let startFromEpoch: Int

  /// Epochs since the last improvement.
  public private(set) var wait = 0
  /// The best value so far; `nil` before the first.
  public private(set) var best: Double?
  /// The epoch of the best value, from 0.
  public private(set) var bestEpoch = 0
  /// The epoch after which training was stopped, from 0; 0 where it was not.
  public private(set) var stoppedEpoch = 0
  private var bestWeights: [Float]?

  /// With Keras's defaults: `val_loss`, and no epoch without an improvement is borne.
  public init(
    monitor: String = "val_loss", minDelta: Double = 0, patience: Int = 0, verbose: Bool = false,
    mode: Monitor.Mode = .auto, baseline: Double? = nil, restoreBestWeights: Bool = false,
    startFromEpoch: Int = 0
  ) {
    self.monitor = Monitor(name: monitor, mode: mode)
    self.minDelta = minDelta
    self.patience = patience
    self.verbose = verbose
    self.baseline = baseline
    self.restoreBestWeights = restoreBestWeights
    self.startFromEpoch = startFromEpoch
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    monitor = try config.monitor()
    minDelta = try config.number("min_delta", default: 0)
    patience = try config.count("patience", default: 0)
    verbose = try config.verbosity()
    baseline = try config.optionalNumber("baseline")
    restoreBestWeights = try config.bool("restore_best_weights", default: false)
    startFromEpoch = try config.count("start_from_epoch", default: 0)
  }

  public var config: JSONObject {
    monitor.config.merging([
      "min_delta": .number(minDelta), "patience": .integer(patience), "verbose": .bool(verbose),
      "baseline": baseline.map(JSON.number) ?? .null,
      "restore_best_weights": .bool(restoreBestWeights),
      "start_from_epoch": .integer(startFromEpoch),
    ])
  }

  public func onTrainBegin(_ run: TrainingRun) throws(KerasError) {
    (wait, stoppedEpoch, bestEpoch, bestWeights) = (0, 0, 0, nil)
    if run.generation == .keras3 {
      best = nil
    } else {
      best = Monitor.worst(
        isMaximized: try monitor.isMaximized(.earlyStopping, in: run, for: Self.className),
        run.generation)
      if run.generation == .keras2, let baseline { best = baseline }
    }
  }

  public func onEpochEnd(
    _ epoch: Int, _ logs: inout Logs, _ run: TrainingRun
  ) throws(KerasError) {
    let isMaximized = try monitor.isMaximized(.earlyStopping, in: run, for: Self.className)
    guard let current = logs[monitor.name] else {
      run.warn(
        run.generation == .keras1
          ? "Early stopping requires \(monitor.name) available!"
          : "Early stopping conditioned on metric `\(monitor.name)` which is not available. "
            + "Available metrics are: \(run.available(logs))")
      return
    }
    guard epoch >= startFromEpoch else { return }
    // Keras 1 and 2.2 let a negative change make it easier, the others take its size.
    let delta = run.generation <= .keras2 ? minDelta : abs(minDelta)
    func improves(on reference: Double?) -> Bool {
      Monitor.improves(
        current, on: reference, by: delta, isMaximized: isMaximized, run.generation)
    }
    if run.generation <= .keras2 {
      if improves(on: best) {
        keep(current, epoch, run)
        wait = 0
      } else {
        if run.generation == .keras2 { wait += 1 }
        if wait >= patience { try stop(epoch, run) }
        if run.generation == .keras1 { wait += 1 }
      }
      return
    }
    if restoreBestWeights, bestWeights == nil {
      bestWeights = run.flatWeights
      if run.generation == .keras3 { bestEpoch = epoch }
    }
    wait += 1
    if improves(on: best) {
      keep(current, epoch, run)
      if baseline.map({ improves(on: $0) }) ?? true { wait = 0 }
    } else if wait >= patience, epoch > 0 {
      try stop(epoch, run)
    }
  }

  private func keep(_ current: Double, _ epoch: Int, _ run: TrainingRun) {
    best = current
    bestEpoch = epoch
    if restoreBestWeights { bestWeights = run.flatWeights }
  }

  private func stop(_ epoch: Int, _ run: TrainingRun) throws(KerasError) {
    stoppedEpoch = epoch
    run.stopTraining = true
    if run.generation < .keras3 { try takeBack(run) }
  }

  private func takeBack(_ run: TrainingRun) throws(KerasError) {
    guard restoreBestWeights, let bestWeights else { return }
    if verbose {
      let which = run.generation <= .keras2 ? "" : ": \(bestEpoch + 1)."
      run.report("Restoring model weights from the end of the best epoch\(which)")
    }
    try run.setFlatWeights(bestWeights)
  }

  public func onTrainEnd(_ run: TrainingRun) throws(KerasError) {
    if stoppedEpoch > 0, verbose {
      let number =
        switch run.generation {
        case .keras1: PythonFormat.padded(stoppedEpoch, 5)
        case .keras2: PythonFormat.padded(stoppedEpoch + 1, 5)
        default: "\(stoppedEpoch + 1)"
        }
      run.report("Epoch \(number): early stopping")
    }
    if run.generation == .keras3 { try takeBack(run) }
  }

  public var state: CallbackState? {
    CallbackState(
      [
        "wait": .integer(wait), "best": best.map(JSON.number) ?? .null,
        "best_epoch": .integer(bestEpoch), "stopped_epoch": .integer(stoppedEpoch),
      ], arrays: bestWeights.map { ["best_weights": $0] } ?? [:])
  }

  public func restore(_ state: CallbackState, _ run: TrainingRun) throws(KerasError) {
    var values = ConfigReader(state.values, of: Self.className)
    wait = try values.count("wait", default: 0)
    best = try values.optionalNumber("best")
    bestEpoch = try values.count("best_epoch", default: 0)
    stoppedEpoch = try values.count("stopped_epoch", default: 0)
    bestWeights = state.arrays["best_weights"]
  }
}
