import KerasFormat

/// Sets the learning rate at the beginning of every epoch: Keras's `LearningRateScheduler`.
///
///     LearningRateScheduler { epoch, rate in epoch < 10 ? rate : rate * 0.9 }
///
/// The rate goes into the logs at the end of the epoch, as ``ReduceLROnPlateau`` puts it there;
/// Keras 1 does not do that.
public final class LearningRateScheduler: Callback {
  private let schedule: (_ epoch: Int, _ rate: Double) -> Double
  /// Whether each new rate is reported.
  public let verbose: Bool

  /// - Parameter schedule: from the epoch, counted from 0, and the rate, to the new rate.
  public init(
    verbose: Bool = false, _ schedule: @escaping (_ epoch: Int, _ rate: Double) -> Double
  ) {
    self.schedule = schedule
    self.verbose = verbose
  }

  public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(KerasError) {
    let rate = schedule(epoch, run.learningRate)
    try run.setLearningRate(rate)
    guard verbose, run.generation > .keras1 else { return }
    let number =
      run.generation == .keras2 ? PythonFormat.padded(epoch + 1, 5) : "\(epoch + 1)"
    run.report(
      "\nEpoch \(number): LearningRateScheduler setting learning rate to "
        + "\(PythonFormat.repr(rate)).")
  }

  public func onEpochEnd(
    _ epoch: Int, _ logs: inout Logs, _ run: TrainingRun
  ) throws(KerasError) {
    if run.generation > .keras1 { logs[run.learningRateName] = run.learningRate }
  }
}
