import KerasFormat

/// How one release of TensorFlow computes with one of its 16-bit types: what it rounds to, and how
/// it sums. Measured operation by operation inside `tf.function`, as `Model.predict` runs them,
/// with `TF_ENABLE_ONEDNN_OPTS=0`: what Eigen computes, which is the same on every processor. With
/// oneDNN, which TensorFlow takes by itself on processors with 16-bit instructions, products,
/// biases and activations round less often and in places that depend on the processor.
protocol NarrowFormat: Sendable {
  /// The nearest number of the type, ties to even.
  static func nearest(_ x: Float) -> Float
  static var products: NarrowProducts { get }
  /// `NumTraits<T>::epsilon()` of Eigen, from which softplus takes its limits.
  static var epsilon: Float { get }
  /// TensorFlow 2.21, or 2.15: it writes GELU with erfc instead of erf, and sums depthwise
  /// convolutions in float32.
  static var isOf2_21: Bool { get }
  /// Whether a sum over an axis is taken in float32 and rounded once.
  static var sumsOnce: Bool { get }
}

/// How the sums of a matrix product round.
enum NarrowProducts {
  /// At every step, in the type itself.
  case eachStep
  /// Once, a sum in float32.
  case once
  /// A sum in float32 whose lower half is cut off: TensorFlow's own bfloat16 products.
  case cut
}

/// float16 in any release.
protocol Float16Format: NarrowFormat {}

extension Float16Format {
  static func nearest(_ x: Float) -> Float { HalfPrecision.nearestFloat16(x) }
  static var products: NarrowProducts { isOf2_21 ? .once : .eachStep }
  static var epsilon: Float { 0x1p-13 }
  static var sumsOnce: Bool { false }
}

/// bfloat16 in any release.
protocol BFloat16Format: NarrowFormat {}

extension BFloat16Format {
  static func nearest(_ x: Float) -> Float { HalfPrecision.nearestBFloat16(x) }
  static var products: NarrowProducts { .cut }
  static var epsilon: Float { 0x1p-7 }
  static var sumsOnce: Bool { true }
}

enum Float16Of2_15: Float16Format { static let isOf2_21 = false }
enum Float16Of2_21: Float16Format { static let isOf2_21 = true }
enum BFloat16Of2_15: BFloat16Format { static let isOf2_21 = false }
enum BFloat16Of2_21: BFloat16Format { static let isOf2_21 = true }
