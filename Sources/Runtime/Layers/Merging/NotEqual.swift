import KerasFormat

/// Keras 3's operation `not_equal` with a number, 1 where it holds and 0 elsewhere: the only
/// operation that is no layer and is understood, because masks are made of it.
public struct NotEqual: Layer {
  public static let className = "NotEqual"
  /// The number that each is compared with.
  public let value: Double

  /// Compares with one number.
  public init(_ value: Double) { self.value = value }

  public init(from config: inout ConfigReader) throws(KerasError) {
    value = try config.number("value", default: 0)
  }

  public var config: JSONObject { ["value": .number(value)] }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count { y[i] = x[i] != S(value) ? 1 : 0 }
    return [Signal(Tensor(y, shape: input.shape))]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {}
}
