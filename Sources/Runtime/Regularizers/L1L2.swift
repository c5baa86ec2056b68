import KerasFormat

/// `l1·Σ|w| + l2·Σw²`. The slope of |w| at 0 is 0.
public struct L1L2: Regularizer {
  public static let className = "L1L2"
  /// What the sum of magnitudes is multiplied by.
  public let l1: Double
  /// What the sum of squares is multiplied by.
  public let l2: Double

  /// With Keras 3's defaults: no penalty.
  public init(l1: Double = 0, l2: Double = 0) {
    self.l1 = l1
    self.l2 = l2
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    l1 = try config.number("l1", default: 0)
    l2 = try config.number("l2", default: 0)
  }

  public func penalty<S: Scalar>(of values: UnsafePointer<S>, shape: [Int]) -> Double {
    var (sum, squares) = (0.0, 0.0)
    for i in 0..<shape.reduce(1, *) {
      let value = Double(values[i])
      sum += abs(value)
      squares += value * value
    }
    return (l1 == 0 ? 0 : l1 * sum) + (l2 == 0 ? 0 : l2 * squares)
  }

  public func addGradient<S: Scalar>(
    of values: UnsafePointer<S>, shape: [Int], scale: S, to gradient: UnsafeMutablePointer<S>
  ) {
    let (slope, curve) = (S(l1) * scale, 2 * S(l2) * scale)
    for i in 0..<shape.reduce(1, *) {
      let value = values[i]
      gradient[i] += curve * value + (value > 0 ? slope : value < 0 ? -slope : 0)
    }
  }
}

/// `l1·Σ|w|`
public struct L1: Regularizer {
  public static let className = "L1"
  private let sum: L1L2

  /// With Keras's default, 0.01.
  public init(l1: Double = 0.01) { sum = L1L2(l1: l1) }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(l1: try config.number("l1", default: 0.01))
  }

  public func penalty<S: Scalar>(of values: UnsafePointer<S>, shape: [Int]) -> Double {
    sum.penalty(of: values, shape: shape)
  }

  public func addGradient<S: Scalar>(
    of values: UnsafePointer<S>, shape: [Int], scale: S, to gradient: UnsafeMutablePointer<S>
  ) { sum.addGradient(of: values, shape: shape, scale: scale, to: gradient) }
}

/// `l2·Σw²`
public struct L2: Regularizer {
  public static let className = "L2"
  private let sum: L1L2

  /// With Keras's default, 0.01.
  public init(l2: Double = 0.01) { sum = L1L2(l2: l2) }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(l2: try config.number("l2", default: 0.01))
  }

  public func penalty<S: Scalar>(of values: UnsafePointer<S>, shape: [Int]) -> Double {
    sum.penalty(of: values, shape: shape)
  }

  public func addGradient<S: Scalar>(
    of values: UnsafePointer<S>, shape: [Int], scale: S, to gradient: UnsafeMutablePointer<S>
  ) { sum.addGradient(of: values, shape: shape, scale: scale, to: gradient) }
}
