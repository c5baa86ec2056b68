import KerasFormat

/// A fully connected layer on the last axis: `y = f(x·W + b)`, `(B, …, F) → (B, …, U)`.
///
/// Weights: kernel `(F, U)`, bias `(U,)`.
public struct Dense: Layer {
  public static let className = "Dense"
  /// U
  public let units: Int
  /// f
  public let activation: Activation
  /// Whether b is there.
  public let useBias: Bool
  let kernel: WeightSettings
  let bias: WeightSettings

  /// With Keras's defaults: linear, with a bias that starts at 0, the kernel as Glorot's uniform.
  public init(
    units: Int, activation: Activation = .linear, useBias: Bool = true,
    kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros
  ) {
    self.units = units
    self.activation = activation
    self.useBias = useBias
    kernel = WeightSettings(kernelInitializer)
    bias = WeightSettings(biasInitializer)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    units = try config.positiveInteger("units")
    activation = try config.activation("activation", default: .linear)
    useBias = try config.bool("use_bias", default: true)
    kernel = try WeightSettings(&config, "kernel", default: .glorotUniform)
    bias = try WeightSettings(&config, "bias", default: .zeros)
    try config.refuseLowRank()
    config.ignore("input_dim", "lora_alpha")
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "units": .integer(units), "activation": activation.json,
      "use_bias": .bool(useBias),
    ]
    kernel.write("kernel", to: &config)
    bias.write("bias", to: &config)
    config["activity_regularizer"] = .null
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    guard let width = inputs[0].last else {
      throw KerasError(
        .shapeMismatch, "input \(inputs[0]) but Dense needs a known last axis")
    }
    let kernel = WeightSpec("kernel", shape: [width, units], settings: self.kernel)
    return useBias ? [kernel, WeightSpec("bias", shape: [units], settings: bias)] : [kernel]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    try activation.check(rank: inputs[0].rank)
    return [inputs[0].replacingLast(with: units)]
  }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { activation.computesStepsAlike }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let (x, rows, width) = (input.reals(in: &pass.workspace), input.vectors, input.width)
    let z = pass.workspace.scratch(S.self, count: rows * units)
    Elementwise.fillRows(
      z, with: useBias ? UnsafePointer(weights[1]) : nil, rows: rows, width: units)
    S.addProduct(
      MatrixProduct(
        .init(x, stride: width), .init(weights[0], stride: units), into: z, strideC: units,
        m: rows, n: units, k: width))
    let y = pass.workspace.scratch(S.self, count: rows * units)
    let shape = input.shape.replacingLast(with: units)
    activation.apply(z, into: y, shape: shape)
    if pass.keepsTrace {
      trace.inputs = Signals(Signal(Tensor(x, shape: input.shape), mask: inputs[0].mask))
      trace.saved = [z]
    }
    return Signals(
      Signal(Tensor(y, shape: shape), mask: inputs[0].mask, logits: activation.hasLogits ? z : nil))
  }

  // MARK: Backward

  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let input = trace.inputs[0].tensor
    let (x, rows, width) = (input.reals(in: &pass.workspace), input.vectors, input.width)
    let y = trace.outputs[0].tensor.reals(in: &pass.workspace)
    let dz = activation.inputGradient(
      outputGradients[0], z: trace.saved[0], y: y, shape: trace.outputs[0].tensor.shape,
      &pass.workspace)
    S.addProduct(
      MatrixProduct(
        .init(x, stride: width, transposed: true), .init(dz, stride: units),
        into: gradients[0], strideC: units, m: width, n: units, k: rows))
    if useBias {
      Elementwise.addColumnSums(of: dz, rows: rows, width: units, to: gradients[1])
    }
    if let dx = inputGradients[0] {
      S.addProduct(
        MatrixProduct(
          .init(dz, stride: units), .init(weights[0], stride: units, transposed: true),
          into: dx, strideC: width, m: rows, n: width, k: units))
    }
  }
}

extension Activation {
  /// Whether it takes each step of a sequence by itself.
  var computesStepsAlike: Bool {
    switch self {
    case .layer(.softmax(let softmax)): softmax.computesStepsAlike
    default: true
    }
  }

  /// Whether Keras's losses can recover logits behind it.
  package var hasLogits: Bool {
    switch self {
    case .sigmoid, .softmax: true
    case .layer(.softmax(let softmax)): softmax.axis == [-1]
    default: false
    }
  }

  /// The gradient of the activation's input: through the function, or straight where the loss has
  /// already gone past it.
  ///
  /// - Parameter shape: of the input.
  func inputGradient<S: Scalar>(
    _ gradient: OutputGradient<S>, z: UnsafePointer<S>, y: UnsafePointer<S>,
    shape: Extents, _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S> {
    if self == .linear || gradient.isOfLogits && gradient.ofOutput == nil {
      return gradient.pointer
    }
    let count = shape.product
    let dz = workspace.scratch(S.self, count: count)
    let ofOutput = gradient.ofOutput ?? gradient.pointer
    self.gradient(ofOutput, z: z, y: y, into: dz, shape: shape)
    if gradient.isOfLogits { Elementwise.add(gradient.pointer, to: dz, count: count) }
    return dz
  }
}

extension ConfigReader {
  /// An activation: its name, null for linear, a serialized layer without weights, or
  /// `{"class_name"/"config": name}` as Keras 3 writes for registered functions.
  ///
  /// - Parameter mayChangeWidth: whether the layer can live with `glu`, which halves the last axis.
  mutating func activation(
    _ key: String, default fallback: Activation, mayChangeWidth: Bool = false
  ) throws(KerasError) -> Activation {
    guard let value = value(key) else { return fallback }
    guard let name = value.string ?? value.object?["config"]?.string else {
      guard let className = value.object?["class_name"]?.string else {
        throw error(key, "\(value.kind) but the name of an activation belongs here")
      }
      if className == "__lambda__" {
        throw error(
          key, "Python code, which is never run", hint: "use an activation by its name")
      }
      guard let config = value.object?["config"]?.object,
        let layer = try ActivatingLayer(className, config, of: "\(owner)/\(key)")
      else {
        throw error(
          key, "a layer \(className) as an activation",
          hint: "behind a Dense or a convolution it can be a layer of its own")
      }
      return .layer(layer)
    }
    let activation: Activation
    do {
      activation = try Activation(named: name)
    } catch {
      throw self.error(key, error.message, code: error.code, hint: error.hint)
    }
    guard activation != .glu || mayChangeWidth else {
      throw error(
        key, "'glu' halves the last axis", hint: "put it in an Activation layer of its own")
    }
    return activation
  }
}
