import KerasFormat

/// Keras 1's `alpha·log(1 + exp(beta·x))`: any shape, unchanged. Weights: alpha, beta, of the input's
/// extents, 1 along `shared_axes`.
public struct ParametricSoftplus: LearnedActivation {
  public static let className = "ParametricSoftplus"
  static let parameterNames = ["alpha", "beta"]
  let sharedAxes: [Int]
  let settings: [WeightSettings]

  init(sharedAxes: [Int], settings: [WeightSettings]) {
    self.sharedAxes = sharedAxes
    self.settings = settings
  }

  static func evaluate<S: Scalar>(
    _ x: S, _ parameters: [S]
  ) -> (value: S, byX: S, byParameters: [S]) {
    let (alpha, beta) = (parameters[0], parameters[1])
    let z = beta * x
    let softplus = max(z, 0) + S.log1p(S.exp(-abs(z)))
    let slope = z >= 0 ? 1 / (1 + S.exp(-z)) : S.exp(z) / (1 + S.exp(z))
    return (alpha * softplus, alpha * beta * slope, [softplus, alpha * slope * x])
  }
}
