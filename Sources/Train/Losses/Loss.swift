import KerasFormat
import KerasRuntime

/// A loss as Keras defines it: a number per output vector, and its gradient.
///
/// Keras takes the mean over the last axis for each vector (each row, or each step of each row),
/// then a mean over all vectors that count; see ``Reduction``.
public protocol Loss: Sendable {
  /// Keras's class name.
  static var className: String { get }

  /// From Keras's config; missing settings take Keras's defaults.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for a setting of the wrong kind, or one
  ///   that is not computed.
  init(from config: inout ConfigReader) throws(KerasError)

  /// The settings that ``init(from:)`` reads, as far as they are not the defaults. By default none.
  var config: JSONObject { get }

  /// What targets must be: the message for one that cannot be, or `nil`.
  func objection(to target: Double, width: Int) -> String?

  /// Numbers per vector in the targets: the output's width, or 1 for class numbers. By default the
  /// output's.
  func targetWidth(for outputWidth: Int) -> Int

  /// The loss of each vector, and the gradient of their sum.
  func evaluate<S: Scalar>(_ batch: LossBatch<S>)

  /// Whether logits are what the loss works on, given that the output has them. By default not.
  func usesLogits(_ generation: Generation) -> Bool
}

extension Loss {
  public var config: JSONObject { [:] }
  public func objection(to target: Double, width: Int) -> String? { nil }
  public func targetWidth(for outputWidth: Int) -> Int { outputWidth }
  public func usesLogits(_ generation: Generation) -> Bool { false }

  /// What `compile` of a generation calls it.
  public func name(in generation: Generation) -> String {
    LossNames.named(Self.className)?.name(in: generation) ?? Self.className
  }

  /// The name that messages use.
  public var name: String { name(in: .keras3) }

  /// What `compile` would be given: a name where nothing is set, else an object.
  public func serialized(in generation: Generation) -> JSON {
    config.isEmpty
      ? .string(name(in: generation))
      : ["class_name": .string(Self.className), "config": .object(config)]
  }
}

/// One batch as a loss sees it.
public struct LossBatch<S: Scalar> {
  /// The model's output, or its logits when `isLogits`: `[vectors × width]`.
  public let output: UnsafePointer<S>
  /// Whether ``output`` holds logits.
  public let isLogits: Bool
  /// `[vectors × targetWidth]`, see ``Loss/targetWidth(for:)``.
  public let targets: UnsafePointer<S>
  /// Rows, or steps of all rows.
  public let vectors: Int
  /// The extent of the output's last axis.
  public let width: Int
  /// Whose formula is followed where they differ.
  public let generation: Generation
  /// `[vectors]`, written.
  public let losses: UnsafeMutablePointer<S>
  /// `[vectors × width]`, the gradient of each vector's loss: written.
  public let gradient: UnsafeMutablePointer<S>
  /// `[vectors]`, all false: set where the loss does not count a vector at all.
  public let ignored: UnsafeMutablePointer<Bool>
}

extension LossBatch {
  /// A loss that is a mean over the last axis.
  ///
  /// - Parameter term: of an output and its target, the loss and its slope.
  @inline(__always)
  func meanOverWidth(_ term: (_ output: S, _ target: S) -> (value: S, slope: S)) {
    let share = 1 / S(width)
    for vector in 0..<vectors {
      var sum: S = 0
      for i in vector * width..<(vector + 1) * width {
        let (value, slope) = term(output[i], targets[i])
        sum += value
        gradient[i] = slope * share
      }
      losses[vector] = sum * share
    }
  }
}

extension ConfigReader {
  /// Reads the axis along which a loss runs: only the last one is computed.
  mutating func lastAxis() throws(KerasError) {
    let axis = try integer("axis", default: -1)
    guard axis == -1 else {
      throw error("axis", "\(axis) but only the last axis, -1, is supported")
    }
  }

  /// Reads a share: a number within 0…1.
  mutating func share(_ key: String) throws(KerasError) -> Double {
    let share = try number(key, default: 0)
    guard share >= 0 && share <= 1 else { throw error(key, "\(share) but it is within 0…1") }
    return share
  }
}

/// A label as people write it: `2`, `0.5`.
func shortest(_ label: Double) -> String { Int(exactly: label).map(String.init) ?? "\(label)" }

/// Keras's `epsilon()`, in the precision of the model.
@inline(__always)
func kerasEpsilon<S: Scalar>() -> S { 1e-7 }

/// Keras's probabilities are kept this far from 0 and 1; the upper end as float32 rounds it.
@inline(__always)
func clippedProbability<S: Scalar>(_ p: S) -> S {
  let epsilon: S = kerasEpsilon()
  return p < epsilon ? epsilon : p > 1 - epsilon ? 1 - epsilon : p
}

/// Whether ``clippedProbability(_:)`` leaves `p` alone, so that a gradient passes.
@inline(__always)
func passesClip<S: Scalar>(_ p: S) -> Bool {
  let epsilon: S = kerasEpsilon()
  return p >= epsilon && p <= 1 - epsilon
}

/// `x` to the power of `exponent`, for x ≥ 0.
@inline(__always)
func power<S: Scalar>(_ x: S, _ exponent: S) -> S {
  if exponent == 0 { return 1 }
  if exponent == 1 { return x }
  if exponent == 2 { return x * x }
  return x == 0 ? 0 : S.exp(exponent * S.log(x))
}

/// The slope of ``power(_:_:)``.
@inline(__always)
func powerSlope<S: Scalar>(_ x: S, _ exponent: S) -> S {
  exponent == 0 ? 0 : exponent * power(x, exponent - 1)
}
