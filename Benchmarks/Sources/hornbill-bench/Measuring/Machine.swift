import CPeak
import Dispatch
import Foundation
import KerasFormat
import KerasRuntime

/// What the figures were measured on.
struct Machine {
  /// Float32 operations a second that chains of fused multiply-adds reach, the best of several
  /// tries: what percentages of the peak refer to.
  ///
  /// - Parameter threads: how many cores run them at once.
  static func peak(threads: Int = 1) -> Double {
    // Short tries, many of them: on a busy machine some run undisturbed.
    let rounds = 2_000_000
    var best = 0.0
    for _ in 0..<60 {
      var operations = 0.0
      let seconds = Stopwatch.seconds {
        let counts = Counts(threads)
        DispatchQueue.concurrentPerform(iterations: threads) { counts[$0] = bench_peak_run(rounds) }
        operations = counts.sum
      }
      best = max(best, operations / seconds)
    }
    return best
  }

  static var processor: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
      ?? "unknown"
  }

  /// Processes that ran or waited to run in the last minute, this one included.
  static var load: Double {
    var averages = [0.0, 0.0, 0.0]
    return getloadavg(&averages, 3) > 0 ? averages[0] : .nan
  }

  static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

  static var json: JSON {
    [
      "processor": .string(processor), "cores": .integer(cores),
      "instructions": .string(InstructionSet.current.name),
      "peak_instructions": .string(String(cString: bench_peak_name())),
      "peak_gflops": .number(peak() / 1e9), "load": .number(load),
    ]
  }
}

/// A slot for each of several threads.
final class Counts: @unchecked Sendable {
  // SAFETY: each thread writes its own element, and the sum is taken after all have ended.
  private let values: UnsafeMutableBufferPointer<Double>

  init(_ count: Int) {
    values = .allocate(capacity: count)
    values.initialize(repeating: 0)
  }

  deinit { values.deallocate() }

  subscript(index: Int) -> Double {
    get { values[index] }
    set { values[index] = newValue }
  }

  var sum: Double { values.reduce(0, +) }
}
