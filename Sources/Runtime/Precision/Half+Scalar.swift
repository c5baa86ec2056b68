/// The functions of TensorFlow in a 16-bit type: most are taken in float32 and rounded once; those
/// that Eigen composes round at each of their operations.
extension Half: Scalar {
  static func exp(_ x: Half) -> Half { Half(Float.exp(x.wide)) }
  static func expm1(_ x: Half) -> Half { Half(Float.expm1(x.wide)) }
  static func log(_ x: Half) -> Half { Half(Float.log(x.wide)) }
  static func log1p(_ x: Half) -> Half { Half(Float.log1p(x.wide)) }
  static func tanh(_ x: Half) -> Half { Half(Float.tanh(x.wide)) }
  static func erf(_ x: Half) -> Half { Half(Float.erf(x.wide)) }

  /// eˣ / (1 + eˣ), Eigen's form.
  static func logistic(_ x: Half) -> Half {
    let e = exp(x)
    return e.isInfinite ? 1 : e / (1 + e)
  }

  /// x far above zero, eˣ far below, ln(1 + eˣ) between: TensorFlow's form.
  static func softplus(_ x: Half) -> Half {
    let limit = Half(Float.log(Format.epsilon) + 2)
    if x > -limit { return x }
    return x < limit ? exp(x) : log1p(exp(x))
  }

  static var roundsOperations: Bool { true }

  static func round(_ values: UnsafeMutablePointer<Half>, count: Int) {
    for i in 0..<count { values[i].wide = Format.nearest(values[i].wide) }
  }

  static var sumsConvolutionsOnce: (depthwise: Bool, transposed: Bool) {
    (Format.isOf2_21, Format.products != .eachStep)
  }

  static func sum(_ count: Int, _ value: (Int) -> Half) -> Half {
    var (narrow, wide): (Half, Float) = (0, 0)
    for i in 0..<count {
      let next = value(i)
      wide += next.wide
      narrow += next
    }
    return Format.sumsOnce ? Half(wide) : narrow
  }

  static func quotient(_ x: Half, byConstant constant: Half) -> Half { x * (1 / constant) }
}

// MARK: - Activations

extension Half {
  static func applyRounding(
    _ activation: Activation, _ z: UnsafePointer<Half>, into y: UnsafeMutablePointer<Half>,
    vectors: Int, width: Int
  ) {
    let count = vectors * width
    switch activation {
    case .softmax:
      for row in 0..<vectors { softmax(z + row * width, into: y + row * width, width) }
    case .elu: for i in 0..<count { y[i] = z[i] < 0 ? exp(z[i]) - 1 : z[i] }
    case .selu:
      let (scale, alpha) = (1.0507009873554805, 1.6732632423543772)
      for i in 0..<count {
        y[i] = z[i] < 0 ? Half(scale * alpha) * (exp(z[i]) - 1) : Half(scale) * z[i]
      }
    case .gelu: for i in 0..<count { y[i] = 0.5 * z[i] * twiceNormalCDF(z[i]) }
    case .hardSigmoid: for i in 0..<count { y[i] = hardSigmoid(z[i]) }
    case .hardSiLU:
      // TensorFlow multiplies the constant into x.
      for i in 0..<count { y[i] = quotient(z[i], byConstant: 6) * min(max(z[i] + 3, 0), 6) }
    default: activation.compute(z, into: y, vectors: vectors, width: width)
    }
  }

  private static func hardSigmoid(_ x: Half) -> Half {
    quotient(min(max(x + 3, 0), 6), byConstant: 6)
  }

  /// 2·Φ(x) = 1 + erf(x/√2) = erfc(-x/√2)
  private static func twiceNormalCDF(_ x: Half) -> Half {
    let scaled = x * Half(0.70710678118654752 as Float)
    return Format.isOf2_21 ? Half(Float(1 + Double.erf(Double(scaled.wide)))) : 1 + erf(scaled)
  }

  /// Eigen's: the sum in eight lanes, rows multiplied by its reciprocal.
  private static func softmax(
    _ z: UnsafePointer<Half>, into y: UnsafeMutablePointer<Half>, _ width: Int
  ) {
    var largest = z[0]
    for i in 1..<max(1, width) { largest = max(largest, z[i]) }
    for i in 0..<width { y[i] = exp(z[i] - largest) }
    let factor = 1 / laneSum(width) { y[$0] }
    for i in 0..<width { y[i] *= factor }
  }

  /// A sum as Eigen's packets of eight take it: each lane by itself, the lanes together in float32,
  /// then what is left over.
  static func laneSum(_ count: Int, _ value: (Int) -> Half) -> Half {
    let whole = count & ~7
    var rest: Half = 0
    for i in whole..<count { rest += value(i) }
    guard whole > 0 else { return rest }
    return Half(lanes(whole, value)) + rest
  }

  /// The lanes' sums added in float32.
  static func lanes(_ whole: Int, _ value: (Int) -> Half) -> Float {
    var total: Float = 0
    for lane in 0..<8 {
      var sum = value(lane)
      for i in stride(from: lane + 8, to: whole, by: 8) { sum += value(i) }
      total += sum.wide
    }
    return total
  }
}

// MARK: - Memory

// SAFETY: where `roundsOperations`, the type is a Half, which is one Float and nothing else.
extension UnsafePointer where Pointee: Scalar {
  /// The same numbers with the arithmetic of `Float`, for operations that round once at their end.
  var wide: UnsafePointer<Float> {
    precondition(Pointee.roundsOperations, "only a Half lies in memory as a Float")
    return UnsafeRawPointer(self).assumingMemoryBound(to: Float.self)
  }
}

extension UnsafeMutablePointer where Pointee: Scalar {
  var wide: UnsafeMutablePointer<Float> {
    precondition(Pointee.roundsOperations, "only a Half lies in memory as a Float")
    return UnsafeMutableRawPointer(self).assumingMemoryBound(to: Float.self)
  }
}

extension UnsafeMutablePointer<Float> {
  /// The way back of ``wide``.
  func narrow<S: Scalar>(to type: S.Type) -> UnsafeMutablePointer<S> {
    precondition(S.roundsOperations, "only a Half lies in memory as a Float")
    return UnsafeMutableRawPointer(self).assumingMemoryBound(to: S.self)
  }
}
