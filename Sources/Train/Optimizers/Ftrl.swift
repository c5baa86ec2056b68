import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Follow the regularized leader (McMahan et al. 2013), of Keras 2.15 and 3; q is minus the
/// `learningRatePower`, ½ unless given:
///
///     n' = n + g²                       n from `initialAccumulatorValue`
///     z += g + 2·shrinkage·p - (n'^q - n^q) / rate · p
///     p = (clip(z, -l1, l1) - z) / (n'^q / rate + 2·(l2 + β / (2·rate)))
public struct Ftrl: Optimizer {
  public static let className = "Ftrl"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// −q, zero or negative.
  public var learningRatePower: Double
  /// Where n begins, zero or positive.
  public var initialAccumulatorValue: Double
  /// l1, zero or positive.
  public var l1RegularizationStrength: Double
  /// l2, zero or positive.
  public var l2RegularizationStrength: Double
  /// The shrinkage, zero or positive.
  public var l2ShrinkageRegularizationStrength: Double
  /// β of the paper, zero or positive.
  public var beta: Double

  /// With Keras 3's defaults.
  public init(
    learningRate: any LearningRate = 0.001, learningRatePower: Double = -0.5,
    initialAccumulatorValue: Double = 0.1, l1RegularizationStrength: Double = 0,
    l2RegularizationStrength: Double = 0, l2ShrinkageRegularizationStrength: Double = 0,
    beta: Double = 0, options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.learningRatePower = learningRatePower
    self.initialAccumulatorValue = initialAccumulatorValue
    self.l1RegularizationStrength = l1RegularizationStrength
    self.l2RegularizationStrength = l2RegularizationStrength
    self.l2ShrinkageRegularizationStrength = l2ShrinkageRegularizationStrength
    self.beta = beta
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      learningRatePower: try config.number("learning_rate_power", default: -0.5),
      initialAccumulatorValue: try config.number("initial_accumulator_value", default: 0.1),
      l1RegularizationStrength: try config.number("l1_regularization_strength", default: 0),
      l2RegularizationStrength: try config.number("l2_regularization_strength", default: 0),
      l2ShrinkageRegularizationStrength: try config.number(
        "l2_shrinkage_regularization_strength", default: 0),
      beta: try config.number("beta", default: 0))
    guard learningRatePower <= 0 else {
      throw config.error(
        "learning_rate_power", "\(learningRatePower) but it is negative or zero",
        code: .invalidArgument)
    }
    for (key, value) in self.config.members where key != "learning_rate_power" && key != "beta" {
      guard value.number.map({ $0 >= 0 }) == true else {
        throw config.error(key, "\(value.kind) but it is positive or zero", code: .invalidArgument)
      }
    }
  }

  public var config: JSONObject {
    [
      "learning_rate_power": .number(learningRatePower),
      "initial_accumulator_value": .number(initialAccumulatorValue),
      "l1_regularization_strength": .number(l1RegularizationStrength),
      "l2_regularization_strength": .number(l2RegularizationStrength),
      "l2_shrinkage_regularization_strength": .number(l2ShrinkageRegularizationStrength),
      "beta": .number(beta),
    ]
  }

  public var slotNames: [String] { ["accumulator", "linear"] }
  public var legacyUntouchedRows: UntouchedRows { .skipped }

  public func initialValue(ofSlot name: String) -> Float {
    name == "accumulator" ? Float(initialAccumulatorValue) : 0
  }

  public func update(_ step: UpdateStep) {
    let exponent = Float(-learningRatePower)
    // A root is quick and is what TensorFlow's kernel takes too.
    if exponent == 0.5 {
      update(step) { $0.squareRoot() }
    } else {
      update(step) { powf($0, exponent) }
    }
  }

  @inline(__always)
  private func update(_ step: UpdateStep, power: (Float) -> Float) {
    let (p, g, rate) = (step.weight, step.gradient, step.learningRate)
    let (n, z) = (step.slots[0], step.slots[1])
    let l1 = Float(l1RegularizationStrength)
    let l2 = Float(l2RegularizationStrength) + Float(beta) / (2 * rate)
    let shrinkage = Float(2 * l2ShrinkageRegularizationStrength)
    step.withSquares { square in
      for i in 0..<step.count {
        let sum = n[i] + square(i)
        let (old, new) = (power(n[i]), power(sum))
        z[i] += g[i] + shrinkage * p[i] - (new - old) / rate * p[i]
        p[i] = (min(max(z[i], -l1), l1) - z[i]) / (new / rate + 2 * l2)
        n[i] = sum
      }
    }
  }
}
