import KerasFormat

/// Keras 1's gated layer that carries a share of its input past itself (Srivastava et al. 2015):
/// `t = σ(x·W' + b')`, `y = t·f(x·W + b) + (1 - t)·x`, `(B, F) → (B, F)`.
///
/// Weights: kernel `(F, F)`, carry kernel `(F, F)`, bias `(F,)`, carry bias `(F,)`.
public struct Highway: Layer {
  public static let className = "Highway"
  /// f
  public let activation: Activation
  /// Whether b and b' are there.
  public let useBias: Bool
  private let kernel: WeightSettings
  private let bias: WeightSettings

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    activation = try config.activation("activation", default: .linear)
    useBias = try config.bool("use_bias", default: true)
    kernel = try WeightSettings(&config, "kernel", default: .glorotUniform)
    bias = try WeightSettings(&config, "bias", default: .zeros)
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "activation": activation.json, "use_bias": .bool(useBias),
    ]
    kernel.write("kernel", to: &config)
    bias.write("bias", to: &config)
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    guard inputs[0].rank == 1, let width = inputs[0].last else {
      throw KerasError(.shapeMismatch, "input \(inputs[0]) but Highway needs (batch, features)")
    }
    let kernels = ["kernel", "carry_kernel"].map {
      WeightSpec($0, shape: [width, width], settings: kernel)
    }
    let biases = ["bias", "carry_bias"].map { WeightSpec($0, shape: [width], settings: bias) }
    return useBias ? kernels + biases : kernels
  }

  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    // Keras 1 takes a `transform_bias` and starts with ones all the same.
    if spec.name == "carry_bias" { return [Float](repeating: 1, count: spec.count) }
    return spec.settings.initializer.sample(shape: spec.shape, from: start)
  }

  // MARK: Forward

  private func product<S: Scalar>(
    _ x: UnsafeMutablePointer<S>, _ rows: Int, _ width: Int, _ weights: Weights<S>, _ index: Int,
    _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S> {
    let z = workspace.scratch(S.self, count: rows * width)
    Elementwise.fillRows(
      z, with: useBias ? UnsafePointer(weights[2 + index]) : nil, rows: rows, width: width)
    S.addProduct(
      MatrixProduct(
        .init(x, stride: width), .init(weights[index], stride: width), into: z, strideC: width,
        m: rows, n: width, k: width))
    return z
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let (x, rows, width) = (input.reals(in: &pass.workspace), input.batch, input.width)
    let z = product(x, rows, width, weights, 0, &pass.workspace)
    let gateInput = product(x, rows, width, weights, 1, &pass.workspace)
    let gate = pass.workspace.scratch(S.self, count: input.count)
    Activation.sigmoid.apply(gateInput, into: gate, vectors: rows, width: width)
    let h = pass.workspace.scratch(S.self, count: input.count)
    activation.apply(z, into: h, vectors: rows, width: width)
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count { y[i] = h[i] * gate[i] + (1 - gate[i]) * x[i] }
    if pass.keepsTrace { trace.saved = [x, z, h, gateInput, gate] }
    return [Signal(Tensor(y, shape: input.shape))]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let input = trace.inputs[0].tensor
    let (rows, width, dy) = (input.batch, input.width, outputGradients[0].pointer)
    let (x, z, h) = (trace.saved[0], trace.saved[1], trace.saved[2])
    let (gateInput, gate) = (trace.saved[3], trace.saved[4])
    let dh = pass.workspace.scratch(S.self, count: input.count)
    let dGate = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count {
      dh[i] = dy[i] * gate[i]
      dGate[i] = dy[i] * (h[i] - x[i])
      if let dx = inputGradients[0] { dx[i] += dy[i] * (1 - gate[i]) }
    }
    activation.gradient(dh, z: z, y: h, into: dh, vectors: rows, width: width)
    Activation.sigmoid.gradient(
      dGate, z: gateInput, y: gate, into: dGate, vectors: rows, width: width)
    for (index, dz) in [dh, dGate].enumerated() {
      S.addProduct(
        MatrixProduct(
          .init(x, stride: width, transposed: true), .init(dz, stride: width),
          into: gradients[index], strideC: width, m: width, n: width, k: rows))
      if useBias {
        Elementwise.addColumnSums(of: dz, rows: rows, width: width, to: gradients[2 + index])
      }
      if let dx = inputGradients[0] {
        S.addProduct(
          MatrixProduct(
            .init(dz, stride: width), .init(weights[index], stride: width, transposed: true),
            into: dx, strideC: width, m: rows, n: width, k: width))
      }
    }
  }
}
