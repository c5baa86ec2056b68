import KerasFormat
import KerasRuntime

/// Steps scaled by the root mean squares of earlier steps and of the gradient (Zeiler 2012):
///
///     a = ρ·a + (1 - ρ)·g²
///     d = g·√(D + ε) / √(a + ε);  p -= rate·d
///     D = ρ·D + (1 - ρ)·d²
public struct Adadelta: Optimizer {
  public static let className = "Adadelta"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// The share of the running means that each update keeps.
  public var rho: Double
  /// What keeps the divisor from being 0.
  public var epsilon: Double

  /// With Keras 3's defaults.
  public init(
    learningRate: any LearningRate = 0.001, rho: Double = 0.95, epsilon: Double = 1e-7,
    options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.rho = rho
    self.epsilon = epsilon
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      rho: try config.number("rho", default: 0.95),
      epsilon: try config.number("epsilon", default: 1e-7))
  }

  public var config: JSONObject { ["rho": .number(rho), "epsilon": .number(epsilon)] }

  public var slotNames: [String] { ["accumulated_grad", "accumulated_delta_var"] }
  public var legacyUntouchedRows: UntouchedRows { .skipped }

  public func update(_ step: UpdateStep) {
    let (p, g, rate) = (step.weight, step.gradient, step.learningRate)
    let (a, d) = (step.slots[0], step.slots[1])
    // Keras 1 and 2.2 keep this share, unlike RMSprop's, as a Python number.
    let fresh = step.rules == .legacy ? 1 - Float(rho) : Float(1 - rho)
    let (rho, epsilon) = (Float(rho), Float(epsilon))
    step.withSquares { square in
      for i in 0..<step.count { a[i] = rho * a[i] + fresh * square(i) }
      for i in 0..<step.count {
        let (steps, gradients) = ((d[i] + epsilon).squareRoot(), (a[i] + epsilon).squareRoot())
        p[i] -= rate * (g[i] * steps / gradients)
        d[i] = rho * d[i] + fresh * (square(i) * ((d[i] + epsilon) / (a[i] + epsilon)))
      }
    }
  }
}
