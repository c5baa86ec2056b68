import KerasFormat

/// An activation function as a layer of its own, Keras's `Activation`: any shape, unchanged.
public struct ActivationLayer: Layer {
  public static let className = "Activation"
  public let activation: Activation

  public init(_ activation: Activation) { self.activation = activation }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    activation = try config.activation("activation", default: .linear)
  }

  public var config: JSONObject { ["activation": .string(activation.rawValue)] }
  public var supportsMasking: Bool { true }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    let input = inputs[0].tensor
    let z = input.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.count)
    activation.apply(z, into: y, vectors: input.vectors, width: input.width)
    if pass.keepsTrace { trace.saved = [z] }
    let logits = activation.hasLogits ? z : nil
    return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask, logits: logits)]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    let output = trace.outputs[0].tensor
    let dz = activation.inputGradient(
      outputGradients[0], z: trace.saved[0], y: output.reals(in: &pass.workspace),
      vectors: output.vectors, width: output.width, &pass.workspace)
    Elementwise.add(dz, to: dx, count: output.count)
  }
}
