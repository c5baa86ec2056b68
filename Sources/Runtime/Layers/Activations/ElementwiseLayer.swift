import KerasFormat

/// A layer without weights that applies one function to every number: any shape, unchanged.
protocol ElementwiseLayer: Layer {
  func value<S: Scalar>(_ x: S) -> S
  /// The derivative at `x`.
  func slope<S: Scalar>(_ x: S) -> S
}

extension ElementwiseLayer {
  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { true }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count { y[i] = value(x[i]) }
    return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    let input = trace.inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let dy = outputGradients[0].pointer
    for i in 0..<input.count { dx[i] += dy[i] * slope(x[i]) }
  }
}
