import KerasFormat

/// Each sample normalized over all steps and the channels of one group (Wu and He 2018):
/// any shape, unchanged. Weights: gamma `(C,)`, beta `(C,)`.
public struct GroupNormalization: Layer {
  public static let className = "GroupNormalization"
  /// Parts that the channels are cut into; -1 makes each channel one.
  public let groups: Int
  /// The axis of the channels, with the batch as 0, or from behind.
  public let axis: Int
  /// What is added to the variance.
  public let epsilon: Double
  /// Whether beta is there.
  public let center: Bool
  /// Whether gamma is there.
  public let scale: Bool
  private let gamma: WeightSettings
  private let beta: WeightSettings

  /// With Keras's defaults: 32 groups, channels last, an epsilon of 0.001, gamma and beta.
  public init(
    groups: Int = 32, axis: Int = -1, epsilon: Double = 1e-3, center: Bool = true,
    scale: Bool = true
  ) {
    self.groups = groups
    self.axis = axis
    self.epsilon = epsilon
    self.center = center
    self.scale = scale
    gamma = WeightSettings(.ones)
    beta = WeightSettings(.zeros)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    groups = try config.integer("groups", default: 32)
    guard groups == -1 || groups > 0 else {
      throw config.error("groups", "\(groups) but -1 or a number of groups belongs here")
    }
    axis = try config.integer("axis", default: -1)
    epsilon = try config.number("epsilon", default: 1e-3)
    center = try config.bool("center", default: true)
    scale = try config.bool("scale", default: true)
    gamma = try WeightSettings(&config, "gamma", default: .ones)
    beta = try WeightSettings(&config, "beta", default: .zeros)
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "groups": .integer(groups), "axis": .integer(axis), "epsilon": .number(epsilon),
      "center": .bool(center), "scale": .bool(scale),
    ]
    beta.write("beta", to: &config)
    gamma.write("gamma", to: &config)
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let position = try AxisMap.positions([axis], rank: inputs[0].rank, of: Self.className)[0]
    guard let channels = inputs[0].extents[position] else {
      throw KerasError(.shapeMismatch, "input \(inputs[0]) but the channels must be known")
    }
    guard channels.isMultiple(of: groups == -1 ? channels : groups) else {
      throw KerasError(.shapeMismatch, "\(channels) channels cannot be cut into \(groups) groups")
    }
    let all = [
      scale ? WeightSpec("gamma", shape: [channels], settings: gamma) : nil,
      center ? WeightSpec("beta", shape: [channels], settings: beta) : nil,
    ]
    return all.compactMap { $0 }
  }

  public var supportsMasking: Bool { true }

  // MARK: Forward

  private func arithmetic(_ extents: [Int]) -> Normalize {
    let position = axis < 0 ? axis + extents.count : axis - 1
    let places = AxisMap.indices(of: [position], in: extents)
    let count = groups == -1 ? extents[position] : groups
    let size = max(1, extents[position] / count)
    return Normalize(
      groups: places.map { $0 / size }, groupCount: count, places: places, epsilon: epsilon,
      size: .variance, isCentered: true)
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    [
      arithmetic(Array(inputs[0].tensor.shape.dropFirst())).apply(
        to: inputs[0], gamma: scale ? weights[0] : nil,
        beta: center ? weights[scale ? 1 : 0] : nil, trace: &trace, pass: &pass)
    ]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    arithmetic(Array(trace.inputs[0].tensor.shape.dropFirst())).goBack(
      outputGradients[0].pointer, into: inputGradients[0], gamma: scale ? weights[0] : nil,
      dGamma: scale ? gradients[0] : nil, dBeta: center ? gradients[scale ? 1 : 0] : nil,
      trace: trace, pass: &pass)
  }
}
