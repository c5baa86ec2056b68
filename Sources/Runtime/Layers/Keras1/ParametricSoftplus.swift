import KerasFormat

/// Keras 1's `alpha·log(1 + exp(beta·x))`: any shape, unchanged. Weights: alpha, beta, of the
/// input's extents, 1 along `shared_axes`.
public struct ParametricSoftplus: LearnedActivation {
  public static let className = "ParametricSoftplus"
  static let parameterNames = ["alpha", "beta"]
  let sharedAxes: [Int]
  let settings: [WeightSettings]

  init(sharedAxes: [Int], settings: [WeightSettings]) {
    self.sharedAxes = sharedAxes
    self.settings = settings
  }

  static func value<S: Scalar>(_ x: S, _ weights: Weights<S>, at place: Int) -> S {
    weights[0][place] * softplus(weights[1][place] * x)
  }

  static func gradient<S: Scalar>(
    _ dy: S, _ x: S, _ weights: Weights<S>, at place: Int, into gradients: Weights<S>
  ) -> S {
    let (alpha, beta) = (weights[0][place], weights[1][place])
    let z = beta * x
    let slope = z >= 0 ? 1 / (1 + S.exp(-z)) : S.exp(z) / (1 + S.exp(z))
    gradients[0][place] += dy * softplus(z)
    gradients[1][place] += dy * alpha * slope * x
    return dy * alpha * beta * slope
  }

  private static func softplus<S: Scalar>(_ z: S) -> S { max(z, 0) + S.log1p(S.exp(-abs(z))) }
}
