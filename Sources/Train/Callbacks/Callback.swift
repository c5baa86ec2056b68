import KerasFormat
import KerasRuntime

/// Something that watches training and may change its course: Keras's `Callback`.
///
/// All members have empty defaults. What goes on, and what can be changed, is the ``TrainingRun``:
///
///     final class Halving: Callback {
///       func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(KerasError) {
///         if epoch > 0 { try run.setLearningRate(run.learningRate / 2) }
///       }
///       func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) {
///         if logs["loss"]! < 0.1 { run.stopTraining = true }
///       }
///     }
///
/// A callback that remembers something from epoch to epoch hands it out as ``state``, so that a run
/// that goes on from a ``Checkpoint`` is the run that was never stopped.
public protocol Callback: AnyObject {
  /// Training begins; no weight has changed yet.
  ///
  /// - Throws: ``KerasError``, which ends training before its first epoch and comes out of `fit`,
  ///   as those of all members do.
  func onTrainBegin(_ run: TrainingRun) throws(KerasError)
  /// Training ended as it should, by its last epoch or ``TrainingRun/stopTraining``; weights that
  /// are changed here stay.
  ///
  /// - Throws: ``KerasError``, which comes out of `fit`; the model keeps what it has learned.
  func onTrainEnd(_ run: TrainingRun) throws(KerasError)
  /// - Parameter epoch: counted from 0.
  /// - Throws: ``KerasError``, which ends training; the model keeps what it has learned.
  func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(KerasError)
  /// - Parameter logs: the epoch's averages, validation included; what is added here stands in the
  ///   history, and later callbacks see it.
  /// - Throws: ``KerasError``, which ends training; the model keeps what it has learned.
  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) throws(KerasError)
  /// - Parameter batch: counted from 0 in every epoch.
  /// - Throws: ``KerasError``, which ends training; the model keeps what it has learned.
  func onTrainBatchBegin(_ batch: Int, _ run: TrainingRun) throws(KerasError)
  /// - Parameter logs: Keras 2.15 and 3: the averages of the epoch so far; Keras 1 and 2.2: this
  ///   batch's own values, with its number and its rows as `batch` and `size`.
  /// - Throws: ``KerasError``, which ends training; the model keeps what it has learned.
  func onTrainBatchEnd(_ batch: Int, _ logs: Logs, _ run: TrainingRun) throws(KerasError)

  // Around a validation, and around `Model.evaluate`.
  /// A validation begins.
  ///
  /// - Throws: ``KerasError``, which ends the validation, and training with it.
  func onTestBegin() throws(KerasError)
  /// A batch of a validation begins.
  ///
  /// - Parameter batch: counted from 0 in every validation.
  /// - Throws: ``KerasError``, which ends the validation, and training with it.
  func onTestBatchBegin(_ batch: Int) throws(KerasError)
  /// A batch of a validation is done.
  ///
  /// - Parameter logs: as in ``onTrainBatchEnd(_:_:_:)``, names without `val_`.
  /// - Throws: ``KerasError``, which ends the validation, and training with it.
  func onTestBatchEnd(_ batch: Int, _ logs: Logs) throws(KerasError)
  /// A validation is done.
  ///
  /// - Parameter logs: the averages over all its rows, names without `val_`.
  /// - Throws: ``KerasError``, which ends training.
  func onTestEnd(_ logs: Logs) throws(KerasError)

  /// Whether training is to break off between two batches, as by Ctrl-C: asked after every batch.
  /// The epoch begun stays out of the history, and ``onTrainEnd(_:)`` is not called.
  var isInterrupted: Bool { get }
  /// Training broke off because some callback's ``isInterrupted`` said so.
  ///
  /// - Throws: ``KerasError``, which comes out of `fit`; the model keeps what it has learned.
  func onInterrupt(_ run: TrainingRun) throws(KerasError)
  /// Training goes on in the middle of an epoch; ``onEpochBegin(_:_:)`` ran before it stopped.
  ///
  /// - Throws: ``KerasError``, which ends training; the model keeps what it has learned.
  func onEpochResume(_ epoch: Int, _ run: TrainingRun) throws(KerasError)

  /// What it must remember to go on after a stop; `nil` for one that remembers nothing.
  var state: CallbackState? { get }
  /// Takes back what ``state`` gave; comes after ``onTrainBegin(_:)``.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for a value of another kind than it
  ///   gave, ``KerasError/Code/inputOutput`` where it is to go on with a file and cannot.
  func restore(_ state: CallbackState, _ run: TrainingRun) throws(KerasError)
}

extension Callback {
  public func onTrainBegin(_ run: TrainingRun) {}
  public func onTrainEnd(_ run: TrainingRun) {}
  public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) {}
  public func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) {}
  public func onTrainBatchBegin(_ batch: Int, _ run: TrainingRun) {}
  public func onTrainBatchEnd(_ batch: Int, _ logs: Logs, _ run: TrainingRun) {}
  public func onTestBegin() {}
  public func onTestBatchBegin(_ batch: Int) {}
  public func onTestBatchEnd(_ batch: Int, _ logs: Logs) {}
  public func onTestEnd(_ logs: Logs) {}
  public var isInterrupted: Bool { false }
  public func onInterrupt(_ run: TrainingRun) {}
  public func onEpochResume(_ epoch: Int, _ run: TrainingRun) {}
  public var state: CallbackState? { nil }
  public func restore(_ state: CallbackState, _ run: TrainingRun) {}
}

/// What a callback remembers, as a checkpoint keeps it.
public struct CallbackState: Sendable, Equatable {
  /// Numbers and words, by name.
  public var values: JSONObject
  /// Weights and the like, by name; see ``TrainingRun/flatWeights``.
  public var arrays: [String: [Float]]

  /// By default nothing, as one that remembers nothing.
  public init(_ values: JSONObject = [:], arrays: [String: [Float]] = [:]) {
    self.values = values
    self.arrays = arrays
  }
}

/// Closures in the place of a callback: Keras's `LambdaCallback`.
///
///     LambdaCallback(onEpochEnd: { epoch, logs in print(epoch, logs["loss"]!) })
public final class LambdaCallback: Callback {
  /// Called with the run.
  public typealias Whole = (_ run: TrainingRun) throws(KerasError) -> Void
  /// Called with the number of an epoch, or of a batch in it, counted from 0, and what it measured;
  /// before an epoch or a batch nothing.
  public typealias Epoch = (_ epoch: Int, _ logs: Logs) throws(KerasError) -> Void

  private let trainBegin: Whole?
  private let trainEnd: Whole?
  private let epochBegin: Epoch?
  private let epochEnd: Epoch?
  private let batchBegin: Epoch?
  private let batchEnd: Epoch?

  /// Closures that are left out do nothing.
  public init(
    onEpochBegin: Epoch? = nil, onEpochEnd: Epoch? = nil, onTrainBegin: Whole? = nil,
    onTrainEnd: Whole? = nil, onTrainBatchBegin: Epoch? = nil, onTrainBatchEnd: Epoch? = nil
  ) {
    trainBegin = onTrainBegin
    trainEnd = onTrainEnd
    epochBegin = onEpochBegin
    epochEnd = onEpochEnd
    batchBegin = onTrainBatchBegin
    batchEnd = onTrainBatchEnd
  }

  public func onTrainBegin(_ run: TrainingRun) throws(KerasError) { try trainBegin?(run) }
  public func onTrainEnd(_ run: TrainingRun) throws(KerasError) { try trainEnd?(run) }

  public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(KerasError) {
    try epochBegin?(epoch, [:])
  }

  public func onEpochEnd(
    _ epoch: Int, _ logs: inout Logs, _ run: TrainingRun
  ) throws(KerasError) {
    try epochEnd?(epoch, logs)
  }

  public func onTrainBatchBegin(_ batch: Int, _ run: TrainingRun) throws(KerasError) {
    try batchBegin?(batch, [:])
  }

  public func onTrainBatchEnd(
    _ batch: Int, _ logs: Logs, _ run: TrainingRun
  ) throws(KerasError) {
    try batchEnd?(batch, logs)
  }
}
