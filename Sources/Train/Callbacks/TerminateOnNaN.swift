import KerasFormat

/// Stops training when the loss is NaN or infinite: Keras's `TerminateOnNaN`. Keras 1 has none;
/// there it stops after the epoch, as anything does.
public final class TerminateOnNaN: ConfigurableCallback {
  public static let className = "TerminateOnNaN"
  public static let firstOption: String? = nil

  /// Whether training fails, and so no callback's `onTrainEnd` is called (Keras 3).
  public let raiseError: Bool

  /// By default training ends without an error.
  public init(raiseError: Bool = false) { self.raiseError = raiseError }

  public init(from config: inout ConfigReader) throws(KerasError) {
    raiseError = try config.bool("raise_error", default: false)
  }

  public var config: JSONObject { ["raise_error": .bool(raiseError)] }

  public func onTrainBatchEnd(
    _ batch: Int, _ logs: Logs, _ run: TrainingRun
  ) throws(KerasError) {
    guard let loss = logs["loss"], !loss.isFinite else { return }
    if raiseError {
      throw KerasError(
        .invalidData,
        "NaN or Inf loss encountered at batch \(batch). Loss value: \(PythonFormat.str(loss)). "
          + "Terminating training immediately.")
    }
    run.report("Batch \(batch): Invalid loss, terminating training")
    run.stopTraining = true
  }
}
