import KerasFormat

/// A convolution's way back used as a layer: every input step adds its filters to the outputs that
/// a convolution with the same windows would have read it from, `(B, T, C) → (B, T', filters)`.
///
/// `same` gives `T·stride` steps, `valid` `T·stride + max(span - stride, 0)`. Weights: kernel
/// `(k, filters, C)`, bias `(filters,)`.
public struct Conv1DTranspose: Layer {
  public static let className = "Conv1DTranspose"
  /// The features of the output.
  public let filters: Int
  /// Steps added behind; `nil` lets strides and padding decide.
  public let outputPadding: Int?
  let settings: ConvolutionSettings
  let kernel: WeightSettings

  /// With Keras's defaults: steps one apart, no padding, a bias, kernels that start as Glorot's
  /// uniform.
  public init(
    filters: Int, kernelSize: Int, strides: Int = 1, padding: SequencePadding = .valid,
    dilationRate: Int = 1, activation: Activation = .linear, useBias: Bool = true
  ) {
    self.filters = filters
    outputPadding = nil
    settings = ConvolutionSettings(
      kernelSize: kernelSize, strides: strides, padding: padding, dilationRate: dilationRate,
      activation: activation, useBias: useBias)
    kernel = WeightSettings(.glorotUniform)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    filters = try config.positiveInteger("filters")
    outputPadding =
      config.value("output_padding") == nil
      ? nil : try config.extent("output_padding", atLeast: 0)
    settings = try ConvolutionSettings(from: &config, causal: false)
    kernel = try WeightSettings(&config, "kernel", default: .glorotUniform)
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "filters": .integer(filters),
      "output_padding": outputPadding.map { [.integer($0)] } ?? .null,
    ]
    settings.write(to: &config)
    kernel.write("kernel", to: &config)
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let channels = try settings.channels(of: inputs[0], for: Self.className)
    let kernel = WeightSpec(
      "kernel", shape: [settings.windows.size, filters, channels], settings: self.kernel)
    return settings.useBias
      ? [kernel, WeightSpec("bias", shape: [filters], settings: settings.bias)] : [kernel]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let steps = try settings.layout.axes(of: inputs[0], for: Self.className).steps
    return [settings.layout.shape(steps: steps.map(outputSteps), channels: filters)]
  }

  private func outputSteps(for steps: Int) -> Int {
    let windows = settings.windows
    if let outputPadding {
      let trimmed = windows.padding == .same ? windows.size / 2 : 0
      return (steps - 1) * windows.stride + windows.span - 2 * trimmed + outputPadding
    }
    return windows.padding == .same
      ? steps * windows.stride : steps * windows.stride + max(windows.span - windows.stride, 0)
  }

  /// For each input step and each place of the kernel the output step, -1 for none.
  private func targets(for steps: Int) -> [Int] {
    let windows = settings.windows
    let outputs = outputSteps(for: steps)
    let surplus = max((steps - 1) * windows.stride + windows.span - outputs, 0)
    let left = windows.padding == .same ? surplus / 2 : 0
    return (0..<steps).flatMap { step in
      (0..<windows.size).map { place in
        let target = step * windows.stride + place * windows.dilation - left
        return target >= 0 && target < outputs ? target : -1
      }
    }
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = settings.layout.incoming(inputs[0].tensor, &pass.workspace)
    let x = input.reals(in: &pass.workspace)
    let shape: Extents = [input.shape[0], outputSteps(for: input.shape[1]), filters]
    let z: UnsafeMutablePointer<S>
    if S.sumsConvolutionsOnce.transposed {
      z = sums(of: x.wide, input.shape, kernel: weights[0].wide, into: shape, &pass.workspace)
        .narrow(to: S.self)
      S.round(z, count: shape.product)
    } else {
      z = sums(of: x, input.shape, kernel: weights[0], into: shape, &pass.workspace)
    }
    return [
      settings.finish(
        z, shape: shape, bias: settings.useBias ? weights[1] : nil, trace: &trace, pass: &pass)
    ]
  }

  /// What each input step adds to the output steps it reaches.
  private func sums<S: Scalar>(
    of x: UnsafePointer<S>, _ from: Extents, kernel: UnsafePointer<S>, into shape: Extents,
    _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S> {
    let (vectors, steps, channels) = (from[0] * from[1], from[1], from[2])
    let width = settings.windows.size * filters
    let spread = workspace.zeros(S.self, count: vectors * width)
    S.addProduct(
      MatrixProduct(
        .init(x, stride: channels), .init(kernel, stride: channels, transposed: true),
        into: spread, strideC: width, m: vectors, n: width, k: channels))
    let z = workspace.zeros(S.self, count: shape.product)
    WindowMatrix.scatter(
      spread, to: z, shape: shape, channels: 0..<filters, sources: targets(for: steps),
      size: settings.windows.size)
    return z
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
    let x = input.reals(in: &pass.workspace)
    let (steps, channels) = (input.shape[1], input.shape[2])
    let width = settings.windows.size * filters
    let dSpread = pass.workspace.scratch(S.self, count: input.vectors * width)
    WindowMatrix.gather(
      dOutput.reals(in: &pass.workspace), shape: dOutput.shape, channels: 0..<filters,
      sources: targets(for: steps), size: settings.windows.size, into: dSpread)
    S.addProduct(
      MatrixProduct(
        .init(dSpread, stride: width, transposed: true), .init(x, stride: channels),
        into: gradients[0], strideC: channels, m: width, n: channels, k: input.vectors))
    guard let target = inputGradients[0] else { return }
    let dx = pass.workspace.zeros(S.self, count: input.count)
    S.addProduct(
      MatrixProduct(
        .init(dSpread, stride: width), .init(weights[0], stride: channels), into: dx,
        strideC: channels, m: input.vectors, n: channels, k: width))
    settings.layout.add(dx, shape: input.shape, to: target)
  }
}
