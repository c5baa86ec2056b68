import KerasFormat

/// Saves the model after every epoch, or where it is the best so far: Keras's `ModelCheckpoint`.
///
///     ModelCheckpoint("models/{epoch:02d}-{val_loss:.2f}.keras", saveBestOnly: true)
///
/// `path` is filled in as Python's `str.format` does it, from the logs and `epoch`, which counts
/// from 1 (in Keras 1 from 0), and `batch` where it saves by batches. Files are written as a whole:
/// an old one stays until the new one is there. A `.keras` file holds the state of training too: a
/// run can go on from it, see ``Checkpoint``.
///
/// Source: as ``EarlyStopping``; `model_checkpoint.py` of Keras 3.15.1.
public final class ModelCheckpoint: ConfigurableCallback {
  public static let className = "ModelCheckpoint"
  public static let firstOption: String? = "filepath"

  /// The file's name with its places to fill in; its ending is the format.
  public let path: String
  /// The value that decides what is best, `val_loss` unless given.
  public let monitor: Monitor
  /// Whether each save is reported.
  public let verbose: Bool
  /// Whether only a model better than all before is saved.
  public let saveBestOnly: Bool
  /// Whether weights alone are saved, as Keras's `save_weights` does.
  public let saveWeightsOnly: Bool
  /// When it saves.
  public let saveFrequency: SaveFrequency
  /// The value that the first one must beat (Keras 2.15, 3).
  public let initialValueThreshold: Double?
  /// Epochs from one save to the next (Keras 1, 2.2, 2.15).
  public let period: Int

  /// The best value so far; `nil` before the first.
  public private(set) var best: Double?
  private var hasBegun = false
  private var epochsSinceSave = 0
  private var counter = BatchCounter()

  /// With Keras's defaults: the whole model, after every epoch.
  public init(
    _ path: String, monitor: String = "val_loss", verbose: Bool = false, saveBestOnly: Bool = false,
    saveWeightsOnly: Bool = false, mode: Monitor.Mode = .auto, saveFreq: SaveFrequency = .epoch,
    initialValueThreshold: Double? = nil, period: Int = 1
  ) {
    self.path = path
    self.monitor = Monitor(name: monitor, mode: mode)
    self.verbose = verbose
    self.saveBestOnly = saveBestOnly
    self.saveWeightsOnly = saveWeightsOnly
    saveFrequency = saveFreq
    self.initialValueThreshold = initialValueThreshold
    self.period = period
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    path = try config.string("filepath", default: "")
    guard !path.isEmpty else {
      throw config.error("filepath", "missing but it is the file to save to")
    }
    monitor = try config.monitor()
    verbose = try config.verbosity()
    saveBestOnly = try config.bool("save_best_only", default: false)
    saveWeightsOnly = try config.bool("save_weights_only", default: false)
    saveFrequency = try config.saveFrequency()
    initialValueThreshold = try config.optionalNumber("initial_value_threshold")
    period = try config.count("period", default: 1)
    guard let container = ModelFile.Container(path: path), container != .json else {
      throw config.error(
        "filepath", "'\(path)' but its name ends in .keras, .h5, .hdf5 or .weights.h5")
    }
    if saveWeightsOnly, container == .keras {
      throw config.error(
        "filepath", "'\(path)' holds a whole model but save_weights_only asks for weights alone",
        hint: "end it in .weights.h5")
    }
    if container == .weights, !saveWeightsOnly {
      throw config.error(
        "filepath", "'\(path)' holds weights alone",
        hint: "add save_weights_only, or end it in .keras")
    }
  }

  public var config: JSONObject {
    monitor.config.merging([
      "filepath": .string(path), "verbose": .bool(verbose), "save_best_only": .bool(saveBestOnly),
      "save_weights_only": .bool(saveWeightsOnly), "save_freq": saveFrequency.json,
      "initial_value_threshold": initialValueThreshold.map(JSON.number) ?? .null,
      "period": .integer(period),
    ])
  }

  public func onTrainBegin(_ run: TrainingRun) throws(KerasError) {
    // As in Keras, a second `fit` goes on with the best value of the first.
    guard !hasBegun else { return }
    hasBegun = true
    best = initialValueThreshold
    if best == nil, run.generation < .keras3 {
      best = Monitor.worst(
        isMaximized: try monitor.isMaximized(.checkpoint, in: run, for: Self.className),
        run.generation)
    }
  }

  public func onTrainBatchEnd(
    _ batch: Int, _ logs: Logs, _ run: TrainingRun
  ) throws(KerasError) {
    guard case .batches(let count) = saveFrequency, counter.isDue(batch, every: count) else {
      return
    }
    try save(run.epoch, batch, logs, run)
  }

  public func onEpochEnd(
    _ epoch: Int, _ logs: inout Logs, _ run: TrainingRun
  ) throws(KerasError) {
    epochsSinceSave += 1
    guard saveFrequency == .epoch, epochsSinceSave >= period else { return }
    epochsSinceSave = 0
    try save(epoch, nil, logs, run)
  }

  private func save(
    _ epoch: Int, _ batch: Int?, _ logs: Logs, _ run: TrainingRun
  ) throws(KerasError) {
    var values: [String: PythonFormat.Value] = [:]
    for (name, value) in logs { values[name] = .number(value) }
    values["epoch"] = .integer(run.generation == .keras1 ? epoch : epoch + 1)
    if let batch { values["batch"] = .integer(batch + 1) }
    let target: String
    do {
      target = try PythonFormat.format(path, values)
    } catch {
      throw error.inside("ModelCheckpoint/filepath")
    }
    let label: String
    switch run.generation {
    case .keras1: label = "Epoch \(PythonFormat.padded(epoch, 5))"
    case .keras2: label = "\nEpoch \(PythonFormat.padded(epoch + 1, 5))"
    default: label = "\nEpoch \(epoch + 1)"
    }
    guard try isWanted(logs, label, target, run) else { return }
    try run.save(
      to: target, weightsOnly: saveWeightsOnly,
      written: verbose && run.generation == .keras3
        ? "\(label): finished saving model to \(target)" : nil)
  }

  private func isWanted(
    _ logs: Logs, _ label: String, _ target: String, _ run: TrainingRun
  ) throws(KerasError) -> Bool {
    func say(_ what: String) { if verbose { run.report("\(label): \(what)") } }
    guard saveBestOnly else {
      say("saving model to \(target)")
      return true
    }
    guard let current = logs[monitor.name] else {
      // Keras 3 saves all the same, the others skip it.
      let skips = run.generation < .keras3
      run.warn(
        "Can save best model only with \(monitor.name) available"
          + (skips ? ", skipping." : "."))
      return !skips
    }
    let isMaximized = try monitor.isMaximized(.checkpoint, in: run, for: Self.className)
    let before = best.map { PythonFormat.fixed($0, 5) } ?? "None"
    guard
      Monitor.improves(current, on: best, by: 0, isMaximized: isMaximized, run.generation)
    else {
      say(
        "\(monitor.name) did not improve"
          + (run.generation == .keras1 ? "" : " from \(before)"))
      return false
    }
    say(
      "\(monitor.name) improved from \(before) to \(PythonFormat.fixed(current, 5)), "
        + "saving model to \(target)")
    best = current
    return true
  }

  public var state: CallbackState? {
    CallbackState(
      counter.json.merging([
        "best": best.map(JSON.number) ?? .null, "epochs_since_save": .integer(epochsSinceSave),
      ]))
  }

  public func restore(_ state: CallbackState, _ run: TrainingRun) throws(KerasError) {
    var values = ConfigReader(state.values, of: Self.className)
    counter = try BatchCounter(from: &values)
    best = try values.optionalNumber("best")
    epochsSinceSave = try values.count("epochs_since_save", default: 0)
  }
}
