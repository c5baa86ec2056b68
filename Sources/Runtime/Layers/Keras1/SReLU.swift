import KerasFormat

/// Keras 1's S-shaped rectifier (Jin et al. 2016): x between two learned thresholds, lines of learned
/// slopes outside; the right threshold is `t_left + |t_right|`. Any shape, unchanged. Weights: t_left,
/// a_left, t_right, a_right, of the input's extents, 1 along `shared_axes`.
public struct SReLU: LearnedActivation {
  public static let className = "SReLU"
  static let parameterNames = ["t_left", "a_left", "t_right", "a_right"]
  let sharedAxes: [Int]
  let settings: [WeightSettings]

  init(sharedAxes: [Int], settings: [WeightSettings]) {
    self.sharedAxes = sharedAxes
    self.settings = settings
  }

  static func evaluate<S: Scalar>(
    _ x: S, _ parameters: [S]
  ) -> (value: S, byX: S, byParameters: [S]) {
    let (left, leftSlope, width, rightSlope) = (
      parameters[0], parameters[1], abs(parameters[2]), parameters[3]
    )
    let sign: S = parameters[2] < 0 ? -1 : 1
    if x < left {
      return (left + leftSlope * (x - left), leftSlope, [1 - leftSlope, x - left, 0, 0])
    }
    if x <= left + width { return (x, 1, [0, 0, 0, 0]) }
    let beyond = x - left - width
    return (
      left + width + rightSlope * beyond, rightSlope,
      [1 - rightSlope, 0, sign * (1 - rightSlope), beyond]
    )
  }
}
