import KerasFormat

/// A convolution over time in which each channel keeps to itself: `(B, T, C) → (B, T', C·M)`.
///
/// Weights: kernel `(k, C, M)` with M = `depthMultiplier`, bias `(C·M,)`.
public struct DepthwiseConv1D: Layer {
  public static let className = "DepthwiseConv1D"
  /// M, the features made of each channel.
  public let depthMultiplier: Int
  let settings: ConvolutionSettings
  let kernel: WeightSettings

  /// With Keras's defaults: every window, no padding, one feature of each channel, a bias.
  public init(
    kernelSize: Int, strides: Int = 1, padding: SequencePadding = .valid, dilationRate: Int = 1,
    depthMultiplier: Int = 1, activation: Activation = .linear, useBias: Bool = true
  ) {
    self.depthMultiplier = depthMultiplier
    settings = ConvolutionSettings(
      kernelSize: kernelSize, strides: strides, padding: padding, dilationRate: dilationRate,
      activation: activation, useBias: useBias)
    kernel = WeightSettings(.glorotUniform)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    depthMultiplier = try config.extent("depth_multiplier", default: 1)
    settings = try ConvolutionSettings(from: &config, causal: true)
    kernel = try WeightSettings(&config, "depthwise", default: .glorotUniform)
  }

  public var config: JSONObject {
    var config: JSONObject = ["depth_multiplier": .integer(depthMultiplier)]
    settings.write(to: &config)
    kernel.write("depthwise", to: &config)
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let channels = try settings.channels(of: inputs[0], for: Self.className)
    let kernel = WeightSpec(
      "kernel", shape: [settings.windows.size, channels, depthMultiplier], settings: self.kernel)
    let bias = WeightSpec("bias", shape: [channels * depthMultiplier], settings: settings.bias)
    return settings.useBias ? [kernel, bias] : [kernel]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let channels = try settings.channels(of: inputs[0], for: Self.className)
    return [
      try settings.output(
        for: inputs[0], filters: channels * depthMultiplier, of: Self.className)
    ]
  }

  private var depthwise: Depthwise {
    Depthwise(windows: settings.windows, multiplier: depthMultiplier)
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = settings.layout.incoming(inputs[0].tensor, &pass.workspace)
    let z = depthwise.forward(input, kernel: weights[0], &pass.workspace)
    return [
      settings.finish(
        z.reals(in: &pass.workspace), shape: z.shape, bias: settings.useBias ? weights[1] : nil,
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
      dBias: settings.useBias ? gradients[1] : nil, pass: &pass)
    let input = settings.layout.incoming(trace.inputs[0].tensor, &pass.workspace)
    let dx = pass.workspace.zeros(S.self, count: input.count)
    depthwise.backward(
      dOutput.reals(in: &pass.workspace), input: input, kernel: weights[0],
      dKernel: gradients[0], dx: dx, &pass.workspace)
    if let target = inputGradients[0] { settings.layout.add(dx, shape: input.shape, to: target) }
  }
}
