import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Adam with the largest gradient in the place of the mean square (Kingma and Ba 2014, section 7):
///
///     m = β₁·m + (1 - β₁)·g      u = max(β₂·u, |g|)
///     p -= rate / (1 - β₁ᵗ) · m / (u + ε)
public struct Adamax: Optimizer {
  public static let className = "Adamax"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// The share of the running mean of gradients that each update keeps.
  public var beta1: Double
  /// What the largest gradient shrinks by at each update.
  public var beta2: Double
  /// What keeps the divisor from being 0.
  public var epsilon: Double

  /// With Keras 3's defaults.
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

  public var slotNames: [String] { ["momentum", "norm"] }
  public var legacyUntouchedRows: UntouchedRows { .skipped }

  public func update(_ step: UpdateStep) {
    let (p, g, m, u) = (step.weight, step.gradient, step.slots[0], step.slots[1])
    let (b1, b2, epsilon) = (Float(beta1), Float(beta2), Float(epsilon))
    let fresh = step.complement(beta1)
    let left = 1 - powf(b1, Float(step.iteration))
    if step.rules <= .keras2 {
      for i in 0..<step.count { m[i] = b1 * m[i] + fresh * g[i] }
    } else {
      for i in 0..<step.count { m[i] += (g[i] - m[i]) * fresh }
    }
    if let magnitudes = step.magnitudes {
      for i in 0..<step.count { u[i] = max(b2 * u[i], magnitudes[i]) }
    } else {
      for i in 0..<step.count { u[i] = max(b2 * u[i], abs(g[i])) }
    }
    if step.rules.isOld {
      let rate = step.learningRate / left
      for i in 0..<step.count { p[i] -= rate * m[i] / (u[i] + epsilon) }
    } else {
      let rate = step.learningRate
      for i in 0..<step.count { p[i] -= rate * m[i] / (left * (u[i] + epsilon)) }
    }
  }
}
