import KerasFormat
import KerasRuntime

/// A training run as its callbacks see and change it: where it stands, the weights, the learning
/// rate, and whether it goes on. Keras's callbacks reach the same through `self.model`.
public final class TrainingRun {
  /// The extent of the run.
  public let plan: TrainingPlan
  /// Whose rules callbacks follow.
  public let generation: Generation
  /// Ends training after this batch or epoch, as Keras's `model.stop_training` does: the epoch is
  /// finished and stands in the history.
  public var stopTraining = false
  /// The epoch that runs, from 0; after its last callback, the next one.
  public var epoch: Int { progress.epoch }
  /// Epochs that ended, with what they reported.
  public var history: History { progress.history }

  var step: TrainingStep
  /// Where the run stands.
  var progress: Progress
  /// What of the epoch that runs has been averaged.
  var averages: Averages
  let settings: FitSettings
  let data: Dataset
  let callbacks: [any Callback]
  /// The model as it came; its weights are those from before.
  let start: Model
  /// Where NumPy's generator stands when training begins.
  private(set) var numpyStart: MersenneTwister.State
  private var pending: [PendingFile] = []
  /// What a callback asked to go on from while training began.
  private(set) var resumption: Checkpoint?
  private lazy var fingerprint = DataFingerprint(data, settings)
  private var told: Set<String> = []

  init(
    _ model: Model, _ objective: Objective, _ metrics: CompiledMetrics, _ data: Dataset,
    _ settings: FitSettings, _ plan: TrainingPlan, _ callbacks: [any Callback]
  ) throws(KerasError) {
    generation = objective.generation
    start = model
    self.data = data
    self.settings = settings
    self.plan = plan
    self.callbacks = callbacks
    step = try TrainingStep(model.network, objective, try model.compiled(), settings.crew)
    averages = Averages(metrics, objective: objective, isTraining: true)
    progress = Progress(epoch: settings.initialEpoch, seed: settings.seed)
    let start = try model.network.randomStart(seed: progress.seed, generation: generation)
    step.streams = start.streams
    numpyStart = start.numpy
  }

  // MARK: - The optimizer

  /// The learning rate, as the float32 that Keras keeps it in, before `decay`; where a schedule
  /// gives it, that of the next batch.
  public var learningRate: Double {
    let rate = step.updater.optimizer.learningRate as? Double
    return Double(rate.map { Float($0) } ?? step.updater.learningRate)
  }

  /// Changes the learning rate from the next batch on.
  ///
  /// - Throws: ``KerasError`` for a rate that is negative or no number, and where a schedule gives
  ///   the rates, as Keras does.
  public func setLearningRate(_ rate: Double) throws(KerasError) {
    try step.updater.setLearningRate(rate)
  }

  /// Updates done.
  public var iterations: Int { step.updater.iterations }

  // MARK: - The weights

  /// The weights in the order of Keras's `get_weights()`.
  public var weights: [NumericArray] {
    let parameters = step.updater.parameters
    return parameters.layout.specs.enumerated().map { index, spec in
      NumericArray(shape: spec.shape, .float32(parameters.values(index)))
    }
  }

  /// Replaces the weights, as Keras's `set_weights` does.
  ///
  /// - Throws: ``KerasError`` where there are more or fewer, or one has another shape.
  public func setWeights(_ arrays: [NumericArray]) throws(KerasError) {
    let parameters = step.updater.parameters
    let specs = parameters.layout.specs
    guard arrays.count == specs.count else {
      throw KerasError(
        .weightMismatch, "\(arrays.count) arrays but the model has \(specs.count) weights")
    }
    for (index, array) in arrays.enumerated() where array.shape != specs[index].shape {
      throw KerasError(
        .weightMismatch,
        "shape \(array.shape.tuple) but \(specs[index].name) needs \(specs[index].shape.tuple)")
    }
    for (index, array) in arrays.enumerated() { parameters.set(index, to: array.floats()) }
  }

  /// All weights as one array, in an order of Hornbill's own: a copy to come back to.
  public var flatWeights: [Float] { step.updater.parameters.flat }

  /// Where each weight lies in ``flatWeights``.
  public var layout: ParameterLayout { step.updater.parameters.layout }

  /// Takes back what ``flatWeights`` gave.
  ///
  /// - Throws: ``KerasError`` for an array of another length.
  public func setFlatWeights(_ values: [Float]) throws(KerasError) {
    try step.updater.parameters.setFlat(values, "weights")
  }

  /// All weights under the names of Keras's variables.
  func namedWeights() throws(KerasError) -> [(name: String, array: NumericArray)] {
    try ModelFile.namedWeights(of: model.record, generation: generation)
  }

  /// The model as it is now, compiled, with a copy of everything learned.
  public var model: Model {
    var model = start
    model.network = start.network.replacingParameters(Parameters(copying: step.updater.parameters))
    model.compilation?.adopt(step.updater)
    return model
  }

  // MARK: - Messages

  /// Says something to whoever watches training: one line, or several.
  public func report(_ message: String) { settings.report(message) }

  /// Warns, once for each message.
  public func warn(_ message: String) {
    if told.insert(message).inserted { settings.warn(message) }
  }

  // MARK: - Files

  /// Has the model written once all callbacks have had their turn; an old file stays whole until
  /// the new one is. A `.keras` file holds the state of training too, so that a run can go on from
  /// it.
  ///
  /// - Parameters:
  ///   - weightsOnly: as Keras's `save_weights` does.
  ///   - written: what to report then.
  /// - Throws: ``KerasError`` with the file: ``KerasError/Code/invalidArgument`` for a name that
  ///   tells no format, ``KerasError/Code/unsupportedConfiguration`` for what the format cannot
  ///   hold. What goes wrong in writing ends training later.
  public func save(
    to path: String, weightsOnly: Bool = false, written: String? = nil
  ) throws(KerasError) {
    guard let container = ModelFile.Container(path: path) else {
      throw KerasError(
        .invalidArgument, "the name tells no format", at: .init(file: path),
        hint: "end it in .keras, .h5 or .weights.h5")
    }
    do {
      let bytes = try ModelFile.encode(
        model.record, container: container,
        options: .init(legacyWeights: weightsOnly && container == .h5))
      pending.append(
        PendingFile(path: path, bytes: bytes, isArchive: container == .keras, written: written))
    } catch {
      throw error.inFile(path)
    }
  }

  private struct PendingFile {
    let path: String
    let bytes: [UInt8]
    let isArchive: Bool
    let written: String?
  }

  func writePendingFiles() throws(KerasError) {
    guard !pending.isEmpty else { return }
    let files = pending
    pending = []
    var state: Checkpoint?
    for file in files {
      var bytes = file.bytes
      if file.isArchive {
        if state == nil { state = checkpoint() }
        if let state { bytes = try state.embedded(in: bytes) }
      }
      try Folder.create(above: file.path)
      try AtomicFile.write(bytes, to: file.path)
      if let message = file.written { report(message) }
    }
  }

  // MARK: - Stopping and going on

  /// Everything that a run needs to go on from here.
  public func checkpoint() -> Checkpoint {
    var progress = progress
    progress.stopTraining = stopTraining
    progress.averages = averages.state
    progress.streams = step.streams.positions
    progress.states = step.states
    progress.stepOfRun = step.stepOfRun
    progress.callbacks = callbacks.compactMap { callback in
      callback.state.map { Progress.StoredCallback(callback, $0) }
    }
    return Checkpoint(model: model, progress: progress, settings: settings, data: fingerprint)
  }

  /// Has training go on from a checkpoint instead of from the start; to be asked for in
  /// ``Callback/onTrainBegin(_:)``.
  public func resume(from checkpoint: Checkpoint) { resumption = checkpoint }

  /// Puts everything where the checkpoint has it.
  func goOn(from checkpoint: Checkpoint) throws(KerasError) {
    try checkpoint.check(start, settings, fingerprint)
    let model = checkpoint.model
    step = try TrainingStep(
      model.network, try model.objective(), try model.compiled(), settings.crew)
    progress = checkpoint.progress
    let beginning = try start.network.randomStart(seed: progress.seed, generation: generation)
    step.streams = beginning.streams
    numpyStart = beginning.numpy
    guard progress.streams.count == step.streams.positions.count else {
      throw KerasError(
        .damagedFile,
        "\(progress.streams.count) random generators but the model has "
          + "\(step.streams.positions.count)", at: .init(path: ["progress", "streams"]))
    }
    step.streams.positions = progress.streams
    let hasBegun = progress.epoch > settings.initialEpoch || progress.batch > 0
    guard step.states == nil || !hasBegun || progress.states?.isEmpty == false else {
      throw KerasError(
        .damagedFile, "no states but the model is stateful",
        at: .init(path: ["progress", "states"]))
    }
    step.states = progress.states
    step.stepOfRun = progress.stepOfRun
    stopTraining = progress.stopTraining
    try averages.restore(progress.averages)
    var waiting = progress.callbacks
    for callback in callbacks where callback.state != nil {
      let name = Progress.name(of: callback)
      guard let index = waiting.firstIndex(where: { $0.name == name }) else { continue }
      try callback.restore(waiting.remove(at: index).state, self)
    }
    if let left = waiting.first {
      throw KerasError(
        .invalidArgument, "the run that stopped had the callback \(left.name), this one has not",
        hint: "give it again")
    }
  }
}

/// The extent of a training run.
public struct TrainingPlan: Sendable {
  /// How many epochs there are to be, those before ``initialEpoch`` included.
  public let epochs: Int
  /// The first epoch, counted from 0.
  public let initialEpoch: Int
  /// Updates in an epoch.
  public let steps: Int
  /// Rows of a batch; the last one of an epoch may have fewer.
  public let batchSize: Int
  /// Rows that are trained on.
  public let trainingRows: Int
  /// Rows that are validated on; 0 without a validation.
  public let validationRows: Int
}
