import KerasLaboratory
import KerasTrain
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What `sweep` shows while it runs, on standard error: on a terminal a table that fills, elsewhere
/// a line for each run.
final class SweepProgress: Sendable {
  private let sweep: Sweep
  private let verbosity: EpochReporter.Verbosity
  private let isTable: Bool
  private let state: Mutex<State>

  private struct State {
    var cells: [Sweep.Run: String] = [:]
    var done = 0
    var lines = 0
    var lastDrawn = ContinuousClock.now - .seconds(1)
  }

  init(_ sweep: Sweep, _ verbosity: EpochReporter.Verbosity) {
    self.sweep = sweep
    self.verbosity = verbosity
    isTable = verbosity == .bar && Console.isTerminal
    state = Mutex(State())
  }

  func take(_ event: Sweep.Event) {
    state.withLock { state in
      switch event {
      case .began(let run): state.cells[run] = "…"
      case .epoch(let run, let epoch, let epochs, let loss):
        state.cells[run] = "\(epoch)/\(epochs) \(Numbers.fixed(loss, 3))"
      case .kept(let run), .ended(let run):
        state.done += 1
        state.cells[run.run] = outcome(run)
        if verbosity == .line || verbosity == .bar && !isTable {
          Console.note(line(run, number: state.done))
        }
      }
      draw(&state, isLast: false)
    }
  }

  /// Leaves the table as it is at last.
  func end() { state.withLock { draw(&$0, isLast: true) } }

  private func outcome(_ run: SweepRun) -> String {
    switch run.outcome(sweep.plateau) {
    case .left(let epoch)?: "left at \(epoch)"
    case let outcome?: outcome.words
    case nil: run.best.map { Numbers.fixed($0.value, 3) } ?? "nan"
    }
  }

  private func line(_ run: SweepRun, number: Int) -> String {
    let best = run.best.map { ", best \(run.measure) \(Numbers.fixed($0.value, 4))" } ?? ""
    return "\(number)/\(sweep.runs.count) \(run.run.name): \(outcome(run))\(best)"
  }

  // MARK: - The table

  private func draw(_ state: inout State, isLast: Bool) {
    guard isTable else { return }
    guard isLast || state.lastDrawn.duration(to: .now).inSeconds > 0.1 else { return }
    state.lastDrawn = .now
    let (width, height) = Self.terminalSize
    var lines = table(state.cells)
    // A table that does not fit cannot be drawn over: only the count is shown then.
    if lines.count + 2 > height { lines = [] }
    lines.append("\(state.done) of \(sweep.runs.count) runs done")
    var text = state.lines > 0 ? "\u{1B}[\(state.lines)A" : ""
    for line in lines { text += "\r\(line.prefix(max(20, width - 1)))\u{1B}[K\n" }
    Console.progress(text)
    state.lines = lines.count
  }

  /// A row for each setting, a column for each seed.
  private func table(_ cells: [Sweep.Run: String]) -> [String] {
    let columns = sweep.axes.map { ReportTable.Column($0.name, isNumeric: false) }
    let seeds = sweep.seeds.map { ReportTable.Column("seed \($0)", isNumeric: false) }
    let rows = sweep.settings.map { settings in
      settings.map(\.value)
        + sweep.seeds.map { cells[Sweep.Run(settings: settings, seed: $0)] ?? "·" }
    }
    return ReportTable(columns: columns + seeds, rows: rows).text
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private static var terminalSize: (width: Int, height: Int) {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}
