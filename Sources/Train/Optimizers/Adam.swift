import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Adaptive moments (Kingma and Ba 2014), with ε outside the root and uncorrected, as in all
/// Kerases:
///
///     m = β₁·m + (1 - β₁)·g      v = β₂·v + (1 - β₂)·g²
///     p -= rate·√(1 - β₂ᵗ)/(1 - β₁ᵗ) · m / (√v + ε)
///
/// AMSGrad (not Keras 1) puts the largest v so far in v's place.
public struct Adam: Optimizer {
  public static let className = "Adam"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// The share of the running mean of gradients that each update keeps.
  public var beta1: Double
  /// The share of the running mean of squares that each update keeps.
  public var beta2: Double
  /// What keeps the divisor from being 0.
  public var epsilon: Double
  /// Whether it is AMSGrad.
  public var amsgrad: Bool

  /// With Keras 3's defaults.
  public init(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-7, amsgrad: Bool = false, options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.amsgrad = amsgrad
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    let moments = try Moments(from: &config)
    self.init(
      beta1: moments.beta1, beta2: moments.beta2, epsilon: moments.epsilon,
      amsgrad: try config.bool("amsgrad", default: false))
  }

  public var config: JSONObject {
    var config = Moments(beta1, beta2, epsilon).config
    config["amsgrad"] = .bool(amsgrad)
    return config
  }

  public var slotNames: [String] { ["momentum", "velocity"] + (amsgrad ? ["velocity_max"] : []) }

  public var clearsGradients: Bool { !amsgrad }

  public func update(_ step: UpdateStep) {
    let (p, g, m, v) = (step.weight, step.gradient, step.slots[0], step.slots[1])
    let (b1, b2, epsilon) = (Float(beta1), Float(beta2), Float(epsilon))
    let (fresh1, fresh2) = (step.complement(beta1), step.complement(beta2))
    let t = Float(step.iteration)
    let (left1, left2) = (1 - powf(b1, t), 1 - powf(b2, t))
    let isOld = step.rules <= .keras2
    let rate =
      isOld
      ? step.learningRate * (left2.squareRoot() / left1)
      : step.learningRate * left2.squareRoot() / left1
    if step.squares == nil, clearsGradients {
      return AdamUpdate(
        weight: p, gradient: g, mean: m, square: v, count: step.count, beta1: (b1, fresh1),
        beta2: (b2, fresh2), epsilon: epsilon, rate: rate, movesByDifference: !isOld
      ).apply()
    }
    if isOld {
      for i in 0..<step.count { m[i] = b1 * m[i] + fresh1 * g[i] }
      for i in 0..<step.count { v[i] = b2 * v[i] + fresh2 * (g[i] * g[i]) }
    } else {
      step.moveMeans(m, fresh1, v, fresh2)
    }
    var root = v
    if amsgrad {
      root = step.slots[2]
      for i in 0..<step.count { root[i] = root[i] < v[i] ? v[i] : root[i] }
    }
    for i in 0..<step.count { p[i] -= rate * m[i] / (root[i].squareRoot() + epsilon) }
  }
}

/// Adam whose weights shrink by themselves (Loshchilov and Hutter 2017), of Keras 2.15 and 3: Adam
/// with a weight decay of 0.004 unless another is given.
public struct AdamW: Optimizer {
  public static let className = "AdamW"
  private var adam: Adam

  /// With Keras 3's defaults, a weight decay of 0.004 among them.
  public init(
    learningRate: any LearningRate = 0.001, weightDecay: Double = 0.004, beta1: Double = 0.9,
    beta2: Double = 0.999, epsilon: Double = 1e-7, amsgrad: Bool = false,
    options: OptimizerOptions = OptimizerOptions()
  ) {
    adam = Adam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad,
      options: options)
    adam.options.weightDecay = weightDecay
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    adam = try Adam(from: &config)
    guard config.value("weight_decay") != nil else {
      throw config.error("weight_decay", "null, but AdamW needs a number", code: .invalidArgument)
    }
  }

  public var learningRate: any LearningRate {
    get { adam.learningRate }
    set { adam.learningRate = newValue }
  }
  public var options: OptimizerOptions {
    get { adam.options }
    set { adam.options = newValue }
  }
  public var config: JSONObject { adam.config }
  public var slotNames: [String] { adam.slotNames }
  public var clearsGradients: Bool { adam.clearsGradients }
  public func update(_ step: UpdateStep) { adam.update(step) }
}
