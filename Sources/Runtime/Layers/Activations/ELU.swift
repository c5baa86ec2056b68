import KerasFormat

/// x for x > 0, `alpha·(eˣ - 1)` below (Clevert et al. 2016).
public struct ELU: ElementwiseLayer, Equatable {
  public static let className = "ELU"
  /// What the function comes to, with a minus sign, far below 0.
  public let alpha: Double

  /// With Keras's default, 1.
  public init(alpha: Double = 1) { self.alpha = alpha }

  public init(from config: inout ConfigReader) throws(KerasError) {
    alpha = try config.number("alpha", default: 1)
  }

  public var config: JSONObject { ["alpha": .number(alpha)] }

  func value<S: Scalar>(_ x: S) -> S {
    x > 0 ? x : S(alpha) * (S.roundsOperations ? S.exp(x) - 1 : S.expm1(x))
  }
  func slope<S: Scalar>(_ x: S) -> S { x > 0 ? 1 : S(alpha) * S.exp(x) }
}
