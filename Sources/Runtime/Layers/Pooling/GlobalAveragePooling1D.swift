import KerasFormat

/// The mean of each feature over time: `(B, T, F) → (B, F)`, or `(B, 1, F)` with `keepDims`.
///
/// With a mask it is the mean over the steps that count; a row without any gives NaN, as Keras
/// does.
public struct GlobalAveragePooling1D: GlobalPooling1D {
  public static let className = "GlobalAveragePooling1D"
  /// Whether the axis of time stays, with the extent 1.
  public let keepDims: Bool

  let layout: SequenceLayout

  /// With Keras's default: the axis of time goes.
  public init(keepDims: Bool = false) {
    self.init(keepDims: keepDims, layout: SequenceLayout())
  }

  init(keepDims: Bool, layout: SequenceLayout) {
    self.keepDims = keepDims
    self.layout = layout
  }

  public var supportsMasking: Bool { true }
  public func emitsMask(receivingMask: Bool) -> Bool { false }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = layout.incoming(inputs[0].tensor, &pass.workspace)
    let (batch, steps, width) = (input.shape[0], input.shape[1], input.shape[2])
    let x = input.reals(in: &pass.workspace)
    let y = pass.workspace.zeros(S.self, count: batch * width)
    for row in 0..<batch {
      let mean = y + row * width
      for t in 0..<steps where counts(row, t, inputs[0].mask) {
        Elementwise.add(x + (row * steps + t) * width, to: mean, count: width)
      }
      let divisor = S(counted(row, steps, inputs[0].mask))
      for i in 0..<width { mean[i] /= divisor }
    }
    return [pooled(y, batch: batch, width: width)]
  }

  private func counts(_ row: Int, _ t: Int, _ mask: Mask?) -> Bool {
    mask.map { $0.flags[row * $0.steps + t] } ?? true
  }

  private func counted(_ row: Int, _ steps: Int, _ mask: Mask?) -> Int {
    (0..<steps).reduce(0) { $0 + (counts(row, $1, mask) ? 1 : 0) }
  }

  // MARK: Backward

  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dInput = inputGradients[0] else { return }
    let mask = trace.inputs[0].mask
    let input = layout.incoming(trace.inputs[0].tensor, &pass.workspace)
    let dx = pass.workspace.zeros(S.self, count: input.count)
    let (batch, steps, width) = (input.shape[0], input.shape[1], input.shape[2])
    for row in 0..<batch {
      let dy = outputGradients[0].pointer + row * width
      let divisor = S(counted(row, steps, mask))
      for t in 0..<steps where counts(row, t, mask) {
        let target = dx + (row * steps + t) * width
        for i in 0..<width { target[i] += dy[i] / divisor }
      }
    }
    layout.add(dx, shape: input.shape, to: dInput)
  }
}
