import KerasFormat
import KerasTrain

/// One line of Keras's progress output, as the generation prints it.
///
/// Source: `Progbar` in `keras/utils/generic_utils.py` of 1.2.2, 2.2.4 and 2.15, and
/// `keras/src/utils/progbar.py` of 3.15.1.
struct ProgressLine {
  let generation: Generation
  /// What is counted: rows before 2.15, batches since.
  let done: Int
  let target: Int
  /// Seconds since the epoch began, and what one of what is counted takes.
  let seconds: Double
  let secondsPerUnit: Double
  let logs: [(name: String, value: Double)]

  /// `verbose=2`: once at the end of an epoch.
  var summary: String {
    let values = logs.map { " - \($0.name): \(Self.number($0.value, $0.value))" }.joined()
    let whole = Numbers.fixed(seconds, 0)
    switch generation {
    case .keras1: return "\(Int(seconds))s\(values)"
    case .keras2: return " - \(whole)s\(values)"
    case .keras2_15:
      return "\(counter) - \(whole)s\(values) - \(Self.time(seconds, "epoch")) - "
        + Self.time(seconds / Double(max(1, target)), "step")
    case .keras3:
      return "\(counter) - \(whole)s - \(Self.time(secondsPerUnit, "step"))\(values)"
    }
  }

  /// `verbose=1`: the bar, with the time left or, at the end, the time taken.
  ///
  /// - Parameter hasColor: whether Keras 3's colours may be used; without them the part that is not
  ///   done yet has a thinner line.
  func bar(isLast: Bool, hasColor: Bool) -> String {
    let values = logs.map { " - \($0.name): \(Self.number($0.value, abs($0.value)))" }.joined()
    let left = secondsPerUnit * Double(max(0, target - done))
    if generation == .keras3 {
      let (bold, plain) = hasColor ? ("\u{1B}[1m", "\u{1B}[0m") : ("", "")
      let clock = isLast ? "\(Numbers.fixed(seconds, 0))s" : Self.clock(left)
      return "\(bold)\(counter)\(plain) \(line(hasColor)) \(bold)\(clock)\(plain) "
        + "\(Self.time(secondsPerUnit, "step"))\(values)"
    }
    let width = 30
    let filled = width * done / max(1, target)
    var bar = ""
    if filled > 0 {
      bar = String(repeating: "=", count: filled - 1) + (done < target ? ">" : "=")
    }
    bar = "\(counter) [\(bar)\(String(repeating: ".", count: width - filled))]"
    let time: String
    switch (generation, isLast) {
    case (.keras1, false): time = " - ETA: \(Int(left))s"
    case (.keras1, true): time = " - \(Int(seconds))s"
    case (_, false): time = " - ETA: \(Self.clock(left))"
    case (_, true): time = " - \(Numbers.fixed(seconds, 0))s \(Self.time(secondsPerUnit, "step"))"
    }
    return bar + time + values
  }

  private func line(_ hasColor: Bool) -> String {
    let width = 20
    let filled = width * done / max(1, target)
    let (green, white, plain) = hasColor ? ("\u{1B}[32m", "\u{1B}[37m", "\u{1B}[0m") : ("", "", "")
    let rest = String(repeating: hasColor ? "━" : "─", count: width - filled)
    let full = filled > 0 ? "\(green)\(String(repeating: "━", count: filled))\(plain)" : ""
    return "\(full)\(white)\(rest)\(plain)"
  }

  private var counter: String {
    let digits = "\(target)".count
    let text = "\(done)"
    return String(repeating: " ", count: max(0, digits - text.count)) + "\(text)/\(target)"
  }

  /// Four decimals, or four in scientific notation for what is small by `measure`: its size, and
  /// with `verbose=2` the number itself, so that negative ones are scientific.
  private static func number(_ value: Double, _ measure: Double) -> String {
    Numbers.format(measure > 1e-3 ? "%.4f" : "%.4e", value)
  }

  /// `1s/step`, `12ms/step`, `340us/step`
  private static func time(_ seconds: Double, _ unit: String) -> String {
    if seconds >= 1 || seconds == 0 { return "\(Numbers.fixed(seconds, 0))s/\(unit)" }
    if seconds >= 1e-3 { return "\(Numbers.fixed(seconds * 1e3, 0))ms/\(unit)" }
    return "\(Numbers.fixed(seconds * 1e6, 0))us/\(unit)"
  }

  /// The time left: `12s`, `1:05`, `1:02:03`.
  private static func clock(_ seconds: Double) -> String {
    let total = Int(seconds)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if seconds > 3600 { return "\(total / 3600):\(two(total % 3600 / 60)):\(two(total % 60))" }
    return seconds > 60 ? "\(total / 60):\(two(total % 60))" : "\(total)s"
  }
}
