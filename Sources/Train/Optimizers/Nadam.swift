import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Adam with Nesterov's momentum (Dozat 2016), the momentum warmed up by a schedule:
///
///     μₜ = β₁·(1 - 0.5·0.96^(t·s))      Pₜ = μ₁·μ₂·…·μₜ
///     m̂ = μₜ₊₁·m / (1 - Pₜ₊₁) + (1 - μₜ)·g / (1 - Pₜ)      v̂ = v / (1 - β₂ᵗ)
///     p -= rate·m̂ / (√v̂ + ε)
///
/// s is `scheduleDecay` in Keras 1, 2.2 and the legacy optimizer of 2.15, and 1 in 2.15 and 3.
///
/// In 2.15 P takes a factor for every weight instead of one for every update. A counter in Python
/// should prevent that, but it counts while `fit` traces its function, which it does twice, and
/// stands still afterwards: of n weights, weight k (from 0) finds the product up to date at update
/// n + k alone. So a model with one weight gets NaN from its first update. Measured with 2.15.0.
public struct Nadam: Optimizer {
  public static let className = "Nadam"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// The momentum's share, which the schedule leads up to.
  public var beta1: Double
  /// The share of the running mean of squares that each update keeps.
  public var beta2: Double
  /// What keeps the divisor from being 0.
  public var epsilon: Double
  /// `nil` for the generation's own: 0.004, or 1 in 2.15 and 3, which have no word for it.
  public var scheduleDecay: Double?

  /// With Keras 3's defaults.
  public init(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-7, scheduleDecay: Double? = nil,
    options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.scheduleDecay = scheduleDecay
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    let moments = try Moments(from: &config)
    self.init(beta1: moments.beta1, beta2: moments.beta2, epsilon: moments.epsilon)
    if config.value("schedule_decay") != nil {
      scheduleDecay = try config.number("schedule_decay", default: 0)
    }
  }

  public var config: JSONObject {
    var config = Moments(beta1, beta2, epsilon).config
    if let scheduleDecay { config["schedule_decay"] = .number(scheduleDecay) }
    return config
  }

  public var slotNames: [String] { ["momentum", "velocity"] }
  public var legacyUntouchedRows: UntouchedRows { .still }
  public var scalarCount: Int { 1 }

  /// μ of an update.
  private func momentum(at iteration: Int, _ rules: OptimizerRules) -> Float {
    let exponent = Float(iteration) * Float(scheduleDecay ?? (rules.isOld ? 0.004 : 1))
    return Float(beta1) * (1 - 0.5 * powf(0.96, exponent))
  }

  public func advance(
    _ scalars: inout [Float], weight: Int, of count: Int, iteration: Int, rules: OptimizerRules
  ) {
    let isDue = rules == .keras2_15 ? iteration != count + weight : weight == 0
    if isDue { scalars[0] *= momentum(at: iteration, rules) }
  }

  public func update(_ step: UpdateStep) {
    let (p, g, m, v) = (step.weight, step.gradient, step.slots[0], step.slots[1])
    let (b1, b2, epsilon) = (Float(beta1), Float(beta2), Float(epsilon))
    let (now, next) = (
      momentum(at: step.iteration, step.rules), momentum(at: step.iteration + 1, step.rules)
    )
    let product = step.scalar
    let (left, leftNext) = (1 - product, 1 - product * next)
    let leftSquares = 1 - powf(b2, Float(step.iteration))
    let rate = step.learningRate
    if step.rules.isOld {
      for i in 0..<step.count { m[i] = b1 * m[i] + (1 - b1) * g[i] }
      for i in 0..<step.count { v[i] = b2 * v[i] + (1 - b2) * (g[i] * g[i]) }
    } else {
      step.moveMeans(m, 1 - b1, v, 1 - b2)
    }
    for i in 0..<step.count {
      let mean = next * m[i] / leftNext + (1 - now) * g[i] / left
      p[i] -= mean * rate / ((v[i] / leftSquares).squareRoot() + epsilon)
    }
  }
}
