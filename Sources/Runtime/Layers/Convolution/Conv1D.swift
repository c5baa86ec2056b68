import KerasFormat

/// A convolution over time: `y[t] = f(Σₖ x[t·stride + k·dilation - left]·W[k] + b)`,
/// `(B, T, C) → (B, T', filters)`; no kernel is turned round.
///
/// With `groups`, the channels and the filters are cut into as many equal parts, and each part of
/// the filters sees one part of the channels. Weights: kernel `(k, C/groups, filters)`, bias
/// `(filters,)`.
public struct Conv1D: Layer {
  public static let className = "Conv1D"
  /// The features of the output.
  public let filters: Int
  /// Parts that channels and filters are cut into; 1 leaves them whole.
  public let groups: Int
  let settings: ConvolutionSettings
  let kernel: WeightSettings
  /// Whether Keras 1 has it as its AtrousConvolution1D.
  let isAtrous: Bool

  /// With Keras's defaults: every window, no padding, a bias, kernels that start as Glorot's
  /// uniform. `filters` is a multiple of `groups`.
  public init(
    filters: Int, kernelSize: Int, strides: Int = 1, padding: SequencePadding = .valid,
    dilationRate: Int = 1, groups: Int = 1, activation: Activation = .linear, useBias: Bool = true
  ) {
    self.filters = filters
    self.groups = groups
    settings = ConvolutionSettings(
      kernelSize: kernelSize, strides: strides, padding: padding, dilationRate: dilationRate,
      activation: activation, useBias: useBias)
    kernel = WeightSettings(.glorotUniform)
    isAtrous = dilationRate > 1
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    filters = try config.positiveInteger("filters")
    groups = try config.extent("groups", default: 1)
    settings = try ConvolutionSettings(from: &config, causal: true)
    kernel = try WeightSettings(&config, "kernel", default: .glorotUniform)
    let isAtrous = try config.bool("legacy_atrous", default: false)
    self.isAtrous = isAtrous || settings.windows.dilation > 1
    guard filters.isMultiple(of: groups) else {
      throw config.error("groups", "\(groups) but there are \(filters) filters, no multiple of it")
    }
  }

  public var config: JSONObject {
    var config: JSONObject = ["filters": .integer(filters), "groups": .integer(groups)]
    settings.write(to: &config)
    kernel.write("kernel", to: &config)
    if isAtrous, settings.windows.dilation == 1 { config["legacy_atrous"] = true }
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let channels = try settings.channels(of: inputs[0], for: Self.className)
    guard channels.isMultiple(of: groups) else {
      throw KerasError(
        .shapeMismatch, "\(channels) features but they are cut into \(groups) groups")
    }
    let kernel = WeightSpec(
      "kernel", shape: [settings.windows.size, channels / groups, filters], settings: self.kernel)
    return settings.useBias
      ? [kernel, WeightSpec("bias", shape: [filters], settings: settings.bias)] : [kernel]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    [try settings.output(for: inputs[0], filters: filters, of: Self.className)]
  }

  /// Keras 1 keeps the kernel with four axes and takes it for one whose outputs come first.
  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    var fans: VarianceScaling.Fans?
    if start.generation == .keras1, spec.shape.count == 3 {
      let receptive = spec.shape[1] * spec.shape[2]
      fans = VarianceScaling.Fans(receptive, spec.shape[0] * receptive)
    }
    return spec.settings.initializer.sample(shape: spec.shape, from: start, fans: fans)
  }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = settings.layout.incoming(inputs[0].tensor, &pass.workspace)
    let x = input.reals(in: &pass.workspace)
    let (batch, steps, channels) = (input.shape[0], input.shape[1], input.shape[2])
    let sources = settings.windows.sources(for: steps)
    let size = settings.windows.size
    let rows = batch * sources.count / size
    let (part, partFilters) = (channels / groups, filters / groups)
    let z = pass.workspace.zeros(S.self, count: rows * filters)
    for group in 0..<groups {
      let columns = pass.workspace.scratch(S.self, count: rows * size * part)
      WindowMatrix.gather(
        x, shape: input.shape, channels: group * part..<(group + 1) * part, sources: sources,
        size: size, into: columns)
      S.addProduct(
        MatrixProduct(
          .init(columns, stride: size * part),
          .init(weights[0] + group * partFilters, stride: filters),
          into: z + group * partFilters, strideC: filters, m: rows, n: partFilters, k: size * part,
          isConvolution: true))
      if pass.keepsTrace { trace.saved.append(columns) }
    }
    let shape: Extents = [batch, sources.count / size, filters]
    return [
      settings.finish(
        z, shape: shape, bias: settings.useBias ? weights[1] : nil, trace: &trace, pass: &pass)
    ]
  }

  // MARK: Backward

  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let dOutput = settings.begin(
      outputGradients[0], outputShape: trace.outputs[0].tensor.shape, saved: trace.saved,
      dBias: settings.useBias ? gradients[1] : nil, pass: &pass)
    let dz = dOutput.reals(in: &pass.workspace)
    let shape = settings.layout.incoming(trace.inputs[0].tensor, &pass.workspace).shape
    let sources = settings.windows.sources(for: shape[1])
    let size = settings.windows.size
    let rows = dOutput.vectors
    let (part, partFilters) = (shape[2] / groups, filters / groups)
    let dx = pass.workspace.zeros(S.self, count: shape.product)
    for group in 0..<groups {
      let dPart = dz + group * partFilters
      S.addProduct(
        MatrixProduct(
          .init(trace.saved[group], stride: size * part, transposed: true),
          .init(dPart, stride: filters), into: gradients[0] + group * partFilters,
          strideC: filters, m: size * part, n: partFilters, k: rows))
      guard inputGradients[0] != nil else { continue }
      let dColumns = pass.workspace.zeros(S.self, count: rows * size * part)
      S.addProduct(
        MatrixProduct(
          .init(dPart, stride: filters),
          .init(weights[0] + group * partFilters, stride: filters, transposed: true),
          into: dColumns, strideC: size * part, m: rows, n: size * part, k: partFilters))
      WindowMatrix.scatter(
        dColumns, to: dx, shape: shape, channels: group * part..<(group + 1) * part,
        sources: sources, size: size)
    }
    if let target = inputGradients[0] { settings.layout.add(dx, shape: shape, to: target) }
  }
}
