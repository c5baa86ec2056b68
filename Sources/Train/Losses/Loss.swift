import KerasFormat
import KerasRuntime

/// A loss as Keras defines it: a number per output vector, and its gradient.
///
/// Keras takes the mean over the last axis for each vector (each row, or each step of each row),
/// then the mean over all vectors that count.
public protocol Loss: Sendable {
  /// Keras's class name.
  static var className: String { get }
  /// The names that `compile(loss:)` takes besides, the usual one first.
  static var names: [String] { get }

  init(from config: inout ConfigReader) throws(KerasError)

  /// What targets must be: the message for one that cannot be, or `nil`.
  func objection(to target: Double, width: Int) -> String?

  /// Numbers per vector in the targets: the output's width, or 1 for class numbers.
  func targetWidth(for outputWidth: Int) -> Int

  /// The loss of each vector, and the gradient of their sum.
  func evaluate<S: Scalar>(_ batch: LossBatch<S>)

  /// Whether logits are what the loss works on, given that the output has them.
  func usesLogits(_ generation: Generation) -> Bool
}

extension Loss {
  public func objection(to target: Double, width: Int) -> String? { nil }
  public func targetWidth(for outputWidth: Int) -> Int { outputWidth }
  public func usesLogits(_ generation: Generation) -> Bool { false }
  /// What `compile` calls it.
  public var name: String { Self.names[0] }
}

/// One batch as a loss sees it.
public struct LossBatch<S: Scalar> {
  /// The model's output, or its logits when `isLogits`: `[vectors × width]`.
  public let output: UnsafePointer<S>
  public let isLogits: Bool
  public let targets: UnsafePointer<S>
  public let vectors: Int
  public let width: Int
  public let generation: Generation
  /// `[vectors]`, written.
  public let losses: UnsafeMutablePointer<S>
  /// `[vectors × width]`, the gradient of each vector's loss: written.
  public let gradient: UnsafeMutablePointer<S>
}

/// THE list of losses.
public enum LossRegistry {
  public static let builtIn: [any Loss.Type] = [
    BinaryCrossentropy.self,
    CategoricalCrossentropy.self,
    SparseCategoricalCrossentropy.self,
    MeanSquaredError.self,
  ]

  /// A loss by any of its names, or from its serialized form.
  public static func loss(_ json: JSON) throws(KerasError) -> any Loss {
    let name = json.string ?? json.object?["class_name"]?.string
    guard let name else {
      throw KerasError(.unsupportedConfiguration, "\(json.kind) but one loss by name belongs here")
    }
    guard let type = builtIn.first(where: { $0.className == name || $0.names.contains(name) })
    else {
      throw KerasError(
        .unknownName, "unknown loss '\(name)'",
        hint: Suggestion.hint(for: name, among: builtIn.flatMap { $0.names })
          ?? "known are \(builtIn.map { $0.names[0] }.joined(separator: ", "))")
    }
    var config = ConfigReader(json.object?["config"]?.object ?? [:], of: name)
    config.ignore("name", "dtype", "fn")
    let reduction = try config.string("reduction", default: "sum_over_batch_size")
    guard ["sum_over_batch_size", "auto"].contains(reduction) else {
      throw config.error("reduction", "'\(reduction)' but only sum_over_batch_size is supported")
    }
    let loss = try type.init(from: &config)
    try config.finish()
    return loss
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
