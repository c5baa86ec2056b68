import Foundation
import KerasFormat

/// Times of the same work, in seconds: their middle and how far they lie apart.
struct Spread {
  let times: [Double]

  init(_ times: [Double]) { self.times = times.sorted() }

  var median: Double { quantile(0.5) }
  var lowerQuartile: Double { quantile(0.25) }
  var upperQuartile: Double { quantile(0.75) }
  var least: Double { times.first ?? .nan }

  /// Linear between neighbours, as NumPy's default.
  func quantile(_ share: Double) -> Double {
    guard let last = times.indices.last else { return .nan }
    let place = share * Double(last)
    let below = Int(place)
    let above = min(below + 1, last)
    return times[below] + (times[above] - times[below]) * (place - Double(below))
  }

  var json: JSON {
    [
      "median": .number(median), "lower_quartile": .number(lowerQuartile),
      "upper_quartile": .number(upperQuartile), "least": .number(least),
      "repetitions": .integer(times.count),
    ]
  }
}

/// The clock of all measurements.
enum Stopwatch {
  /// The seconds that `body` takes.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    return (clock.now - start).seconds
  }
}

/// Time passed and processor time used, of all threads, since it was made. The second hardly
/// depends on what else the machine does.
struct Meter {
  private let start = ContinuousClock.now
  private let used = Meter.processorSeconds

  var seconds: Double { (ContinuousClock.now - start).seconds }
  var processor: Double { Meter.processorSeconds - used }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
