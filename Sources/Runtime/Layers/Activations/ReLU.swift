import KerasFormat

/// The rectifier with its options: x above `threshold`, but no more than `max_value`;
/// `negative_slope·(x - threshold)` below; 0 at the threshold itself.
public struct ReLU: ElementwiseLayer, Equatable {
  public static let className = "ReLU"
  /// The largest output; `nil` for none.
  public let maxValue: Double?
  /// The slope below the threshold.
  public let negativeSlope: Double
  /// Where the rectifier bends.
  public let threshold: Double

  /// With Keras's defaults: the plain rectifier.
  public init(maxValue: Double? = nil, negativeSlope: Double = 0, threshold: Double = 0) {
    self.maxValue = maxValue
    self.negativeSlope = negativeSlope
    self.threshold = threshold
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    maxValue =
      config.value("max_value") == nil ? nil : try config.number("max_value", default: 0)
    negativeSlope = try config.number("negative_slope", default: 0)
    threshold = try config.number("threshold", default: 0)
  }

  public var config: JSONObject {
    [
      "max_value": maxValue.map(JSON.number) ?? .null, "negative_slope": .number(negativeSlope),
      "threshold": .number(threshold),
    ]
  }

  // MARK: Function

  func value<S: Scalar>(_ x: S) -> S {
    let positive = x > S(threshold) ? x : 0
    let negative = S(negativeSlope) * max(S(threshold) - x, 0)
    return (maxValue.map { min(positive, S($0)) } ?? positive) - negative
  }

  func slope<S: Scalar>(_ x: S) -> S {
    if x <= S(threshold) { return x < S(threshold) ? S(negativeSlope) : 0 }
    return maxValue.map { x < S($0) ? 1 : 0 } ?? 1
  }
}
