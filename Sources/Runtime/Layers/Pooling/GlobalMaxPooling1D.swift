import KerasFormat

/// The largest value of each feature over time: `(B, T, F) → (B, F)`, or `(B, 1, F)` with `keepDims`.
///
/// A mask has no influence, as in Keras. Where several steps share the maximum, the gradient is
/// divided equally among them, as TensorFlow does: the same token twice in a review always ties.
public struct GlobalMaxPooling1D: GlobalPooling1D {
  public static let className = "GlobalMaxPooling1D"
  public let keepDims: Bool

  let layout: SequenceLayout

  public init(keepDims: Bool = false) {
    self.init(keepDims: keepDims, layout: SequenceLayout())
  }

  init(keepDims: Bool, layout: SequenceLayout) {
    self.keepDims = keepDims
    self.layout = layout
  }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    let input = layout.incoming(inputs[0].tensor, &pass.workspace)
    let (batch, steps, width) = (input.shape[0], input.shape[1], input.shape[2])
    let x = input.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: batch * width)
    y.update(repeating: -.infinity, count: batch * width)
    for row in 0..<batch {
      let largest = y + row * width
      for t in 0..<steps {
        let values = x + (row * steps + t) * width
        // NaN wins, as it does in TensorFlow.
        for i in 0..<width where values[i] > largest[i] || values[i].isNaN {
          largest[i] = values[i]
        }
      }
    }
    return [pooled(y, batch: batch, width: width)]
  }

  // MARK: Backward

  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dInput = inputGradients[0] else { return }
    let input = layout.incoming(trace.inputs[0].tensor, &pass.workspace)
    let dx = pass.workspace.zeros(S.self, count: input.count)
    let (batch, steps, width) = (input.shape[0], input.shape[1], input.shape[2])
    let x = input.reals(in: &pass.workspace)
    let y = trace.outputs[0].tensor.reals(in: &pass.workspace)
    let share = pass.workspace.scratch(S.self, count: width)
    for row in 0..<batch {
      let (largest, dy) = (y + row * width, outputGradients[0].pointer + row * width)
      share.update(repeating: 0, count: width)
      for t in 0..<steps {
        let values = x + (row * steps + t) * width
        for i in 0..<width where values[i] == largest[i] { share[i] += 1 }
      }
      for i in 0..<width { share[i] = dy[i] / share[i] }
      for t in 0..<steps {
        let offset = (row * steps + t) * width
        for i in 0..<width where x[offset + i] == largest[i] { dx[offset + i] += share[i] }
      }
    }
    layout.add(dx, shape: input.shape, to: dInput)
  }
}
