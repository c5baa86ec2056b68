import KerasFormat
import KerasRuntime

/// Steps divided by a running root mean square of the gradient (Hinton, Coursera lecture 6e, 2012):
///
///     a = ρ·a + (1 - ρ)·g²
///     p -= rate·g / (√a + ε)       Keras 1, 2.2
///     p -= rate·g / √(a + ε)       Keras 2.15, 3
///
/// Centered (2.15, 3): the variance takes the place of a: `a - m²` with `m = ρ·m + (1 - ρ)·g`.
/// Momentum μ (2.15, 3): the step goes into `v = μ·v + step`, and `p -= v`.
public struct RMSprop: Optimizer {
  public static let className = "RMSprop"
  public var learningRate: Double
  public var decay = 0.0
  public var rho: Double
  public var momentum: Double
  public var epsilon: Double
  public var centered: Bool

  public init(
    learningRate: Double = 0.001, rho: Double = 0.9, momentum: Double = 0, epsilon: Double = 1e-7,
    centered: Bool = false
  ) {
    self.learningRate = learningRate
    self.rho = rho
    self.momentum = momentum
    self.epsilon = epsilon
    self.centered = centered
  }

  public init(from config: inout ConfigReader, generation: Generation) throws(KerasError) {
    learningRate = 0.001
    rho = try config.number("rho", default: 0.9)
    momentum = try config.number("momentum", default: 0)
    epsilon = try config.number("epsilon", default: generation == .keras1 ? 1e-8 : 1e-7)
    centered = try config.bool("centered", default: false)
  }

  public var config: JSONObject {
    [
      "rho": .number(rho), "momentum": .number(momentum), "epsilon": .number(epsilon),
      "centered": .bool(centered),
    ]
  }

  public var slotNames: [String] {
    ["velocity"] + (momentum > 0 ? ["momentum"] : []) + (centered ? ["average_gradient"] : [])
  }

  public func update(_ step: UpdateStep) {
    let (p, g, a, rate) = (step.weight, step.gradient, step.slots[0], step.learningRate)
    let fresh = step.complement(rho)
    let (rho, epsilon) = (Float(rho), Float(epsilon))
    let isOutside = step.generation <= .keras2
    if momentum == 0 && !centered {
      for i in 0..<step.count {
        a[i] = rho * a[i] + fresh * g[i] * g[i]
        let root = isOutside ? a[i].squareRoot() + epsilon : (a[i] + epsilon).squareRoot()
        p[i] -= rate * g[i] / root
      }
      return
    }
    let velocity = momentum > 0 ? step.slots[1] : nil
    let average = centered ? step.slots[step.slots.count - 1] : nil
    for i in 0..<step.count {
      a[i] = rho * a[i] + fresh * g[i] * g[i]
      var denominator = a[i] + epsilon
      if let average {
        average[i] = rho * average[i] + fresh * g[i]
        denominator -= average[i] * average[i]
      }
      let change = rate * g[i] / denominator.squareRoot()
      if let velocity {
        velocity[i] = Float(momentum) * velocity[i] + change
        p[i] -= velocity[i]
      } else {
        p[i] -= change
      }
    }
  }
}
