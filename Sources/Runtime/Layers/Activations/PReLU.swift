import KerasFormat

/// A rectifier that learns its slope: `max(0, x) + alpha·min(0, x)` (He et al. 2015), any shape,
/// unchanged. Weights: alpha, of the input's extents, 1 along `shared_axes`.
public struct PReLU: LearnedActivation {
  public static let className = "PReLU"
  static let parameterNames = ["alpha"]
  /// Axes that have one alpha together, counted from 1, or from behind.
  public let sharedAxes: [Int]
  let settings: [WeightSettings]

  /// With Keras's default: an alpha for each place of a sample.
  public init(sharedAxes: [Int] = []) {
    self.init(sharedAxes: sharedAxes, settings: [WeightSettings(.zeros)])
  }

  init(sharedAxes: [Int], settings: [WeightSettings]) {
    self.sharedAxes = sharedAxes
    self.settings = settings
  }

  static func value<S: Scalar>(_ x: S, _ weights: Weights<S>, at place: Int) -> S {
    x > 0 ? x : weights[0][place] * x
  }

  static func gradient<S: Scalar>(
    _ dy: S, _ x: S, _ weights: Weights<S>, at place: Int, into gradients: Weights<S>
  ) -> S {
    guard x <= 0 else { return dy }
    gradients[0][place] += dy * x
    return dy * weights[0][place]
  }
}
