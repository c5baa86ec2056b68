import KerasFormat

/// The rectifier with its options: `max_value` for x ≥ max_value, x for threshold ≤ x < max_value,
/// `negative_slope·(x - threshold)` below.
public struct ReLU: ElementwiseLayer {
  public static let className = "ReLU"
  public let maxValue: Double?
  public let negativeSlope: Double
  public let threshold: Double

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
    if let maxValue, x >= S(maxValue), x >= S(threshold) { return S(maxValue) }
    return x >= S(threshold) ? x : S(negativeSlope) * (x - S(threshold))
  }

  func slope<S: Scalar>(_ x: S) -> S {
    if let maxValue, x >= S(maxValue), x >= S(threshold) { return 0 }
    return x > S(threshold) ? 1 : S(negativeSlope)
  }
}
