import KerasFormat
import KerasRuntime
import KerasTrain

/// Times each epoch of a training run from its first batch to its last, as the other frameworks'
/// loops are timed: what `fit` does once is not in it.
final class EpochClock: Callback {
  private(set) var times: [Double] = []
  private(set) var processorTimes: [Double] = []
  private var meter = Meter()

  func onEpochBegin(_ epoch: Int, _ run: TrainingRun) { meter = Meter() }

  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) {
    times.append(meter.seconds)
    processorTimes.append(meter.processor)
  }
}

extension FitSettings {
  /// Epochs through the rows in their order, batch by batch, on so many cores.
  static func measuring(epochs: Int, batchSize: Int, threads: Int) -> FitSettings {
    var settings = FitSettings()
    settings.epochs = epochs
    settings.batchSize = batchSize
    settings.shuffle = false
    settings.seed = 1
    settings.crew = Crew(threads: threads)
    return settings
  }
}
