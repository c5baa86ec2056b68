import KerasFormat

/// A convolution in which each channel has kernels of its own:
/// `y[t, c·M + m] = Σₖ x[t·stride + k·dilation - left, c]·D[k, c, m]`.
struct Depthwise {
  let windows: SequenceWindows
  /// M
  let multiplier: Int

  /// - Returns: `(B, T', C·M)`
  func forward<S: Scalar>(
    _ input: Tensor<S>, kernel: UnsafePointer<S>, _ workspace: inout Workspace
  ) -> Tensor<S> {
    let x = input.reals(in: &workspace)
    if S.sumsConvolutionsOnce.depthwise {
      let sums = forward(Tensor(x.wide, shape: input.shape), kernel: kernel.wide, &workspace)
      let y = sums.reals(in: &workspace).narrow(to: S.self)
      S.round(y, count: sums.count)
      return Tensor(y, shape: sums.shape)
    }
    let (batch, steps, channels) = (input.shape[0], input.shape[1], input.shape[2])
    let sources = windows.sources(for: steps)
    let outputs = sources.count / windows.size
    let width = channels * multiplier
    let y = workspace.zeros(S.self, count: batch * outputs * width)
    for row in 0..<batch {
      for (place, source) in sources.enumerated() where source >= 0 {
        let from = x + (row * steps + source) * channels
        let to = y + (row * outputs + place / windows.size) * width
        let weights = kernel + place % windows.size * width
        for i in 0..<width { to[i] += from[i / multiplier] * weights[i] }
      }
    }
    return Tensor(y, shape: [batch, outputs, width])
  }

  /// Adds to `dKernel` and `dx`.
  func backward<S: Scalar>(
    _ dy: UnsafePointer<S>, input: Tensor<S>, kernel: UnsafePointer<S>,
    dKernel: UnsafeMutablePointer<S>, dx: UnsafeMutablePointer<S>, _ workspace: inout Workspace
  ) {
    let x = input.reals(in: &workspace)
    let (batch, steps, channels) = (input.shape[0], input.shape[1], input.shape[2])
    let sources = windows.sources(for: steps)
    let outputs = sources.count / windows.size
    let width = channels * multiplier
    for row in 0..<batch {
      for (place, source) in sources.enumerated() where source >= 0 {
        let offset = (row * steps + source) * channels
        let from = dy + (row * outputs + place / windows.size) * width
        let weight = place % windows.size * width
        for i in 0..<width {
          dKernel[weight + i] += x[offset + i / multiplier] * from[i]
          dx[offset + i / multiplier] += kernel[weight + i] * from[i]
        }
      }
    }
  }
}
