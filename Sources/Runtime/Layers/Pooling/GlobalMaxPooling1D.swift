import KerasFormat

/// The largest value of each feature over time: `(B, T, F) → (B, F)`, or `(B, 1, F)` with `keepDims`.
///
/// A mask has no influence, as in Keras. Where several steps share the maximum, the gradient is
/// divided equally among them, as TensorFlow does: the same token twice in a review always ties.
public struct GlobalMaxPooling1D: GlobalPooling1D, WordLayer {
  public static let className = "GlobalMaxPooling1D"
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

  var takesWords: Bool { !layout.isChannelsFirst }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let (rows, input) = sequences(inputs[0].tensor, &pass)
    let (batch, width) = (input.shape[0], input.shape[2])
    let y = pass.workspace.scratch(S.self, count: batch * width)
    pass.crew.share(batch, work: 2 * input.count) { part in
      for row in part { rows(row).find(0..<width, into: y + row * width) }
    }
    return [pooled(y, batch: batch, width: width)]
  }

  /// Each row's vectors, and the input with the steps in front.
  private func sequences<S: Scalar>(
    _ tensor: Tensor<S>, _ pass: inout Pass
  ) -> (row: (Int) -> MaxOverTime<S>, input: Tensor<S>) {
    if let words = tensor.words {
      let (steps, width) = (tensor.shape[1], words.width)
      return (
        { row in
          MaxOverTime(
            steps: steps, base: words.table, rows: words.ids + row * steps, width: width)
        }, tensor
      )
    }
    let input = layout.incoming(tensor, &pass.workspace)
    let (x, steps, width) = (
      UnsafePointer(input.reals(in: &pass.workspace)), input.shape[1], input.shape[2]
    )
    return (
      { row in MaxOverTime(steps: steps, base: x + row * steps * width, rows: nil, width: width) },
      input
    )
  }

  // MARK: Backward

  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let (rows, input) = sequences(trace.inputs[0].tensor, &pass)
    let (batch, steps, width) = (input.shape[0], input.shape[1], input.shape[2])
    let y = trace.outputs[0].tensor.reals(in: &pass.workspace)
    let dy = outputGradients[0].pointer
    func add(_ row: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<S>) {
      rows(row).addGradient(
        columns, largest: y + row * width, dLargest: dy + row * width, to: target)
    }
    if let table = pass.tableTarget?.assumingMemoryBound(to: S.self) {
      // Rows of the batch meet in rows of the table, so each thread takes some columns.
      pass.crew.share(width, step: 16, work: 4 * input.count) { columns in
        for row in 0..<batch { add(row, columns, to: table) }
      }
      return
    }
    guard let dInput = inputGradients[0] else { return }
    let dx = pass.workspace.zeros(S.self, count: input.count)
    for row in 0..<batch { add(row, 0..<width, to: dx + row * steps * width) }
    layout.add(dx, shape: input.shape, to: dInput)
  }
}
