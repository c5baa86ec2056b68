import KerasFormat
import KerasRuntime

/// Steps divided by a running root mean square of the gradient (Hinton, Coursera lecture 6e, 2012):
///
///     a = ρ·a + (1 - ρ)·g²
///     p -= rate·g / (√a + ε)       Keras 1, 2.2; the legacy optimizer of 2.15 without momentum
///     p -= rate·g / √(a + ε)       Keras 2.15, 3; the legacy optimizer with momentum
///
/// Centered (2.15, 3): the variance takes the place of a: `a - m²` with `m = ρ·m + (1 - ρ)·g`.
/// Momentum μ (2.15, 3): the step goes into `v = μ·v + step`, and `p -= v`.
public struct RMSprop: Optimizer {
  public static let className = "RMSprop"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// The share of the running means that each update keeps.
  public var rho: Double
  /// The share of the step before that each step takes along; 0 for none.
  public var momentum: Double
  /// What keeps the divisor from being 0.
  public var epsilon: Double
  /// Whether the variance takes the place of the mean square.
  public var centered: Bool

  /// With Keras 3's defaults.
  public init(
    learningRate: any LearningRate = 0.001, rho: Double = 0.9, momentum: Double = 0,
    epsilon: Double = 1e-7, centered: Bool = false, options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.rho = rho
    self.momentum = momentum
    self.epsilon = epsilon
    self.centered = centered
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      rho: try config.number("rho", default: 0.9),
      momentum: try config.number("momentum", default: 0),
      epsilon: try config.number("epsilon", default: 1e-7),
      centered: try config.bool("centered", default: false))
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

  public var legacyUntouchedRows: UntouchedRows { momentum > 0 ? .skipped : .updated }

  public var clearsGradients: Bool { momentum == 0 && !centered }

  public func update(_ step: UpdateStep) {
    let (p, g, a, rate) = (step.weight, step.gradient, step.slots[0], step.learningRate)
    let fresh = step.complement(rho)
    let (rho, epsilon) = (Float(rho), Float(epsilon))
    if step.squares == nil, clearsGradients {
      return RMSpropUpdate(
        weight: p, gradient: g, average: a, count: step.count, rho: rho, fresh: fresh,
        epsilon: epsilon, rate: rate, addsEpsilonToRoot: step.rules.isOld
      ).apply()
    }
    step.withSquares { square in
      for i in 0..<step.count { a[i] = rho * a[i] + fresh * square(i) }
    }
    let average = centered ? step.slots[step.slots.count - 1] : nil
    if let average {
      for i in 0..<step.count { average[i] = rho * average[i] + fresh * g[i] }
    }
    if momentum > 0 {
      let (velocity, momentum) = (step.slots[1], Float(momentum))
      if let average {
        for i in 0..<step.count {
          let root = (a[i] - average[i] * average[i] + epsilon).squareRoot()
          velocity[i] = momentum * velocity[i] + rate * g[i] / root
        }
      } else {
        for i in 0..<step.count {
          velocity[i] = momentum * velocity[i] + rate * g[i] / (a[i] + epsilon).squareRoot()
        }
      }
      for i in 0..<step.count { p[i] -= velocity[i] }
      return
    }
    switch (average, step.rules.isOld) {
    case (nil, true):
      for i in 0..<step.count { p[i] -= rate * g[i] / (a[i].squareRoot() + epsilon) }
    case (nil, false):
      for i in 0..<step.count { p[i] -= rate * g[i] / (a[i] + epsilon).squareRoot() }
    case (let average?, true):
      for i in 0..<step.count {
        p[i] -= rate * g[i] / ((a[i] - average[i] * average[i]).squareRoot() + epsilon)
      }
    case (let average?, false):
      for i in 0..<step.count {
        p[i] -= rate * g[i] / (a[i] - average[i] * average[i] + epsilon).squareRoot()
      }
    }
  }
}
