import KerasFormat

/// Keras 1's S-shaped rectifier (Jin et al. 2016): x between two learned thresholds, lines of
/// learned slopes outside; the right threshold is `t_left + |t_right|`. Any shape, unchanged.
/// Weights: t_left, a_left, t_right, a_right, of the input's extents, 1 along `shared_axes`.
public struct SReLU: LearnedActivation {
  public static let className = "SReLU"
  static let parameterNames = ["t_left", "a_left", "t_right", "a_right"]
  let sharedAxes: [Int]
  let settings: [WeightSettings]

  init(sharedAxes: [Int], settings: [WeightSettings]) {
    self.sharedAxes = sharedAxes
    self.settings = settings
  }

  static func value<S: Scalar>(_ x: S, _ weights: Weights<S>, at place: Int) -> S {
    let (left, width) = (weights[0][place], abs(weights[2][place]))
    if x < left { return left + weights[1][place] * (x - left) }
    if x <= left + width { return x }
    return left + width + weights[3][place] * (x - left - width)
  }

  static func gradient<S: Scalar>(
    _ dy: S, _ x: S, _ weights: Weights<S>, at place: Int, into gradients: Weights<S>
  ) -> S {
    let (left, width) = (weights[0][place], abs(weights[2][place]))
    if x < left {
      let slope = weights[1][place]
      gradients[0][place] += dy * (1 - slope)
      gradients[1][place] += dy * (x - left)
      return dy * slope
    }
    if x <= left + width { return dy }
    let slope = weights[3][place]
    gradients[0][place] += dy * (1 - slope)
    gradients[2][place] += (weights[2][place] < 0 ? -dy : dy) * (1 - slope)
    gradients[3][place] += dy * (x - left - width)
    return dy * slope
  }
}
