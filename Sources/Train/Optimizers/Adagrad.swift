import KerasFormat
import KerasRuntime

/// Steps divided by the root of all squared gradients so far (Duchi, Hazan and Singer 2011):
///
///     a += g²
///     p -= rate·g / (√a + ε)      Keras 1, 2.2, a from 0; the legacy optimizer of 2.15, a from 0.1
///     p -= rate·g / √(a + ε)      Keras 2.15, 3, a from 0.1
public struct Adagrad: Optimizer {
  public static let className = "Adagrad"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// Where the sums of squares begin; Keras 1 and 2.2 have none and begin at 0.
  public var initialAccumulatorValue: Double
  /// What keeps the divisor from being 0.
  public var epsilon: Double

  /// With Keras 3's defaults.
  public init(
    learningRate: any LearningRate = 0.001, initialAccumulatorValue: Double = 0.1,
    epsilon: Double = 1e-7, options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.initialAccumulatorValue = initialAccumulatorValue
    self.epsilon = epsilon
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      initialAccumulatorValue: try config.number("initial_accumulator_value", default: 0.1),
      epsilon: try config.number("epsilon", default: 1e-7))
  }

  public var config: JSONObject {
    [
      "initial_accumulator_value": .number(initialAccumulatorValue), "epsilon": .number(epsilon),
    ]
  }

  public var slotNames: [String] { ["accumulator"] }
  public func initialValue(ofSlot name: String) -> Float { Float(initialAccumulatorValue) }

  public func update(_ step: UpdateStep) {
    let (p, g, a, rate) = (step.weight, step.gradient, step.slots[0], step.learningRate)
    let epsilon = Float(epsilon)
    step.withSquares { square in
      for i in 0..<step.count { a[i] += square(i) }
    }
    if step.rules.isOld {
      for i in 0..<step.count { p[i] -= rate * g[i] / (a[i].squareRoot() + epsilon) }
    } else {
      for i in 0..<step.count { p[i] -= rate * g[i] / (a[i] + epsilon).squareRoot() }
    }
  }
}
