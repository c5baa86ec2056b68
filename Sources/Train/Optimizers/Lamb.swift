import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Adam whose step is measured by the weight's own size (You et al. 2019), of Keras 3:
///
///     m = m + (1 - β₁)·(g - m)      v = v + (1 - β₂)·(g² - v)
///     u = m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + ε)
///     p -= ‖p‖/‖u‖ · rate · u
///
/// The norms are of the whole weight; where one of them is zero their quotient is 1.
public struct Lamb: Optimizer {
  public static let className = "Lamb"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double

  public init(
    learningRate: any LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-7, options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    let moments = try Moments(from: &config)
    self.init(beta1: moments.beta1, beta2: moments.beta2, epsilon: moments.epsilon)
  }

  public var config: JSONObject {
    Moments(beta1, beta2, epsilon).config
  }

  public var slotNames: [String] { ["momentum", "velocity"] }
  public var takesWholeWeights: Bool { true }

  public func update(_ step: UpdateStep) {
    let (p, m, v) = (step.weight, step.slots[0], step.slots[1])
    let (fresh1, fresh2, epsilon) = (
      step.complement(beta1), step.complement(beta2), Float(epsilon)
    )
    let t = Float(step.iteration)
    let (left1, left2) = (1 - powf(Float(beta1), t), 1 - powf(Float(beta2), t))
    step.moveMeans(m, fresh1, v, fresh2)
    func direction(_ i: Int) -> Float {
      m[i] / left1 / ((v[i] / left2).squareRoot() + epsilon)
    }
    var (ofWeight, ofUpdate): (Float, Float) = (0, 0)
    for i in 0..<step.count {
      ofWeight += p[i] * p[i]
      ofUpdate += direction(i) * direction(i)
    }
    let ratio = ofWeight > 0 && ofUpdate > 0 ? ofWeight.squareRoot() / ofUpdate.squareRoot() : 1
    for i in 0..<step.count { p[i] -= ratio * step.learningRate * direction(i) }
  }
}
