import KerasFormat

/// Keras 1's largest of several linear maps (Goodfellow et al. 2013): `y = maxₖ(x·Wₖ + bₖ)`,
/// `(B, F) → (B, U)`. Weights: kernel `(K, F, U)`, bias `(K, U)`.
public struct MaxoutDense: Layer {
  public static let className = "MaxoutDense"
  /// U
  public let units: Int
  /// K
  public let features: Int
  /// Whether the b are there.
  public let useBias: Bool
  private let kernel: WeightSettings
  private let bias: WeightSettings

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    units = try config.positiveInteger("units")
    features = try config.extent("nb_feature", default: 4)
    useBias = try config.bool("use_bias", default: true)
    kernel = try WeightSettings(&config, "kernel", default: .glorotUniform)
    bias = try WeightSettings(&config, "bias", default: .zeros)
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "units": .integer(units), "nb_feature": .integer(features), "use_bias": .bool(useBias),
    ]
    kernel.write("kernel", to: &config)
    bias.write("bias", to: &config)
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    guard inputs[0].rank == 1, let width = inputs[0].last else {
      throw KerasError(.shapeMismatch, "input \(inputs[0]) but MaxoutDense needs (batch, features)")
    }
    let kernel = WeightSpec("kernel", shape: [features, width, units], settings: self.kernel)
    return useBias
      ? [kernel, WeightSpec("bias", shape: [features, units], settings: bias)] : [kernel]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] { [[units]] }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let (x, rows, width) = (input.reals(in: &pass.workspace), input.batch, input.width)
    let y = pass.workspace.scratch(S.self, count: rows * units)
    let all = pass.workspace.scratch(S.self, count: features * rows * units)
    for feature in 0..<features {
      let z = all + feature * rows * units
      Elementwise.fillRows(
        z, with: useBias ? UnsafePointer(weights[1] + feature * units) : nil, rows: rows,
        width: units)
      S.addProduct(
        MatrixProduct(
          .init(x, stride: width), .init(weights[0] + feature * width * units, stride: units),
          into: z, strideC: units, m: rows, n: units, k: width))
      for i in 0..<rows * units where feature == 0 || z[i] > y[i] { y[i] = z[i] }
    }
    if pass.keepsTrace { trace.saved = [x, all] }
    return [Signal(Tensor(y, shape: [rows, units]))]
  }

  // MARK: Backward

  /// Where maps tie they share the gradient, as TensorFlow's `reduce_max` does.
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let input = trace.inputs[0].tensor
    let (rows, width, dy) = (input.batch, input.width, outputGradients[0].pointer)
    let (x, all) = (trace.saved[0], trace.saved[1])
    let y = trace.outputs[0].tensor.reals(in: &pass.workspace)
    let count = rows * units
    let ties = pass.workspace.zeros(S.self, count: count)
    for i in 0..<features * count where all[i] == y[i % count] { ties[i % count] += 1 }
    for feature in 0..<features {
      let dz = pass.workspace.scratch(S.self, count: count)
      for i in 0..<count { dz[i] = all[feature * count + i] == y[i] ? dy[i] / ties[i] : 0 }
      let offset = feature * width * units
      S.addProduct(
        MatrixProduct(
          .init(x, stride: width, transposed: true), .init(dz, stride: units),
          into: gradients[0] + offset, strideC: units, m: width, n: units, k: rows))
      if useBias {
        Elementwise.addColumnSums(
          of: dz, rows: rows, width: units, to: gradients[1] + feature * units)
      }
      if let dx = inputGradients[0] {
        S.addProduct(
          MatrixProduct(
            .init(dz, stride: units),
            .init(weights[0] + offset, stride: units, transposed: true), into: dx,
            strideC: width, m: rows, n: width, k: units))
      }
    }
  }
}
