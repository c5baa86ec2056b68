import KerasFormat
import KerasRuntime

/// A training run that stopped, whole: the model with its optimizer, and where training stood.
///
/// A run that goes on from it is, bit for bit, the run that never stopped: weights, optimizer
/// slots, iterations, epoch and batch, random states, running averages, callbacks and history are
/// kept.
///
///     let checkpoint = try Checkpoint(contentsOf: "run.keras")
///     var model = checkpoint.model
///     try model.fit(data, settings: checkpoint.settings, resumingFrom: checkpoint)
///
/// Its file is a `.keras` archive. Keras opens it as a model and passes over the members under
/// `hornbill.training/`; ``ModelCheckpoint``, ``BackupAndRestore`` and
/// ``TrainingRun/save(to:weightsOnly:written:)`` write it.
public struct Checkpoint: Sendable {
  /// The model as it was, compiled, in its own generation.
  public let model: Model
  let progress: Progress
  let fit: StoredFit
  let data: DataFingerprint

  /// The settings of `fit` that a run must have in common with the one it goes on with.
  struct StoredFit: Sendable, Equatable {
    var epochs: Int
    var batchSize: Int
    var validationSplit: Double
    var shuffle: Shuffling
    var classWeight: [Int: Double]
    var classWeights: [String: [Int: Double]]
  }

  init(model: Model, progress: Progress, settings: FitSettings, data: DataFingerprint) {
    self.init(
      model: model, progress: progress,
      fit: StoredFit(
        epochs: settings.epochs, batchSize: settings.batchSize,
        validationSplit: settings.validationSplit, shuffle: settings.shuffle,
        classWeight: settings.classWeight, classWeights: settings.classWeights),
      data: data)
  }

  init(model: Model, progress: Progress, fit: StoredFit, data: DataFingerprint) {
    self.model = model
    self.progress = progress
    self.fit = fit
    self.data = data
  }

  /// The epoch that ran, from 0, or the next one.
  public var epoch: Int { progress.epoch }
  /// How many batches of it were done.
  public var batch: Int { progress.batch }
  /// The epochs that had ended.
  public var history: History { progress.history }

  /// The settings of the run that stopped; its validation data must be set again.
  public var settings: FitSettings {
    var settings = FitSettings()
    settings.epochs = fit.epochs
    settings.batchSize = fit.batchSize
    settings.validationSplit = fit.validationSplit
    settings.shuffle = fit.shuffle
    settings.classWeight = fit.classWeight
    settings.classWeights = fit.classWeights
    settings.seed = progress.isSeeded ? progress.seed : nil
    return settings
  }

  /// New callbacks with the options of those that remembered something, as far as they are Keras's.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for an option that its callback does
  ///   not have or cannot take.
  public func callbacks() throws(KerasError) -> [any ConfigurableCallback] {
    var made: [any ConfigurableCallback] = []
    for stored in progress.callbacks where CallbackRegistry.type(named: stored.name) != nil {
      made.append(try CallbackRegistry.callback(stored.name, config: stored.config))
    }
    return made
  }

  /// Refuses to go on where the result would not be the run that never stopped.
  func check(
    _ model: Model, _ settings: FitSettings, _ data: DataFingerprint
  ) throws(KerasError) {
    func refuse(_ what: String, _ found: String, _ expected: String) -> KerasError {
      KerasError(
        .invalidArgument, "\(what) \(found) but the run that stopped had \(expected)",
        hint: "a run goes on only with the same settings and data")
    }
    guard model.network.parameters.layout == self.model.network.parameters.layout else {
      throw KerasError(
        .weightMismatch, "the run that stopped trained a model with other weights",
        hint: "a run goes on only with the same model")
    }
    if settings.batchSize != fit.batchSize {
      throw refuse("batch size", "\(settings.batchSize)", "\(fit.batchSize)")
    }
    if settings.validationSplit != fit.validationSplit {
      throw refuse("validation split", "\(settings.validationSplit)", "\(fit.validationSplit)")
    }
    if settings.shuffle != fit.shuffle {
      throw refuse("shuffle", settings.shuffle.rawValue, fit.shuffle.rawValue)
    }
    if let seed = settings.seed, !progress.isSeeded || seed != progress.seed {
      throw refuse("seed", "\(seed)", progress.isSeeded ? "\(progress.seed)" : "none")
    }
    try self.data.check(data)
  }
}
