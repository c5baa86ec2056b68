import KerasFormat
import KerasRuntime

/// Steps of one size in the direction of an interpolated momentum (Chen et al. 2023), of Keras 2.15
/// and 3, whose default rates differ: 0.0001 and 0.001.
///
///     p -= rate·sign(β₁·m + (1 - β₁)·g)
///     m = β₂·m + (1 - β₂)·g
public struct Lion: Optimizer {
  public static let className = "Lion"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// The share of the momentum in the direction of a step, above 0 and at most 1.
  public var beta1: Double
  /// The share of the momentum that each update keeps.
  public var beta2: Double

  /// With Keras 3's defaults.
  public init(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.99,
    options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.beta1 = beta1
    self.beta2 = beta2
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      beta1: try config.number("beta_1", default: 0.9),
      beta2: try config.number("beta_2", default: 0.99))
    guard beta1 > 0 && beta1 <= 1 else {
      throw config.error(
        "beta_1", "\(beta1) but it is above 0 and at most 1", code: .invalidArgument)
    }
  }

  public var config: JSONObject { ["beta_1": .number(beta1), "beta_2": .number(beta2)] }

  public var slotNames: [String] { ["momentum"] }

  public func update(_ step: UpdateStep) {
    let (p, g, m, rate) = (step.weight, step.gradient, step.slots[0], step.learningRate)
    let (b1, b2) = (Float(beta1), Float(beta2))
    for i in 0..<step.count {
      let direction = m[i] * b1 + g[i] * (1 - b1)
      p[i] -= direction > 0 ? rate : direction < 0 ? -rate : 0
    }
    for i in 0..<step.count { m[i] = m[i] * b2 + g[i] * (1 - b2) }
  }
}
