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
  func onTrainBegin(_ run: TrainingRun) throws(KerasError)
  func onTrainEnd(_ run: TrainingRun) throws(KerasError)
  /// - Parameter epoch: counted from 0.
  func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(KerasError)
  /// - Parameter logs: the epoch's averages, validation included; what is added here stands in the
  ///   history, and later callbacks see it.
  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) throws(KerasError)
  /// - Parameter batch: counted from 0 in every epoch.
  func onTrainBatchBegin(_ batch: Int, _ run: TrainingRun) throws(KerasError)
  /// - Parameter logs: Keras 2.15 and 3: the averages of the epoch so far; Keras 1 and 2.2: this
  ///   batch's own values, with its number and its rows as `batch` and `size`.
  func onTrainBatchEnd(_ batch: Int, _ logs: Logs, _ run: TrainingRun) throws(KerasError)

  // Around a validation, and around `Model.evaluate`.
  func onTestBegin() throws(KerasError)
  func onTestBatchBegin(_ batch: Int) throws(KerasError)
  func onTestBatchEnd(_ batch: Int, _ logs: Logs) throws(KerasError)
  func onTestEnd(_ logs: Logs) throws(KerasError)

  /// Whether training is to break off between two batches, as by Ctrl-C: asked after every batch.
  /// The epoch begun stays out of the history, and ``onTrainEnd(_:)`` is not called.
  var isInterrupted: Bool { get }
  /// Training broke off because some callback's ``isInterrupted`` said so.
  func onInterrupt(_ run: TrainingRun) throws(KerasError)
  /// Training goes on in the middle of an epoch; ``onEpochBegin(_:_:)`` ran before it stopped.
  func onEpochResume(_ epoch: Int, _ run: TrainingRun) throws(KerasError)

  /// What it must remember to go on after a stop; `nil` for one that remembers nothing.
  var state: CallbackState? { get }
  /// Takes back what ``state`` gave; comes after ``onTrainBegin(_:)``.
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

  public init(_ values: JSONObject = [:], arrays: [String: [Float]] = [:]) {
    self.values = values
    self.arrays = arrays
  }
}

/// Closures in the place of a callback: Keras's `LambdaCallback`.
///
///     LambdaCallback(onEpochEnd: { epoch, logs in print(epoch, logs["loss"]!) })
public final class LambdaCallback: Callback {
  public typealias Whole = (_ run: TrainingRun) throws(KerasError) -> Void
  public typealias Epoch = (_ epoch: Int, _ logs: Logs) throws(KerasError) -> Void

  private let trainBegin: Whole?
  private let trainEnd: Whole?
  private let epochBegin: Epoch?
  private let epochEnd: Epoch?
  private let batchBegin: Epoch?
  private let batchEnd: Epoch?

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
