/// Keras 1's mode 1: each vector of the last axis by itself, `(x - μ)/(√(σ² + ε) + ε)`. Nothing is
/// kept track of.
extension BatchNormalization {
  private func moments<S: Scalar>(
    _ values: UnsafePointer<S>, width: Int
  ) -> (mean: S, deviation: S) {
    var (mean, variance) = (S(0), S(0))
    for i in 0..<width { mean += values[i] / S(width) }
    for i in 0..<width { variance += (values[i] - mean) * (values[i] - mean) / S(width) }
    return (mean, (variance + S(epsilon)).squareRoot())
  }

  func normalizeVectors<S: Scalar>(
    _ x: UnsafePointer<S>, _ input: Tensor<S>, _ channels: [Int], _ weights: Weights<S>,
    into y: UnsafeMutablePointer<S>
  ) {
    let width = input.width
    for vector in 0..<input.vectors {
      let values = x + vector * width
      let (mean, deviation) = moments(values, width: width)
      for i in 0..<width {
        let channel = channels[(vector * width + i) % channels.count]
        y[vector * width + i] =
          (values[i] - mean) / (deviation + S(epsilon)) * (scale ? weights[0][channel] : 1)
          + (center ? weights[scale ? 1 : 0][channel] : 0)
      }
    }
  }

  func normalizeVectorsBack<S: Scalar>(
    _ dy: UnsafePointer<S>, _ input: Tensor<S>, _ channels: [Int], _ weights: Weights<S>,
    _ gradients: Weights<S>, into dx: UnsafeMutablePointer<S>?, _ workspace: inout Workspace
  ) {
    let width = input.width
    let x = input.reals(in: &workspace)
    let slopes = workspace.scratch(S.self, count: width)
    for vector in 0..<input.vectors {
      let start = vector * width
      let (mean, deviation) = moments(x + start, width: width)
      let size = deviation + S(epsilon)
      var (sum, product) = (S(0), S(0))
      for i in 0..<width {
        let channel = channels[(start + i) % channels.count]
        let (gradient, distance) = (dy[start + i], x[start + i] - mean)
        if scale { gradients[0][channel] += gradient * distance / size }
        if center { gradients[scale ? 1 : 0][channel] += gradient }
        slopes[i] = gradient * (scale ? weights[0][channel] : 1)
        sum += slopes[i]
        product += slopes[i] * distance
      }
      guard let dx else { continue }
      for i in 0..<width {
        let distance = x[start + i] - mean
        dx[start + i] +=
          (slopes[i] - sum / S(width)) / size
          - distance * product / (size * size * deviation * S(width))
      }
    }
  }
}
