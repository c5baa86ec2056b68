#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The arithmetic that layers are written in: `Float` for work, `Double` for float64 policies and
/// to check gradients with, ``Half`` for float16 and bfloat16 policies.
///
/// This is the façade over the kernels. A layer states what is to be computed through these members
/// and holds no fast loop of its own, so that a kernel can be replaced without touching a layer.
public protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// eˣ
  static func exp(_ x: Self) -> Self
  /// eˣ − 1, exact near 0
  static func expm1(_ x: Self) -> Self
  /// ln x
  static func log(_ x: Self) -> Self
  /// ln(1 + x), exact near 0
  static func log1p(_ x: Self) -> Self
  /// The hyperbolic tangent
  static func tanh(_ x: Self) -> Self
  /// The error function, 2/√π·∫₀ˣ e^(−t²) dt
  static func erf(_ x: Self) -> Self

  /// σ(x) = 1 / (1 + e⁻ˣ)
  static func logistic(_ x: Self) -> Self
  /// ln(1 + eˣ)
  static func softplus(_ x: Self) -> Self
  /// A sum from the first to the last.
  static func sum(_ count: Int, _ value: (Int) -> Self) -> Self
  /// `x / constant`, which TensorFlow may compute as a product with the constant's reciprocal.
  static func quotient(_ x: Self, byConstant constant: Self) -> Self

  /// `c += a · b`; see ``MatrixProduct``.
  static func addProduct(_ product: MatrixProduct<Self>)

  /// Whether every operation rounds to a type narrower than the processor's: then the order in
  /// which Keras takes its operations shows, and layers that could choose another take Keras's.
  static var roundsOperations: Bool { get }

  /// Whether these convolutions sum with all digits and round once.
  static var sumsConvolutionsOnce: (depthwise: Bool, transposed: Bool) { get }

  /// Rounds numbers that were computed as `Float`s in the same memory, with ``roundsOperations`` alone.
  static func round(_ values: UnsafeMutablePointer<Self>, count: Int)

  /// An activation where every operation rounds.
  static func applyRounding(
    _ activation: Activation, _ z: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>,
    vectors: Int, width: Int)

  /// `y = eˣ` of `count` numbers; `y` may be `x`.
  static func exp(_ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int)
  /// `y = 1 / (1 + e⁻ˣ)` of `count` numbers; `y` may be `x`.
  static func sigmoid(_ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int)
  /// `y = tanh x` of `count` numbers; `y` may be `x`.
  static func tanh(_ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int)
}

extension Scalar {
  @inlinable public static func logistic(_ x: Self) -> Self { 1 / (1 + exp(-x)) }
  @inlinable public static func softplus(_ x: Self) -> Self {
    (x > 0 ? x : 0 * x) + log1p(exp(-abs(x)))
  }
  @inlinable public static func quotient(_ x: Self, byConstant constant: Self) -> Self {
    x / constant
  }

  public static func sum(_ count: Int, _ value: (Int) -> Self) -> Self {
    (0..<count).reduce(0) { $0 + value($1) }
  }

  @inlinable public static var roundsOperations: Bool { false }
  @inlinable public static var sumsConvolutionsOnce: (depthwise: Bool, transposed: Bool) {
    (false, false)
  }
  @inlinable public static func round(_ values: UnsafeMutablePointer<Self>, count: Int) {}

  public static func applyRounding(
    _ activation: Activation, _ z: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>,
    vectors: Int, width: Int
  ) {
    activation.compute(z, into: y, vectors: vectors, width: width)
  }

  public static func exp(
    _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int
  ) {
    for i in 0..<count { y[i] = exp(x[i]) }
  }

  public static func sigmoid(
    _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int
  ) {
    for i in 0..<count { y[i] = logistic(x[i]) }
  }

  public static func tanh(
    _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int
  ) {
    for i in 0..<count { y[i] = tanh(x[i]) }
  }
}

extension Float: Scalar {
  @inlinable public static func exp(_ x: Float) -> Float { expf(x) }
  @inlinable public static func expm1(_ x: Float) -> Float { expm1f(x) }
  @inlinable public static func log(_ x: Float) -> Float { logf(x) }
  @inlinable public static func log1p(_ x: Float) -> Float { log1pf(x) }
  @inlinable public static func tanh(_ x: Float) -> Float { tanhf(x) }
  @inlinable public static func erf(_ x: Float) -> Float { erff(x) }
  public static func addProduct(_ product: MatrixProduct<Float>) { product.addFast() }

  public static func exp(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    InstructionSet.current.apply(.exponential, x, into: y, count: count)
  }

  public static func sigmoid(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    InstructionSet.current.apply(.sigmoid, x, into: y, count: count)
  }

  public static func tanh(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    InstructionSet.current.apply(.tanh, x, into: y, count: count)
  }
}

extension Double: Scalar {
  // The C functions by their module, since the members hide them.
  #if canImport(Glibc)
    @inlinable public static func exp(_ x: Double) -> Double { Glibc.exp(x) }
    @inlinable public static func expm1(_ x: Double) -> Double { Glibc.expm1(x) }
    @inlinable public static func log(_ x: Double) -> Double { Glibc.log(x) }
    @inlinable public static func log1p(_ x: Double) -> Double { Glibc.log1p(x) }
    @inlinable public static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }
    @inlinable public static func erf(_ x: Double) -> Double { Glibc.erf(x) }
  #elseif canImport(Musl)
    @inlinable public static func exp(_ x: Double) -> Double { Musl.exp(x) }
    @inlinable public static func expm1(_ x: Double) -> Double { Musl.expm1(x) }
    @inlinable public static func log(_ x: Double) -> Double { Musl.log(x) }
    @inlinable public static func log1p(_ x: Double) -> Double { Musl.log1p(x) }
    @inlinable public static func tanh(_ x: Double) -> Double { Musl.tanh(x) }
    @inlinable public static func erf(_ x: Double) -> Double { Musl.erf(x) }
  #else
    @inlinable public static func exp(_ x: Double) -> Double { Darwin.exp(x) }
    @inlinable public static func expm1(_ x: Double) -> Double { Darwin.expm1(x) }
    @inlinable public static func log(_ x: Double) -> Double { Darwin.log(x) }
    @inlinable public static func log1p(_ x: Double) -> Double { Darwin.log1p(x) }
    @inlinable public static func tanh(_ x: Double) -> Double { Darwin.tanh(x) }
    @inlinable public static func erf(_ x: Double) -> Double { Darwin.erf(x) }
  #endif
  public static func addProduct(_ product: MatrixProduct<Double>) { product.addReference() }
}
