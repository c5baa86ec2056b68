import KerasFormat

/// What comes in goes out: any shape, unchanged.
public struct Identity: Layer {
  public static let className = "Identity"

  /// From Keras 3 on it hands a mask on.
  private var keepsMask = true

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    var layer = self
    layer.keepsMask = site.generation == .keras3
    return layer
  }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { true }
  public func emitsMask(receivingMask: Bool) -> Bool { receivingMask && keepsMask }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    [Signal(inputs[0].tensor, mask: keepsMask ? inputs[0].mask : nil, logits: inputs[0].logits)]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    Elementwise.add(outputGradients[0].pointer, to: dx, count: trace.inputs[0].tensor.count)
  }
}
