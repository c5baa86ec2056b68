import KerasFormat

/// Each channel brought to mean 0 and variance 1 over the batch while training, and by the moving
/// averages of both otherwise (Ioffe and Szegedy 2015): `y = γ·(x - μ)/√(σ² + ε) + β`, any shape,
/// unchanged.
///
/// Weights: gamma `(C,)`, beta `(C,)`, then moving_mean `(C,)` and moving_variance `(C,)`; with
/// several axes, as 2.15 alone has it, of the input's rank with 1 for the batch and the axes left
/// out. The last two follow the batches by `m ← momentum·m + (1 - momentum)·batch`. Keras 2.2 multiplies the variance
/// by n/(n - 1 - ε) and lets the averages start at the first batch; 2.15 and 3 count only unmasked
/// steps and run a frozen layer as outside training. Keras 1 moves the averages of a frozen one.
public struct BatchNormalization: Layer {
  public static let className = "BatchNormalization"
  /// The axes whose combinations are the channels, mostly one, with the batch as 0, or from behind.
  public let axis: [Int]
  /// The share of the moving averages that each batch keeps.
  public let momentum: Double
  /// ε
  public let epsilon: Double
  /// Whether β is there.
  public let center: Bool
  /// Whether γ is there.
  public let scale: Bool
  let isTrainable: Bool
  /// Keras 1's: 0 as described, 1 each vector by itself, 2 by the batch's statistics at all times.
  private let mode: Int
  private let gamma: WeightSettings
  private let beta: WeightSettings
  private let movingMean: WeightSettings
  private let movingVariance: WeightSettings

  /// With Keras's defaults: channels last, a momentum of 0.99, ε = 0.001, γ and β.
  public init(
    axis: Int = -1, momentum: Double = 0.99, epsilon: Double = 1e-3, center: Bool = true,
    scale: Bool = true
  ) {
    self.init(
      axis: [axis], momentum: momentum, epsilon: epsilon, center: center, scale: scale)
  }

  /// A channel for each combination of these axes.
  public init(
    axis: [Int], momentum: Double = 0.99, epsilon: Double = 1e-3, center: Bool = true,
    scale: Bool = true
  ) {
    self.axis = axis
    self.momentum = momentum
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    isTrainable = true
    mode = 0
    gamma = WeightSettings(.ones)
    beta = WeightSettings(.zeros)
    movingMean = WeightSettings(.zeros)
    movingVariance = WeightSettings(.ones)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    axis = try config.axes("axis", default: [-1])
    momentum = try config.number("momentum", default: 0.99)
    epsilon = try config.number("epsilon", default: 1e-3)
    center = try config.bool("center", default: true)
    scale = try config.bool("scale", default: true)
    isTrainable = try config.bool("trainable", default: true)
    mode = try config.integer("mode", default: 0)
    guard (0...2).contains(mode) else {
      throw config.error("mode", "\(mode) but 0, 1 or 2 belongs here")
    }
    gamma = try WeightSettings(&config, "gamma", default: .ones)
    beta = try WeightSettings(&config, "beta", default: .zeros)
    movingMean = try WeightSettings(&config, "moving_mean", default: .zeros)
    movingVariance = try WeightSettings(&config, "moving_variance", default: .ones)
    // Whether statistics are shared between machines.
    config.ignore("synchronized")
    try config.refuse("renorm", "virtual_batch_size")
    config.ignore("renorm_clipping", "renorm_momentum")
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "axis": .axes(axis), "momentum": .number(momentum), "epsilon": .number(epsilon),
      "center": .bool(center), "scale": .bool(scale), "trainable": .bool(isTrainable),
    ]
    if mode != 0 { config["mode"] = .integer(mode) }
    for (name, settings) in [
      ("beta", beta), ("gamma", gamma), ("moving_mean", movingMean),
      ("moving_variance", movingVariance),
    ] {
      settings.write(name, to: &config)
      guard name.hasPrefix("moving") else { continue }
      config["\(name)_regularizer"] = nil
      config["\(name)_constraint"] = nil
    }
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let positions = try AxisMap.positions(axis, rank: inputs[0].rank, of: Self.className)
    var shape = axis.count > 1 ? [Int](repeating: 1, count: inputs[0].rank + 1) : [1]
    for position in positions {
      guard let channels = inputs[0].extents[position] else {
        let place = JSON.axes(axis).pythonText()
        throw KerasError(.shapeMismatch, "input \(inputs[0]) but axis \(place) must be known")
      }
      shape[axis.count > 1 ? position + 1 : 0] = channels
    }
    let all = [
      scale ? WeightSpec("gamma", shape: shape, settings: gamma) : nil,
      center ? WeightSpec("beta", shape: shape, settings: beta) : nil,
      WeightSpec("moving_mean", shape: shape, settings: movingMean, isTracked: true),
      WeightSpec("moving_variance", shape: shape, settings: movingVariance, isTracked: true),
    ]
    return all.compactMap { $0 }
  }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { axis == [-1] && !usesOwnRows }
  /// Whether the moments are those of the rows at hand, in prediction too: Keras 1's mode 2.
  var usesOwnRows: Bool { mode == 2 }

  private var meanIndex: Int { (scale ? 1 : 0) + (center ? 1 : 0) }

  private func usesBatch(_ pass: borrowing Pass) -> Bool {
    mode == 2 || pass.isTraining && (isTrainable || pass.generation <= .keras2)
  }

  /// The channel of every element of one sample.
  func channels(_ extents: [Int]) -> [Int] {
    AxisMap.indices(of: axis.map { AxisMap.position($0, rank: extents.count) }, in: extents)
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.count)
    let channels = channels(Array(input.shape.dropFirst()))
    if mode == 1 {
      normalizeVectors(x, input, channels, weights, into: y)
      return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
    }
    let count = (channels.max() ?? -1) + 1
    var (mean, variance) = (weights[meanIndex], weights[meanIndex + 1])
    let counted = countedElements(inputs[0], &pass)
    if usesBatch(pass) {
      (mean, variance) = moments(x, channels, count, counted, input.batch, &pass.workspace)
    }
    let factors = pass.workspace.scratch(S.self, count: count)
    for channel in 0..<count {
      factors[channel] = 1 / (variance[channel] + S(epsilon)).squareRoot()
    }
    for row in 0..<input.batch {
      for (i, channel) in channels.enumerated() {
        let element = row * channels.count + i
        let normalized = (x[element] - mean[channel]) * factors[channel]
        y[element] =
          normalized * (scale ? weights[0][channel] : 1)
          + (center ? weights[scale ? 1 : 0][channel] : 0)
      }
    }
    if pass.keepsTrace { trace.saved = [x, mean, variance, factors] }
    return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
  }

  /// The flags of the elements that count, one a vector; `nil` for all.
  private func countedElements<S: Scalar>(_ input: Signal<S>, _ pass: inout Pass) -> Mask? {
    pass.generation >= .keras2_15 ? input.mask : nil
  }

  private func moments<S: Scalar>(
    _ x: UnsafePointer<S>, _ channels: [Int], _ count: Int, _ mask: Mask?, _ batch: Int,
    _ workspace: inout Workspace
  ) -> (UnsafeMutablePointer<S>, UnsafeMutablePointer<S>) {
    let mean = workspace.zeros(S.self, count: count)
    let variance = workspace.zeros(S.self, count: count)
    let elements = workspace.zeros(S.self, count: count)
    let elementsPerFlag = mask.map { batch * channels.count / max(1, $0.count) } ?? 1
    func isCounted(_ element: Int) -> Bool { mask?.flags[element / elementsPerFlag] ?? true }
    for element in 0..<batch * channels.count where isCounted(element) {
      mean[channels[element % channels.count]] += x[element]
      elements[channels[element % channels.count]] += 1
    }
    for channel in 0..<count { mean[channel] /= elements[channel] }
    for element in 0..<batch * channels.count where isCounted(element) {
      let distance = x[element] - mean[channels[element % channels.count]]
      variance[channels[element % channels.count]] += distance * distance
    }
    for channel in 0..<count { variance[channel] /= elements[channel] }
    return (mean, variance)
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let input = trace.inputs[0].tensor
    if mode == 1 {
      normalizeVectorsBack(
        outputGradients[0].pointer, input, channels(Array(input.shape.dropFirst())), weights,
        gradients, into: inputGradients[0], &pass.workspace)
      return
    }
    let (x, mean, factors) = (trace.saved[0], trace.saved[1], trace.saved[3])
    let dy = outputGradients[0].pointer
    let channels = channels(Array(input.shape.dropFirst()))
    let count = (channels.max() ?? -1) + 1
    let mask = countedElements(trace.inputs[0], &pass)
    let elementsPerFlag = mask.map { input.count / max(1, $0.count) } ?? 1
    func isCounted(_ element: Int) -> Bool { mask?.flags[element / elementsPerFlag] ?? true }
    let sums = pass.workspace.zeros(S.self, count: count)
    let products = pass.workspace.zeros(S.self, count: count)
    let elements = pass.workspace.zeros(S.self, count: count)
    for element in 0..<input.count {
      let channel = channels[element % channels.count]
      sums[channel] += dy[element]
      products[channel] += dy[element] * (x[element] - mean[channel]) * factors[channel]
      if isCounted(element) { elements[channel] += 1 }
    }
    for channel in 0..<count {
      if scale { gradients[0][channel] += products[channel] }
      if center { gradients[scale ? 1 : 0][channel] += sums[channel] }
    }
    let isOfBatch = usesBatch(pass)
    if isOfBatch, isTrainable || pass.generation == .keras1 {
      track(trace, weights, gradients, elements, count, pass)
    }
    guard let dx = inputGradients[0] else { return }
    for element in 0..<input.count {
      let channel = channels[element % channels.count]
      var gradient = dy[element]
      if isOfBatch, isCounted(element) {
        let normalized = (x[element] - mean[channel]) * factors[channel]
        gradient -= (sums[channel] + normalized * products[channel]) / elements[channel]
      }
      dx[element] += gradient * factors[channel] * (scale ? weights[0][channel] : 1)
    }
  }

  /// Adds how the moving averages change.
  private func track<S: Scalar>(
    _ trace: Trace<S>, _ weights: Weights<S>, _ gradients: Weights<S>,
    _ elements: UnsafePointer<S>, _ count: Int, _ pass: borrowing Pass
  ) {
    for (offset, batch) in [trace.saved[1], trace.saved[2]].enumerated() {
      let (moving, change) = (weights[meanIndex + offset], gradients[meanIndex + offset])
      for channel in 0..<count {
        var value = batch[channel]
        if pass.generation == .keras2, offset == 1 {
          value *= elements[channel] / (elements[channel] - 1 - S(epsilon))
        }
        change[channel] += (value - moving[channel]) * share(pass)
      }
    }
  }

  /// How far an average moves towards a batch. Keras 2 corrects for its start at zero: after t
  /// batches of a run the average is the accumulated one divided by 1 - momentumᵗ.
  private func share<S: Scalar>(_ pass: borrowing Pass) -> S {
    guard pass.generation == .keras2 else { return S(1 - momentum) }
    var power = 1.0
    for _ in 0...pass.stepOfRun { power *= momentum }
    return S((1 - momentum) / (1 - power))
  }
}
