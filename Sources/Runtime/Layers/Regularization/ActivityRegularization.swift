import KerasFormat

/// Adds `l1·Σ|x| + l2·Σx²` of what passes through to the loss; the identity otherwise. Any shape,
/// unchanged. The penalty is computed with those of other layers, by ``ActivityPenalties``.
public struct ActivityRegularization: Layer {
  public static let className = "ActivityRegularization"
  /// What the sum of magnitudes is multiplied by.
  public let l1: Double
  /// What the sum of squares is multiplied by.
  public let l2: Double

  /// With Keras's defaults: no penalty.
  public init(l1: Double = 0, l2: Double = 0) {
    self.l1 = l1
    self.l2 = l2
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    l1 = try config.number("l1", default: 0)
    l2 = try config.number("l2", default: 0)
    // What Keras 3 makes of both.
    config.ignore("activity_regularizer")
  }

  public var config: JSONObject { ["l1": .number(l1), "l2": .number(l2)] }
  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { true }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    inputs
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    Elementwise.add(outputGradients[0].pointer, to: dx, count: trace.inputs[0].tensor.count)
  }
}
