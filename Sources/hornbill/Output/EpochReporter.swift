import KerasTrain

/// What `fit` shows while it runs, in Keras 3's form, on standard error: a bar with the time left on
/// a terminal, lines elsewhere.
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
  private var plan: TrainingPlan?
  private var epochStart = ContinuousClock.now
  private var lastDrawn = ContinuousClock.now

  /// - Parameter introduction: what to say when training begins.
  init(_ verbosity: Verbosity, introduction: String? = nil) {
    self.verbosity = verbosity
    self.introduction = introduction
  }

  func trainingBegan(_ plan: TrainingPlan) {
    self.plan = plan
    if verbosity != .silent, let introduction { Console.note(introduction) }
    if plan.batchSize > plan.trainingRows, plan.epochs > plan.initialEpoch {
      let rows = plan.trainingRows == 1 ? "one training row" : "\(plan.trainingRows) training rows"
      Console.warning(
        "batch size \(plan.batchSize) is larger than the \(rows): each epoch is one batch")
    }
  }

  func epochBegan(_ epoch: Int) {
    epochStart = .now
    guard verbosity != .silent, let plan else { return }
    Console.note("Epoch \(epoch + 1)/\(plan.epochs)")
  }

  func batchEnded(_ batch: Int, logs: [(name: String, value: Double)]) {
    guard verbosity == .bar, Console.isTerminal, let plan else { return }
    let isLast = batch + 1 == plan.steps
    guard isLast || lastDrawn.duration(to: .now).inSeconds > 0.05 else { return }
    lastDrawn = .now
    let elapsed = epochStart.duration(to: .now).inSeconds
    let perStep = elapsed / Double(batch + 1)
    let left = Numbers.clock(perStep * Double(plan.steps - batch - 1))
    let time = "\(bold)\(left)\(plain) \(Numbers.perStep(perStep))"
    Console.progress("\r\(bar(batch + 1, plan.steps)) \(time) - \(text(logs))\u{1B}[K")
  }

  func epochEnded(_ epoch: Int, logs: [(name: String, value: Double)], seconds: Double) {
    guard let plan else { return }
    let time = Numbers.clock(seconds)
    let perStep = Numbers.perStep(seconds / Double(max(1, plan.steps)))
    switch verbosity {
    case .silent, .epochs: break
    case .bar:
      let line = "\(bar(plan.steps, plan.steps)) \(bold)\(time)\(plain) \(perStep) - \(text(logs))"
      if Console.isTerminal { Console.progress("\r\(line)\u{1B}[K\n") } else { Console.note(line) }
    case .line:
      Console.note("\(plan.steps)/\(plan.steps) - \(time) - \(perStep) - \(text(logs))")
    }
  }

  private func text(_ logs: [(name: String, value: Double)]) -> String {
    logs.map { "\($0.name): \(Numbers.log($0.value))" }.joined(separator: " - ")
  }

  private func bar(_ done: Int, _ steps: Int) -> String {
    let filled = 20 * done / max(1, steps)
    let counter = String(repeating: " ", count: "\(steps)".count - "\(done)".count) + "\(done)"
    let (green, white) = Console.hasColor ? ("\u{1B}[32m", "\u{1B}[37m") : ("", "")
    let line = String(repeating: "━", count: filled)
    let rest = String(repeating: Console.hasColor ? "━" : "─", count: 20 - filled)
    return "\(bold)\(counter)/\(steps)\(plain) \(green)\(line)\(white)\(rest)\(plain)"
  }

  private var bold: String { Console.hasColor ? "\u{1B}[1m" : "" }
  private var plain: String { Console.hasColor ? "\u{1B}[0m" : "" }
}
