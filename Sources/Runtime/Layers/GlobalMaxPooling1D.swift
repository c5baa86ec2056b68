import KerasFormat

/// The largest value of each feature over time: `(B, T, F) → (B, F)`, or `(B, 1, F)` with `keepDims`.
///
/// A mask has no influence, as in Keras. Where several steps share the maximum, the gradient is
/// divided equally among them, as TensorFlow does: the same token twice in a review always ties.
public struct GlobalMaxPooling1D: Layer {
  public static let className = "GlobalMaxPooling1D"
  public let keepDims: Bool

  public init(keepDims: Bool = false) { self.keepDims = keepDims }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    keepDims = try config.poolingKeepDims()
  }

  public var config: JSONObject {
    ["data_format": "channels_last", "keepdims": .bool(keepDims)]
  }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    try Pooling.globalShape(of: inputs[0], keepDims: keepDims, for: Self.className)
  }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    let input = inputs[0].tensor
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
    if pass.keepsTrace { trace.inputs = [Signal(Tensor(x, shape: input.shape))] }
    return [Signal(Tensor(y, shape: keepDims ? [batch, 1, width] : [batch, width]))]
  }

  // MARK: Backward

  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    let input = trace.inputs[0].tensor
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
  }
}

/// What the global pooling layers have in common.
enum Pooling {
  static func globalShape(
    of input: Shape, keepDims: Bool, for className: String
  ) throws(KerasError) -> [Shape] {
    guard input.rank == 2 else {
      throw KerasError(
        .shapeMismatch, "input \(input) but \(className) needs (batch, steps, features)")
    }
    return [keepDims ? [1, input.last] : [input.last]]
  }
}

extension ConfigReader {
  /// Reads `data_format` (channels_last alone) and `keepdims`.
  mutating func poolingKeepDims() throws(KerasError) -> Bool {
    let format = try string("data_format", default: "channels_last")
    guard format == "channels_last" else {
      throw error("data_format", "'\(format)' but only channels_last is supported")
    }
    return try bool("keepdims", default: false)
  }
}
