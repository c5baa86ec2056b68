import KerasFormat

/// x for x > theta, else 0. Keras 3 has it no more; there it is `ReLU(threshold=theta)`.
public struct ThresholdedReLU: ElementwiseLayer, Equatable {
  public static let className = "ThresholdedReLU"
  /// Up to where numbers become 0.
  public let theta: Double

  /// With Keras's default, 1.
  public init(theta: Double = 1) { self.theta = theta }

  public init(from config: inout ConfigReader) throws(KerasError) {
    theta = try config.number("theta", default: 1)
  }

  public var config: JSONObject { ["theta": .number(theta)] }

  func value<S: Scalar>(_ x: S) -> S { x > S(theta) ? x : 0 }
  func slope<S: Scalar>(_ x: S) -> S { x > S(theta) ? 1 : 0 }
}
