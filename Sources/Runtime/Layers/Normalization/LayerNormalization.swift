import KerasFormat

/// Each sample brought to mean 0 and variance 1 over `axis`, then scaled and shifted (Ba et al.
/// 2016):
/// `y = γ·(x - μ)/√(σ² + ε) + β`, any shape, unchanged.
///
/// With `rmsScaling` the mean is not subtracted and β is left out. Weights: gamma, beta, of the
/// extents of the normalized axes.
public struct LayerNormalization: Layer {
  public static let className = "LayerNormalization"
  /// Axes with the batch as 0, or from behind.
  public let axis: [Int]
  /// ε
  public let epsilon: Double
  /// Whether β is there.
  public let center: Bool
  /// Whether γ is there.
  public let scale: Bool
  /// Whether each sample is divided by its root mean square alone.
  public let rmsScaling: Bool
  private let gamma: WeightSettings
  private let beta: WeightSettings

  /// With Keras's defaults: the last axis, ε = 0.001, γ and β.
  public init(
    axis: [Int] = [-1], epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true,
    rmsScaling: Bool = false
  ) {
    self.axis = axis
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    self.rmsScaling = rmsScaling
    gamma = WeightSettings(.ones)
    beta = WeightSettings(.zeros)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    axis = try config.axes("axis", default: [-1])
    epsilon = try config.number("epsilon", default: 1e-3)
    center = try config.bool("center", default: true)
    scale = try config.bool("scale", default: true)
    rmsScaling = try config.bool("rms_scaling", default: false)
    gamma = try WeightSettings(&config, "gamma", default: .ones)
    beta = try WeightSettings(&config, "beta", default: .zeros)
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "axis": .axes(axis),
      "epsilon": .number(epsilon), "center": .bool(center), "scale": .bool(scale),
      "rms_scaling": .bool(rmsScaling),
    ]
    beta.write("beta", to: &config)
    gamma.write("gamma", to: &config)
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let positions = try AxisMap.positions(axis, rank: inputs[0].rank, of: Self.className)
    let extents = positions.compactMap { inputs[0].extents[$0] }
    guard extents.count == positions.count else {
      throw KerasError(.shapeMismatch, "input \(inputs[0]) but the axes normalized must be known")
    }
    let all = [
      hasGamma ? WeightSpec("gamma", shape: extents, settings: gamma) : nil,
      center && !rmsScaling ? WeightSpec("beta", shape: extents, settings: beta) : nil,
    ]
    return all.compactMap { $0 }
  }

  /// Keras keeps γ when it does not center, whatever `scale` says.
  private var hasGamma: Bool { scale || rmsScaling }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { axis == [-1] }

  // MARK: Forward

  private func arithmetic(_ extents: [Int]) throws(KerasError) -> Normalize {
    try Normalize(
      over: axis, of: extents, for: Self.className, epsilon: epsilon, size: .variance,
      isCentered: !rmsScaling)
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let normalize = try arithmetic(Array(inputs[0].tensor.shape.dropFirst()))
    let hasBeta = center && !rmsScaling
    return [
      normalize.apply(
        to: inputs[0], gamma: hasGamma ? weights[0] : nil,
        beta: hasBeta ? weights[hasGamma ? 1 : 0] : nil, trace: &trace, pass: &pass)
    ]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let normalize = try? arithmetic(Array(trace.inputs[0].tensor.shape.dropFirst())) else {
      return
    }
    let hasBeta = center && !rmsScaling
    normalize.goBack(
      outputGradients[0].pointer, into: inputGradients[0], gamma: hasGamma ? weights[0] : nil,
      dGamma: hasGamma ? gradients[0] : nil, dBeta: hasBeta ? gradients[hasGamma ? 1 : 0] : nil,
      trace: trace, pass: &pass)
  }
}

// MARK: - As a layer uses it

extension Normalize {
  /// The normalized signal, sample by sample; keeps what the way back needs.
  func apply<S: Scalar>(
    to input: Signal<S>, gamma: UnsafePointer<S>?, beta: UnsafePointer<S>?,
    trace: inout Trace<S>, pass: inout Pass
  ) -> Signal<S> {
    let x = input.tensor.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.tensor.count)
    let kept = forward(
      x, blocks: input.tensor.batch, gamma: gamma, beta: beta, into: y, &pass.workspace)
    if pass.keepsTrace {
      trace.saved = [kept.normalized, kept.factors, kept.means, kept.variances, x]
    }
    return Signal(Tensor(y, shape: input.tensor.shape), mask: input.mask)
  }

  /// The way back of ``apply(to:gamma:beta:trace:pass:)``.
  func goBack<S: Scalar>(
    _ dy: UnsafePointer<S>, into dx: UnsafeMutablePointer<S>?, gamma: UnsafePointer<S>?,
    dGamma: UnsafeMutablePointer<S>?, dBeta: UnsafeMutablePointer<S>?, trace: Trace<S>,
    pass: inout Pass
  ) {
    let saved = trace.saved
    backward(
      dy, x: saved[4], blocks: trace.inputs[0].tensor.batch, gamma: gamma,
      kept: Kept(
        normalized: saved[0], factors: saved[1], means: saved[2], variances: saved[3]),
      dx: dx, dGamma: dGamma, dBeta: dBeta, &pass.workspace)
  }
}

extension JSON {
  /// One axis by itself, several in a list, as Keras writes them.
  static func axes(_ axes: [Int]) -> JSON {
    axes.count == 1 ? .integer(axes[0]) : .array(axes.map(JSON.integer))
  }
}

extension ConfigReader {
  /// One axis or a list of them.
  mutating func axes(_ key: String, default fallback: [Int]) throws(KerasError) -> [Int] {
    guard let value = value(key) else { return fallback }
    let list = value.array ?? [value]
    let axes = list.compactMap(\.integer)
    guard axes.count == list.count, !axes.isEmpty else {
      throw error(key, "\(value.kind) but an axis or a list of axes belongs here")
    }
    return axes
  }
}
