import KerasFormat

/// Multiplies the learning rate by `factor` when a value no longer improves: Keras's
/// `ReduceLROnPlateau`.
///
///     ReduceLROnPlateau(monitor: "val_loss", factor: 0.5, patience: 3, minLR: 1e-5)
///
/// The rate at the end of the epoch goes into the logs: `lr`, in Keras 3 `learning_rate`. Keras 1
/// calls `minDelta` `epsilon` and counts an epoch only after it has looked at `patience`.
///
/// Source: as ``EarlyStopping``.
public final class ReduceLROnPlateau: ConfigurableCallback {
  public static let className = "ReduceLROnPlateau"
  public static let firstOption: String? = nil

  /// The value watched, `val_loss` unless given.
  public let monitor: Monitor
  /// What the rate is multiplied by, below 1.
  public let factor: Double
  /// Epochs without an improvement before the rate falls.
  public let patience: Int
  /// Whether each new rate is reported.
  public let verbose: Bool
  /// How much better than the best a value must be; 0.0001 by default.
  public let minDelta: Double
  /// Epochs after a fall of the rate in which none are counted.
  public let cooldown: Int
  /// The rate does not fall below it.
  public let minLR: Double

  /// Epochs since the last improvement or fall.
  public private(set) var wait = 0
  /// The best value so far; `nil` before the first.
  public private(set) var best: Double?
  /// Epochs that are still not counted.
  public private(set) var cooldownCounter = 0

  /// - Precondition: `factor` is below 1.
  public init(
    monitor: String = "val_loss", factor: Double = 0.1, patience: Int = 10, verbose: Bool = false,
    mode: Monitor.Mode = .auto, minDelta: Double = 1e-4, cooldown: Int = 0, minLR: Double = 0
  ) {
    precondition(factor < 1, "ReduceLROnPlateau does not support a factor >= 1.0")
    self.monitor = Monitor(name: monitor, mode: mode)
    self.factor = factor
    self.patience = patience
    self.verbose = verbose
    self.minDelta = minDelta
    self.cooldown = cooldown
    self.minLR = minLR
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    monitor = try config.monitor()
    factor = try config.number("factor", default: 0.1)
    guard factor < 1, factor >= 0 else {
      throw config.error("factor", "\(factor) but it is below 1")
    }
    patience = try config.count("patience", default: 10)
    verbose = try config.verbosity()
    let epsilon = try config.optionalNumber("epsilon")
    minDelta = try config.number("min_delta", default: epsilon ?? 1e-4)
    cooldown = try config.count("cooldown", default: 0)
    minLR = try config.number("min_lr", default: 0)
  }

  public var config: JSONObject {
    monitor.config.merging([
      "factor": .number(factor), "patience": .integer(patience), "verbose": .bool(verbose),
      "min_delta": .number(minDelta), "cooldown": .integer(cooldown), "min_lr": .number(minLR),
    ])
  }

  public func onTrainBegin(_ run: TrainingRun) throws(KerasError) {
    (wait, cooldownCounter) = (0, 0)
    best =
      run.generation == .keras3
      ? nil
      : Monitor.worst(
        isMaximized: try monitor.isMaximized(.plateau, in: run, for: Self.className),
        run.generation)
  }

  public func onEpochEnd(
    _ epoch: Int, _ logs: inout Logs, _ run: TrainingRun
  ) throws(KerasError) {
    let isMaximized = try monitor.isMaximized(.plateau, in: run, for: Self.className)
    logs[run.learningRateName] = run.learningRate
    guard let current = logs[monitor.name] else {
      run.warn(missing(logs, run))
      return
    }
    if cooldownCounter > 0 {
      cooldownCounter -= 1
      wait = 0
    }
    if improves(current, isMaximized: isMaximized, run.generation) {
      best = current
      wait = 0
    } else if cooldownCounter == 0 {
      if run.generation > .keras1 { wait += 1 }
      if wait >= patience { try reduce(epoch, run) }
      if run.generation == .keras1 { wait += 1 }
    }
  }

  /// Before Keras 3 the change comes off the best value, not off the new one.
  private func improves(_ value: Double, isMaximized: Bool, _ generation: Generation) -> Bool {
    if generation == .keras3 {
      return Monitor.improves(
        value, on: best, by: abs(minDelta), isMaximized: isMaximized, generation)
    }
    guard let best else { return true }
    return isMaximized ? value > best + minDelta : value < best - minDelta
  }

  private func reduce(_ epoch: Int, _ run: TrainingRun) throws(KerasError) {
    let old = run.learningRate
    // Keras 2.15 and 3 compare float32 numbers; Keras 1 leaves a rate alone that is nearly there.
    let floor =
      switch run.generation {
      case .keras1: minLR + minLR * 1e-4
      case .keras2: minLR
      default: Double(Float(minLR))
      }
    guard old > floor else { return }
    let new = max(old * factor, minLR)
    try run.setLearningRate(new)
    if verbose {
      let rate = PythonFormat.repr(new)
      switch run.generation {
      case .keras1:
        run.report("\nEpoch \(PythonFormat.padded(epoch, 5)): reducing learning rate to \(rate).")
      case .keras2:
        run.report(
          "\nEpoch \(PythonFormat.padded(epoch + 1, 5)): ReduceLROnPlateau reducing learning rate "
            + "to \(rate).")
      default:
        run.report(
          "\nEpoch \(epoch + 1): ReduceLROnPlateau reducing learning rate to \(rate).")
      }
    }
    cooldownCounter = cooldown
    wait = 0
  }

  private func missing(_ logs: Logs, _ run: TrainingRun) -> String {
    let names = run.available(logs)
    switch run.generation {
    case .keras1: return "Learning Rate Plateau Reducing requires \(monitor.name) available!"
    case .keras2:
      return "Reduce LR on plateau conditioned on metric `\(monitor.name)` which is not available. "
        + "Available metrics are: \(names)"
    default:
      return "Learning rate reduction is conditioned on metric `\(monitor.name)` which is not "
        + "available. Available metrics are: \(names)" + (run.generation == .keras3 ? "." : "")
    }
  }

  public var state: CallbackState? {
    CallbackState([
      "wait": .integer(wait), "best": best.map(JSON.number) ?? .null,
      "cooldown_counter": .integer(cooldownCounter),
    ])
  }

  public func restore(_ state: CallbackState, _ run: TrainingRun) throws(KerasError) {
    var values = ConfigReader(state.values, of: Self.className)
    wait = try values.count("wait", default: 0)
    best = try values.optionalNumber("best")
    cooldownCounter = try values.count("cooldown_counter", default: 0)
  }
}

extension TrainingRun {
  /// What the logs call the learning rate.
  var learningRateName: String { generation == .keras3 ? "learning_rate" : "lr" }
}
