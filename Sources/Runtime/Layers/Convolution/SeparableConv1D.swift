import KerasFormat

/// A convolution of each channel by itself, then a product over channels:
/// `(B, T, C) → (B, T', C·M) → (B, T', filters)`.
///
/// Weights: depthwise kernel `(k, C, M)` with M = `depthMultiplier`, pointwise kernel
/// `(1, C·M, filters)`, bias `(filters,)`.
public struct SeparableConv1D: Layer {
  public static let className = "SeparableConv1D"
  /// The features of the output.
  public let filters: Int
  /// M, the features made of each channel in between.
  public let depthMultiplier: Int
  let settings: ConvolutionSettings
  let depthwiseKernel: WeightSettings
  let pointwiseKernel: WeightSettings

  /// With Keras's defaults: every window, no padding, one feature of each channel in between, a
  /// bias.
  public init(
    filters: Int, kernelSize: Int, strides: Int = 1, padding: SequencePadding = .valid,
    dilationRate: Int = 1, depthMultiplier: Int = 1, activation: Activation = .linear,
    useBias: Bool = true
  ) {
    self.filters = filters
    self.depthMultiplier = depthMultiplier
    settings = ConvolutionSettings(
      kernelSize: kernelSize, strides: strides, padding: padding, dilationRate: dilationRate,
      activation: activation, useBias: useBias)
    depthwiseKernel = WeightSettings(.glorotUniform)
    pointwiseKernel = WeightSettings(.glorotUniform)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    filters = try config.positiveInteger("filters")
    depthMultiplier = try config.extent("depth_multiplier", default: 1)
    settings = try ConvolutionSettings(from: &config, causal: true)
    depthwiseKernel = try WeightSettings(&config, "depthwise", default: .glorotUniform)
    pointwiseKernel = try WeightSettings(&config, "pointwise", default: .glorotUniform)
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "filters": .integer(filters), "depth_multiplier": .integer(depthMultiplier),
    ]
    settings.write(to: &config)
    depthwiseKernel.write("depthwise", to: &config)
    pointwiseKernel.write("pointwise", to: &config)
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let channels = try settings.channels(of: inputs[0], for: Self.className)
    let kernels = [
      WeightSpec(
        "depthwise_kernel", shape: [settings.windows.size, channels, depthMultiplier],
        settings: depthwiseKernel),
      WeightSpec(
        "pointwise_kernel", shape: [1, channels * depthMultiplier, filters],
        settings: pointwiseKernel),
    ]
    return settings.useBias
      ? kernels + [WeightSpec("bias", shape: [filters], settings: settings.bias)] : kernels
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    [try settings.output(for: inputs[0], filters: filters, of: Self.className)]
  }

  private var depthwise: Depthwise {
    Depthwise(windows: settings.windows, multiplier: depthMultiplier)
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = settings.layout.incoming(inputs[0].tensor, &pass.workspace)
    let middle = depthwise.forward(input, kernel: weights[0], &pass.workspace)
    let u = middle.reals(in: &pass.workspace)
    let z = pass.workspace.zeros(S.self, count: middle.vectors * filters)
    S.addProduct(
      MatrixProduct(
        .init(u, stride: middle.width), .init(weights[1], stride: filters), into: z,
        strideC: filters, m: middle.vectors, n: filters, k: middle.width, isConvolution: true))
    if pass.keepsTrace { trace.saved = [u] }
    return [
      settings.finish(
        z, shape: middle.shape.dropLast() + [filters], bias: settings.useBias ? weights[2] : nil,
        trace: &trace, pass: &pass)
    ]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let dOutput = settings.begin(
      outputGradients[0], outputShape: trace.outputs[0].tensor.shape, saved: trace.saved,
      dBias: settings.useBias ? gradients[2] : nil, pass: &pass)
    let (dz, vectors) = (dOutput.reals(in: &pass.workspace), dOutput.vectors)
    let input = settings.layout.incoming(trace.inputs[0].tensor, &pass.workspace)
    let middle = input.width * depthMultiplier
    S.addProduct(
      MatrixProduct(
        .init(trace.saved[0], stride: middle, transposed: true), .init(dz, stride: filters),
        into: gradients[1], strideC: filters, m: middle, n: filters, k: vectors))
    let du = pass.workspace.zeros(S.self, count: vectors * middle)
    S.addProduct(
      MatrixProduct(
        .init(dz, stride: filters), .init(weights[1], stride: filters, transposed: true),
        into: du, strideC: middle, m: vectors, n: middle, k: filters))
    let dx = pass.workspace.zeros(S.self, count: input.count)
    depthwise.backward(
      du, input: input, kernel: weights[0], dKernel: gradients[0], dx: dx, &pass.workspace)
    if let target = inputGradients[0] { settings.layout.add(dx, shape: input.shape, to: target) }
  }
}
