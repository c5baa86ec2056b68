import KerasFormat

/// x for x ≥ 0, `negative_slope·x` below.
public struct LeakyReLU: ElementwiseLayer, Equatable {
  public static let className = "LeakyReLU"
  /// The slope below 0.
  public let negativeSlope: Double

  /// With Keras's default, 0.3.
  public init(negativeSlope: Double = 0.3) { self.negativeSlope = negativeSlope }

  public init(from config: inout ConfigReader) throws(KerasError) {
    negativeSlope = try config.number("negative_slope", default: 0.3)
  }

  public var config: JSONObject { ["negative_slope": .number(negativeSlope)] }

  func value<S: Scalar>(_ x: S) -> S { x >= 0 ? x : S(negativeSlope) * x }
  func slope<S: Scalar>(_ x: S) -> S { x > 0 ? 1 : S(negativeSlope) }
}
