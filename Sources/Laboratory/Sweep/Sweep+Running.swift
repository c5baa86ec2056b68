import KerasFormat
import KerasRuntime
import KerasTrain
import Synchronization

extension Sweep {
  /// What happens while a sweep goes on, told from many threads one at a time.
  public enum Event: Sendable {
    /// A run was found finished in the folder.
    case kept(SweepRun)
    /// A run begins.
    case began(Run)
    /// - Parameters:
    ///   - epoch: counted from 1.
    ///   - loss: what it reported last, of validation where there is one.
    case epoch(Run, epoch: Int, of: Int, loss: Double)
    /// A run is done.
    case ended(SweepRun)
  }

  /// Trains all runs.
  ///
  /// - Parameters:
  ///   - folder: where each run is written when it ends, and looked for before it begins: a sweep
  ///     that was broken off goes on. A run that is there of other data or settings is made anew.
  ///   - tensorBoard: a folder for event files, one folder a run; `nil` for none.
  ///   - threads: runs at a time; `nil` for as many as there are cores.
  ///   - isInterrupted: asked after every batch; runs that are not finished then are dropped.
  ///   - report: is told what happens.
  ///   - prepare: makes a run's model, rows and settings. The same seed should give models with the
  ///     same weights, whatever the rate.
  /// - Returns: the runs that ended, in the order of ``runs``.
  public func run(
    keptIn folder: String? = nil, tensorBoard: String? = nil, threads: Int? = nil,
    isInterrupted: @escaping @Sendable () -> Bool = { false },
    report: @escaping @Sendable (Event) -> Void = { _ in },
    prepare: @escaping @Sendable (Run) throws(KerasError) -> Job
  ) async throws(KerasError) -> SweepResult {
    let runs = self.runs
    let store = folder.map(SweepStore.init)
    // Before hours of training.
    try checkFolders(folder, store, tensorBoard)
    let work = SweepWork(
      runs: runs, store: store, tensorBoard: tensorBoard,
      isInterrupted: isInterrupted, report: report, prepare: prepare)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, min(threads ?? ProcessorCount.online, runs.count)) {
        group.addTask { work.trainUntilDone() }
      }
    }
    return SweepResult(sweep: self, runs: try work.outcome())
  }

  /// Makes the folders, and refuses those that cannot be written to.
  private func checkFolders(
    _ folder: String?, _ store: SweepStore?, _ tensorBoard: String?
  ) throws(KerasError) {
    if let folder, let store {
      try Folder.create(folder)
      for run in runs { try store.check(run) }
    }
    if let tensorBoard {
      for run in runs {
        let events = "\(tensorBoard)/\(SweepStore.fileName(run))"
        if Folder.hasFile(events) {
          try AtomicFile.checkTarget("\(events)/events")
        } else {
          try Folder.create(tensorBoard)
          try AtomicFile.checkTarget(events)
        }
      }
    }
  }
}

/// The runs of a sweep, handed out to threads one by one.
private final class SweepWork: Sendable {
  private let runs: [Sweep.Run]
  private let store: SweepStore?
  private let tensorBoard: String?
  private let isInterrupted: @Sendable () -> Bool
  private let report: @Sendable (Sweep.Event) -> Void
  private let prepare: @Sendable (Sweep.Run) throws(KerasError) -> Sweep.Job
  private let state: Mutex<State>

  private struct State {
    var next = 0
    var finished: [SweepRun?]
    var error: KerasError?
  }

  init(
    runs: [Sweep.Run], store: SweepStore?, tensorBoard: String?,
    isInterrupted: @escaping @Sendable () -> Bool,
    report: @escaping @Sendable (Sweep.Event) -> Void,
    prepare: @escaping @Sendable (Sweep.Run) throws(KerasError) -> Sweep.Job
  ) {
    self.runs = runs
    self.store = store
    self.tensorBoard = tensorBoard
    self.isInterrupted = isInterrupted
    self.report = report
    self.prepare = prepare
    state = Mutex(State(finished: runs.map { _ in nil }))
  }

  func outcome() throws(KerasError) -> [SweepRun] {
    let (finished, error) = state.withLock { ($0.finished, $0.error) }
    if let error { throw error }
    return finished.compactMap { $0 }
  }

  func trainUntilDone() {
    while let index = next() {
      do {
        let finished = try finish(runs[index])
        state.withLock { $0.finished[index] = finished }
      } catch {
        state.withLock { $0.error = $0.error ?? error }
      }
    }
  }

  private func next() -> Int? {
    state.withLock { state in
      guard state.next < runs.count, state.error == nil, !isInterrupted() else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  /// - Returns: `nil` for a run that was broken off.
  private func finish(_ run: Sweep.Run) throws(KerasError) -> SweepRun? {
    let job = try prepare(run)
    let fingerprint = try job.model.trainingFingerprint(on: job.data, job.settings)
    let events = tensorBoard.map { "\($0)/\(SweepStore.fileName(run))" }
    if let kept = try store?.run(run, fingerprint), events.map(Folder.hasFile) ?? true {
      tell(.kept(kept))
      return kept
    }
    tell(.began(run))
    var model = job.model
    let guesses = try ConstantPredictor.losses(of: model, on: job.data, job.settings)
    let observer = RunObserver(isInterrupted) { epoch, loss in
      self.tell(.epoch(run, epoch: epoch, of: job.settings.epochs, loss: loss))
    }
    var callbacks: [any Callback] = [TerminateOnNaN(), observer]
    if let events {
      var hparams: JSONObject = [:]
      for setting in run.settings { hparams[setting.axis] = .string(setting.value) }
      hparams["seed"] = .string("\(run.seed)")
      callbacks.append(TensorBoard(logDir: events, hparams: hparams))
    }
    var settings = job.settings
    settings.report = { _ in }
    // Cores have a run each, which shares nothing.
    settings.crew = .alone
    let clock = ContinuousClock()
    let start = clock.now
    let history = try model.fit(job.data, settings: settings, callbacks: callbacks)
    guard !observer.wasInterrupted else { return nil }
    let finished = SweepRun(
      run: run, history: history, guesses: guesses, seconds: (clock.now - start).inSeconds,
      fingerprint: fingerprint)
    try store?.keep(finished)
    tell(.ended(finished))
    return finished
  }

  private func tell(_ event: Sweep.Event) { state.withLock { _ in report(event) } }
}

/// Watches one run.
private final class RunObserver: Callback {
  private let asks: @Sendable () -> Bool
  private let onEpoch: (_ epoch: Int, _ loss: Double) -> Void
  private(set) var wasInterrupted = false

  init(_ asks: @escaping @Sendable () -> Bool, onEpoch: @escaping (Int, Double) -> Void) {
    self.asks = asks
    self.onEpoch = onEpoch
  }

  var isInterrupted: Bool { asks() }

  func onInterrupt(_ run: TrainingRun) { wasInterrupted = true }

  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) {
    onEpoch(epoch + 1, logs["val_loss"] ?? logs["loss"] ?? .nan)
  }
}
