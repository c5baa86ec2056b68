import KerasFormat

/// An activation function as a layer of its own, Keras's `Activation`: any shape, unchanged, but
/// that `glu` halves the last axis.
public struct ActivationLayer: Layer {
  public static let className = "Activation"
  /// The function.
  public let activation: Activation

  /// Of any ``Activation``.
  public init(_ activation: Activation) { self.activation = activation }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    activation = try config.activation("activation", default: .linear, mayChangeWidth: true)
  }

  public var config: JSONObject { ["activation": activation.json] }
  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { activation.computesStepsAlike }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    if case .layer(let inner) = activation { return try inner.layer.outputs(for: inputs) }
    guard activation == .glu else { return inputs }
    guard let half = inputs[0].last.flatMap(activation.outputWidth) else {
      throw KerasError(.shapeMismatch, "input \(inputs[0]) but glu needs an even last axis")
    }
    return [inputs[0].replacingLast(with: half)]
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    if case .layer(let inner) = activation {
      return try inner.layer.forward(inputs, weights: weights, trace: &trace, pass: &pass)
    }
    let input = inputs[0].tensor
    let z = input.reals(in: &pass.workspace)
    let width = activation.outputWidth(of: input.width) ?? 0
    let y = pass.workspace.scratch(S.self, count: input.vectors * width)
    activation.apply(z, into: y, vectors: input.vectors, width: input.width)
    if pass.keepsTrace { trace.saved = [z] }
    let logits = activation.hasLogits ? z : nil
    let shape = input.shape.replacingLast(with: width)
    return Signals(Signal(Tensor(y, shape: shape), mask: inputs[0].mask, logits: logits))
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    if case .layer(let inner) = activation {
      return inner.layer.backward(
        outputGradients, into: inputGradients, weights: weights, gradients: gradients,
        trace: trace, pass: &pass)
    }
    guard let dx = inputGradients[0] else { return }
    let (input, output) = (trace.inputs[0].tensor, trace.outputs[0].tensor)
    let dz = activation.inputGradient(
      outputGradients[0], z: trace.saved[0], y: output.reals(in: &pass.workspace),
      shape: input.shape, &pass.workspace)
    Elementwise.add(dz, to: dx, count: input.count)
  }
}
