import KerasFormat
import KerasRuntime

/// The cross-entropy of independent yes-or-no outputs:
/// `mean over the last axis of -(y·ln p + (1 - y)·ln(1 - p))`.
///
/// Keras 2.15 and 3 compute it from the logits wherever the output comes straight from a sigmoid,
/// so that it is exact however sure the model is. Keras 1 and 2.2 clip the probabilities to 1e-7
/// from 0 and 1 and turn them back into logits; where they clip, the gradient is zero.
public struct BinaryCrossentropy: Loss {
  public static let className = "BinaryCrossentropy"
  /// Whether the model's output are logits already.
  public let fromLogits: Bool
  /// s: targets become y·(1 - s) + s/2.
  public let labelSmoothing: Double

  /// With Keras's defaults: outputs are probabilities, labels stay as they are.
  public init(fromLogits: Bool = false, labelSmoothing: Double = 0) {
    self.fromLogits = fromLogits
    self.labelSmoothing = labelSmoothing
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    fromLogits = try config.bool("from_logits", default: false)
    labelSmoothing = try config.share("label_smoothing")
    try config.lastAxis()
  }

  public var config: JSONObject {
    var config: JSONObject = [:]
    if fromLogits { config["from_logits"] = true }
    if labelSmoothing != 0 { config["label_smoothing"] = .number(labelSmoothing) }
    return config
  }

  public func objection(to target: Double, width: Int) -> String? {
    target >= 0 && target <= 1
      ? nil : "label \(shortest(target)) but binary_crossentropy needs 0 or 1"
  }

  public func usesLogits(_ generation: Generation) -> Bool {
    fromLogits || generation >= .keras2_15
  }

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    batch.meanOverWidth { output, target in term(output, smoothed(target), batch) }
  }

  @inline(__always)
  func smoothed<S: Scalar>(_ target: S) -> S {
    target * (1 - S(labelSmoothing)) + S(labelSmoothing) / 2
  }

  /// The loss of one output, and its slope.
  @inline(__always)
  func term<S: Scalar>(_ output: S, _ y: S, _ batch: LossBatch<S>) -> (value: S, slope: S) {
    if batch.isLogits || fromLogits {
      return (Self.fromLogit(output, y), S.logistic(output) - y)
    }
    let p = clippedProbability(output)
    let passes: S = passesClip(output) ? 1 : 0
    switch batch.generation {
    case .keras1, .keras2:
      return (Self.fromLogit(S.log(p / (1 - p)), y), passes * (p - y) / (p * (1 - p)))
    case .keras2_15:
      let epsilon: S = kerasEpsilon()
      let value = -(y * S.log(p + epsilon) + (1 - y) * S.log(1 - p + epsilon))
      return (value, passes * ((1 - y) / (1 - p + epsilon) - y / (p + epsilon)))
    case .keras3:
      let value = -(y * S.log(p) + (1 - y) * S.log(1 - p))
      return (value, passes * ((1 - y) / (1 - p) - y / p))
    }
  }

  /// `max(l, 0) - l·y + ln(1 + e^-|l|)`, TensorFlow's stable form.
  @inline(__always)
  private static func fromLogit<S: Scalar>(_ logit: S, _ y: S) -> S {
    max(logit, 0) - logit * y + S.log1p(S.exp(-abs(logit)))
  }
}
