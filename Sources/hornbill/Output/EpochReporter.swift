import KerasFormat
import KerasTrain

/// What `fit` shows while it runs, in the form of the model's Keras, on standard error: a bar with
/// the time left on a terminal, lines elsewhere.
final class EpochReporter: Callback {
  /// Keras's `verbose`.
  enum Verbosity: Int {
    case silent = 0
    case bar = 1
    case line = 2
    case epochs = 3

    static let names = ["auto", "0", "1", "2", "3"]

    /// - Parameter name: one of ``names``.
    /// - Parameter elsewhere: what `auto` means where nobody watches.
    init(named name: String, elsewhere: Verbosity) {
      self =
        Int(name).flatMap(Verbosity.init(rawValue:)) ?? (Console.isTerminal ? .bar : elsewhere)
    }
  }

  private let verbosity: Verbosity
  private let introduction: String?
  private var epochStart = ContinuousClock.now
  private var firstStepEnd: ContinuousClock.Instant?
  private var lastDrawn = ContinuousClock.now
  private var firstBatch = 0
  private var rowsSeen = 0
  private var sums: [(name: String, value: Double)] = []

  /// - Parameter introduction: what to say when training begins.
  init(_ verbosity: Verbosity, introduction: String? = nil) {
    self.verbosity = verbosity
    self.introduction = introduction
  }

  func onTrainBegin(_ run: TrainingRun) {
    let plan = run.plan
    if verbosity != .silent, let introduction { Console.note(introduction) }
    if verbosity != .silent, run.generation <= .keras2, plan.validationRows > 0 {
      Console.note(
        "Train on \(plan.trainingRows) samples, validate on \(plan.validationRows) samples")
    }
    if plan.batchSize > plan.trainingRows, plan.epochs > plan.initialEpoch {
      let rows = plan.trainingRows == 1 ? "one training row" : "\(plan.trainingRows) training rows"
      Console.warning(
        "batch size \(plan.batchSize) is larger than the \(rows): each epoch is one batch")
    }
  }

  func onEpochBegin(_ epoch: Int, _ run: TrainingRun) { begin(epoch, run) }
  func onEpochResume(_ epoch: Int, _ run: TrainingRun) { begin(epoch, run) }

  private func begin(_ epoch: Int, _ run: TrainingRun) {
    (epochStart, firstStepEnd, rowsSeen, sums) = (.now, nil, 0, [])
    firstBatch = -1
    guard verbosity != .silent else { return }
    if run.generation <= .keras2 || run.plan.epochs > 1 {
      Console.note("Epoch \(epoch + 1)/\(run.plan.epochs)")
    }
  }

  func onTrainBatchEnd(_ batch: Int, _ logs: Logs, _ run: TrainingRun) {
    if firstBatch < 0 { firstBatch = batch }
    if firstStepEnd == nil { firstStepEnd = .now }
    rowsSeen += min(
      run.plan.batchSize, run.plan.trainingRows - batch * run.plan.batchSize)
    guard verbosity == .bar, Console.isTerminal else { return }
    var shown = logs.pairs
    if run.generation <= .keras2 { shown = averaged(logs) }
    guard batch + 1 < run.plan.steps, lastDrawn.duration(to: .now).inSeconds > 0.05 else { return }
    lastDrawn = .now
    let bar = line(shown, run, batch + 1, epochStart.duration(to: .now).inSeconds)
      .bar(isLast: false, hasColor: Console.hasColor)
    Console.progress("\r\(bar)\u{1B}[K")
  }

  /// The averages so far, from the values of each batch.
  private func averaged(_ logs: Logs) -> [(name: String, value: Double)] {
    let size = logs["size"] ?? 1
    let values = logs.filter { $0.name != "batch" && $0.name != "size" }
    if sums.isEmpty { sums = values.map { ($0.name, 0) } }
    for index in sums.indices where values.indices.contains(index) {
      sums[index].value += values[index].value * size
    }
    return sums.map { ($0.name, $0.value / Double(max(1, rowsSeen))) }
  }

  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) {
    var shown = logs.pairs
    if run.generation <= .keras2 {
      // The metrics, not what callbacks have added, and validation behind training.
      shown = shown.filter { $0.name != "lr" }
      shown =
        shown.filter { !$0.name.hasPrefix("val_") } + shown.filter { $0.name.hasPrefix("val_") }
    }
    let isOld = run.generation <= .keras2
    let drawn = line(
      shown, run, isOld ? run.plan.trainingRows : run.plan.steps,
      epochStart.duration(to: .now).inSeconds)
    switch verbosity {
    case .silent, .epochs: break
    case .bar:
      let bar = drawn.bar(isLast: true, hasColor: Console.hasColor)
      if Console.isTerminal { Console.progress("\r\(bar)\u{1B}[K\n") } else { Console.note(bar) }
    case .line: Console.note(drawn.summary)
    }
  }

  private func line(
    _ logs: [(name: String, value: Double)], _ run: TrainingRun, _ done: Int, _ seconds: Double
  ) -> ProgressLine {
    let isOld = run.generation <= .keras2
    let steps = max(1, done - max(0, firstBatch))
    var perUnit = seconds / Double(max(1, isOld ? rowsSeen : steps))
    // Keras 2.15 and 3 leave the first batch out where there are others: it warms up.
    if !isOld, steps > 1, let firstStepEnd {
      perUnit = firstStepEnd.duration(to: .now).inSeconds / Double(steps - 1)
    }
    return ProgressLine(
      generation: run.generation, done: isOld && done != run.plan.trainingRows ? rowsSeen : done,
      target: isOld ? run.plan.trainingRows : run.plan.steps, seconds: seconds,
      secondsPerUnit: perUnit, logs: logs)
  }
}
