import KerasRuntime

/// The arithmetic of layers that tests register: each feature times its gain, the first weight, plus
/// its shift, the second one, where there is one.
package enum PerFeature {
  package static func forward<S: Scalar>(
    _ input: Tensor<S>, weights: Weights<S>, pass: inout Pass
  ) -> Signals<S> {
    let x = input.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count { y[i] = x[i] * weights[0][i % input.width] }
    if weights.count > 1 {
      for i in 0..<input.count { y[i] += weights[1][i % input.width] }
    }
    return [Signal(Tensor(y, shape: input.shape))]
  }

  /// Adds the gradients of the input and of the gain; the shift is not trained.
  package static func backward<S: Scalar>(
    _ dy: OutputGradient<S>, into dx: UnsafeMutablePointer<S>?, weights: Weights<S>,
    gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let input = trace.inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    for i in 0..<input.count {
      gradients[0][i % input.width] += dy.pointer[i] * x[i]
      dx?[i] += dy.pointer[i] * weights[0][i % input.width]
    }
  }
}
