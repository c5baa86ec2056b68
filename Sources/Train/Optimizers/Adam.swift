import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Adaptive moments (Kingma and Ba 2014), with ε outside the root and uncorrected, as in all Kerases:
///
///     m = β₁·m + (1 - β₁)·g      v = β₂·v + (1 - β₂)·g²
///     p -= rate·√(1 - β₂ᵗ)/(1 - β₁ᵗ) · m / (√v + ε)
///
/// AMSGrad puts the largest v so far in v's place.
public struct Adam: Optimizer {
  public static let className = "Adam"
  public var learningRate: Double
  public var decay = 0.0
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  public var amsgrad: Bool

  public init(
    learningRate: Double = 0.001, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-7, amsgrad: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.amsgrad = amsgrad
  }

  public init(from config: inout ConfigReader, generation: Generation) throws(KerasError) {
    learningRate = 0.001
    beta1 = try config.number("beta_1", default: 0.9)
    beta2 = try config.number("beta_2", default: 0.999)
    epsilon = try config.number("epsilon", default: generation == .keras1 ? 1e-8 : 1e-7)
    amsgrad = try config.bool("amsgrad", default: false)
  }

  public var config: JSONObject {
    [
      "beta_1": .number(beta1), "beta_2": .number(beta2), "epsilon": .number(epsilon),
      "amsgrad": .bool(amsgrad),
    ]
  }

  public var slotNames: [String] { ["momentum", "velocity"] + (amsgrad ? ["velocity_max"] : []) }

  public func update(_ step: UpdateStep) {
    let (p, g, m, v) = (step.weight, step.gradient, step.slots[0], step.slots[1])
    let (b1, b2, epsilon) = (Float(beta1), Float(beta2), Float(epsilon))
    let (fresh1, fresh2) = (step.complement(beta1), step.complement(beta2))
    let t = Float(step.iteration)
    let rate = step.learningRate * (1 - powf(b2, t)).squareRoot() / (1 - powf(b1, t))
    for i in 0..<step.count {
      m[i] += (g[i] - m[i]) * fresh1
      v[i] += (g[i] * g[i] - v[i]) * fresh2
      var root = v[i]
      if amsgrad {
        step.slots[2][i] = max(step.slots[2][i], v[i])
        root = step.slots[2][i]
      }
      p[i] -= rate * m[i] / (root.squareRoot() + epsilon)
    }
  }
}
