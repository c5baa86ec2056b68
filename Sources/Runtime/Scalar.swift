#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The arithmetic that layers are written in: `Float` for work, `Double` to check gradients with.
///
/// This is the façade over the kernels. A layer states what is to be computed through these members
/// and holds no fast loop of its own, so that a kernel can be replaced without touching a layer.
public protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  static func exp(_ x: Self) -> Self
  static func expm1(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func log1p(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func erf(_ x: Self) -> Self

  /// `c += a · b`; see ``MatrixProduct``.
  static func addProduct(_ product: MatrixProduct<Self>)

  /// `y = eˣ`, `y = 1 / (1 + e⁻ˣ)` and `y = tanh x` of `count` numbers; `y` may be `x`.
  static func exp(_ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int)
  static func sigmoid(_ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int)
  static func tanh(_ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int)
}

extension Scalar {
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
    InstructionSet.current.kernels.pointee.exponential(x, y, count)
  }

  public static func sigmoid(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    InstructionSet.current.kernels.pointee.sigmoid(x, y, count)
  }

  public static func tanh(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    InstructionSet.current.kernels.pointee.tanh(x, y, count)
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
