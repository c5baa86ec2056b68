import KerasFormat

/// What the convolutions over time have in common: windows, layout, activation and bias.
struct ConvolutionSettings: Sendable {
  var windows: SequenceWindows
  var layout = SequenceLayout()
  var activation: Activation = .linear
  var useBias = true
  var bias = WeightSettings(.zeros)

  init(
    kernelSize: Int, strides: Int, padding: SequencePadding, dilationRate: Int,
    activation: Activation, useBias: Bool
  ) {
    windows = SequenceWindows(
      size: kernelSize, stride: strides, dilation: dilationRate, padding: padding)
    self.activation = activation
    self.useBias = useBias
  }

  init(from config: inout ConfigReader, causal: Bool) throws(KerasError) {
    windows = SequenceWindows(
      size: try config.extent("kernel_size"), stride: try config.extent("strides", default: 1),
      dilation: try config.extent("dilation_rate", default: 1),
      padding: try config.sequencePadding(causal: causal))
    guard windows.stride == 1 || windows.dilation == 1 else {
      throw config.error(
        "dilation_rate",
        "\(windows.dilation) with strides \(windows.stride), where Keras allows one")
    }
    layout = try SequenceLayout(from: &config)
    activation = try config.activation("activation", default: .linear)
    useBias = try config.bool("use_bias", default: true)
    bias = try WeightSettings(&config, "bias", default: .zeros)
    try config.refuseLowRank()
    config.ignore("lora_alpha")
  }

  /// The keys that all of them write.
  func write(to config: inout JSONObject) {
    config["kernel_size"] = [.integer(windows.size)]
    config["strides"] = [.integer(windows.stride)]
    config["padding"] = .string(windows.padding.rawValue)
    config["data_format"] = layout.json
    config["dilation_rate"] = [.integer(windows.dilation)]
    config["activation"] = activation.json
    config["use_bias"] = .bool(useBias)
    bias.write("bias", to: &config)
    config["activity_regularizer"] = .null
  }

  // MARK: Shape

  /// The channels that come in, which the kernel's shape depends on.
  func channels(of input: Shape, for className: String) throws(KerasError) -> Int {
    guard let channels = try layout.axes(of: input, for: className).channels else {
      throw KerasError(.shapeMismatch, "input \(input) but \(className) needs known features")
    }
    return channels
  }

  func output(for input: Shape, filters: Int, of className: String) throws(KerasError) -> Shape {
    let steps = try layout.axes(of: input, for: className).steps
    try activation.check(rank: input.rank)
    return layout.shape(
      steps: try windows.outputSteps(for: steps, of: className), channels: filters)
  }

  // MARK: Bias and activation

  /// Adds the bias to `z`, applies the activation and turns the result to the model's layout.
  func finish<S: Scalar>(
    _ z: UnsafeMutablePointer<S>, shape: Extents, bias: UnsafeMutablePointer<S>?,
    trace: inout Trace<S>, pass: inout Pass
  ) -> Signal<S> {
    let (vectors, width) = (shape[0] * shape[1], shape[2])
    if let bias {
      for vector in 0..<vectors { Elementwise.add(bias, to: z + vector * width, count: width) }
    }
    let y = pass.workspace.scratch(S.self, count: vectors * width)
    activation.apply(z, into: y, shape: shape)
    if pass.keepsTrace { trace.saved += [z, y] }
    return Signal(
      layout.outgoing(Tensor(y, shape: shape), &pass.workspace),
      logits: activation.hasLogits && !layout.isChannelsFirst ? z : nil)
  }

  /// The gradient of `z` in the layers' own layout, and the bias's added to `dBias`.
  ///
  /// - Parameter saved: the last two arrays that ``finish(_:shape:bias:trace:pass:)`` kept.
  func begin<S: Scalar>(
    _ gradient: OutputGradient<S>, outputShape: Extents, saved: [UnsafeMutablePointer<S>],
    dBias: UnsafeMutablePointer<S>?, pass: inout Pass
  ) -> Tensor<S> {
    let dy = layout.incoming(Tensor(gradient.pointer, shape: outputShape), &pass.workspace)
    let (vectors, width) = (dy.vectors, dy.width)
    let dz = activation.inputGradient(
      OutputGradient(
        dy.reals(in: &pass.workspace), isOfLogits: gradient.isOfLogits,
        ofOutput: gradient.ofOutput),
      z: saved[saved.count - 2], y: saved[saved.count - 1], shape: dy.shape, &pass.workspace)
    if let dBias { Elementwise.addColumnSums(of: dz, rows: vectors, width: width, to: dBias) }
    return Tensor(dz, shape: dy.shape)
  }
}

/// A sequence's windows side by side, and the way back: what turns a convolution into one product.
enum WindowMatrix {
  /// Channels `channels` of `x (B, T, C)` as rows `(B·T', k·|channels|)`; padding is zero.
  static func gather<S: Scalar>(
    _ x: UnsafePointer<S>, shape: Extents, channels: Range<Int>, sources: [Int], size: Int,
    into rows: UnsafeMutablePointer<S>
  ) {
    let (steps, width, outputs) = (shape[1], shape[2], sources.count / size)
    for batch in 0..<shape[0] {
      for (place, source) in sources.enumerated() {
        let target = rows + (batch * outputs * size + place) * channels.count
        if source < 0 {
          target.update(repeating: 0, count: channels.count)
        } else {
          target.update(
            from: x + (batch * steps + source) * width + channels.lowerBound,
            count: channels.count)
        }
      }
    }
  }

  /// Adds such rows to where they came from.
  static func scatter<S: Scalar>(
    _ rows: UnsafePointer<S>, to x: UnsafeMutablePointer<S>, shape: Extents, channels: Range<Int>,
    sources: [Int], size: Int
  ) {
    let (steps, width, outputs) = (shape[1], shape[2], sources.count / size)
    for batch in 0..<shape[0] {
      for (place, source) in sources.enumerated() where source >= 0 {
        Elementwise.add(
          rows + (batch * outputs * size + place) * channels.count,
          to: x + (batch * steps + source) * width + channels.lowerBound, count: channels.count)
      }
    }
  }
}
