#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// NumPy's global generator, `numpy.random`: the twister and the second number of the last normal
/// pair, which the next call hands out. Source: NumPy's `legacy-distributions.c`.
public struct NumPyRandom: Sendable, Equatable {
  /// Where its words come from.
  public private(set) var twister: MersenneTwister
  private var waiting: Double?

  /// `numpy.random.seed(seed)`.
  public init(seed: UInt64) {
    twister = MersenneTwister(numpySeed: UInt32(truncatingIfNeeded: seed))
  }

  /// `numpy.random.randint(bound)`: a whole number below `bound`.
  public mutating func integer(below bound: UInt64) -> UInt64 { twister.interval(bound - 1) }

  /// `numpy.random.normal(0, 1)`, by Marsaglia's polar method.
  public mutating func normal() -> Double {
    if let number = waiting {
      waiting = nil
      return number
    }
    while true {
      let x = 2 * twister.nextDouble() - 1
      let y = 2 * twister.nextDouble() - 1
      let square = x * x + y * y
      guard square < 1, square != 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      waiting = factor * x
      return factor * y
    }
  }

  /// `numpy.random.normal(0, 1, count)`.
  public mutating func normals(_ count: Int) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(normal()) }
    return values
  }
}
