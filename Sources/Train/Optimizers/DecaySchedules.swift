import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A rate that falls with `step / decaySteps`, continuously or, with `staircase`, once a period.
protocol PeriodicDecay: LearningRateSchedule {
  var initialLearningRate: Double { get }
  var decaySteps: Double { get }
  var decayRate: Double { get }
  var staircase: Bool { get }

  init(_ initialLearningRate: Double, decaySteps: Double, decayRate: Double, staircase: Bool)
}

extension PeriodicDecay {
  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      try config.requiredNumber("initial_learning_rate"),
      decaySteps: try config.requiredNumber("decay_steps"),
      decayRate: try config.requiredNumber("decay_rate"),
      staircase: try config.bool("staircase", default: false))
  }

  public var config: JSONObject {
    [
      "initial_learning_rate": .number(initialLearningRate), "decay_steps": .count(decaySteps),
      "decay_rate": .number(decayRate), "staircase": .bool(staircase),
    ]
  }

  public var steps: (key: String, count: Double) { ("decay_steps", decaySteps) }

  /// How many periods have gone by.
  func periods(after iterations: Int) -> Float {
    let share = Float(iterations) / Float(decaySteps)
    return staircase ? share.rounded(.down) : share
  }
}

/// `rate · decayRate^(step / decaySteps)`; the exponent a whole number with `staircase`.
public struct ExponentialDecay: PeriodicDecay {
  public static let className = "ExponentialDecay"
  /// The rate to begin with, the updates of a period, and what the rate is multiplied by in each.
  public let initialLearningRate, decaySteps, decayRate: Double
  /// Whether the rate falls at the end of a period alone.
  public let staircase: Bool

  /// By default the rate falls at every update.
  public init(
    _ initialLearningRate: Double, decaySteps: Double, decayRate: Double, staircase: Bool = false
  ) {
    self.initialLearningRate = initialLearningRate
    self.decaySteps = decaySteps
    self.decayRate = decayRate
    self.staircase = staircase
  }

  public func rate(after iterations: Int) -> Float {
    Float(initialLearningRate) * powf(Float(decayRate), periods(after: iterations))
  }
}

/// `rate / (1 + decayRate · step / decaySteps)`; the quotient a whole number with `staircase`.
public struct InverseTimeDecay: PeriodicDecay {
  public static let className = "InverseTimeDecay"
  /// The rate to begin with, the updates of a period, and how much the divisor grows in each.
  public let initialLearningRate, decaySteps, decayRate: Double
  /// Whether the rate falls at the end of a period alone.
  public let staircase: Bool

  /// By default the rate falls at every update.
  public init(
    _ initialLearningRate: Double, decaySteps: Double, decayRate: Double, staircase: Bool = false
  ) {
    self.initialLearningRate = initialLearningRate
    self.decaySteps = decaySteps
    self.decayRate = decayRate
    self.staircase = staircase
  }

  public func rate(after iterations: Int) -> Float {
    Float(initialLearningRate) / (1 + Float(decayRate) * periods(after: iterations))
  }
}

/// `(rate - end) · (1 - step / decaySteps)^power + end`, and `end` from there on; with `cycle` the
/// steps are stretched to their next multiple instead.
public struct PolynomialDecay: LearningRateSchedule {
  public static let className = "PolynomialDecay"
  /// The rate to begin with, the updates until the end, the rate there, and the exponent.
  public let initialLearningRate, decaySteps, endLearningRate, power: Double
  /// Whether the end moves on to the next multiple of ``decaySteps`` whenever it is reached, so
  /// that the rate rises there and falls anew.
  public let cycle: Bool

  /// With Keras's defaults: along a line down to 0.0001.
  public init(
    _ initialLearningRate: Double, decaySteps: Double, endLearningRate: Double = 0.0001,
    power: Double = 1, cycle: Bool = false
  ) {
    self.initialLearningRate = initialLearningRate
    self.decaySteps = decaySteps
    self.endLearningRate = endLearningRate
    self.power = power
    self.cycle = cycle
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      try config.requiredNumber("initial_learning_rate"),
      decaySteps: try config.requiredNumber("decay_steps"),
      endLearningRate: try config.number("end_learning_rate", default: 0.0001),
      power: try config.number("power", default: 1),
      cycle: try config.bool("cycle", default: false))
  }

  public var config: JSONObject {
    [
      "initial_learning_rate": .number(initialLearningRate), "decay_steps": .count(decaySteps),
      "end_learning_rate": .number(endLearningRate), "power": .number(power),
      "cycle": .bool(cycle),
    ]
  }

  public var steps: (key: String, count: Double) { ("decay_steps", decaySteps) }

  public func rate(after iterations: Int) -> Float {
    let (step, end) = (Float(iterations), Float(endLearningRate))
    let steps = Float(decaySteps)
    let share: Float
    if cycle {
      share = step / (steps * (step == 0 ? 1 : (step / steps).rounded(.up)))
    } else {
      share = min(step, steps) / steps
    }
    return (Float(initialLearningRate) - end) * powf(1 - share, Float(power)) + end
  }
}

/// `values[i]` up to and including batch `boundaries[i]`, the last value from there on.
public struct PiecewiseConstantDecay: LearningRateSchedule {
  public static let className = "PiecewiseConstantDecay"
  public static let defaultName = "PiecewiseConstant"
  /// In rising order, one fewer than `values`.
  public let boundaries: [Double]
  /// The rates, one more than ``boundaries``.
  public let values: [Double]

  /// What does not fit together is refused by ``check()``.
  public init(boundaries: [Double], values: [Double]) {
    self.boundaries = boundaries
    self.values = values
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      boundaries: try config.requiredNumbers("boundaries"),
      values: try config.requiredNumbers("values"))
  }

  public var config: JSONObject {
    [
      "boundaries": .array(boundaries.map(JSON.count)),
      "values": .array(values.map(JSON.number)),
    ]
  }

  public var steps: (key: String, count: Double) { ("boundaries", Double(boundaries.count)) }

  /// The rule of its own: ``boundaries`` and ``values`` fit each other.
  ///
  /// - Throws: ``KerasError/Code/invalidArgument`` where there is not one value more than
  ///   boundaries, or these do not rise.
  public func check() throws(KerasError) {
    guard !boundaries.isEmpty, values.count == boundaries.count + 1,
      zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 < $1 }),
      boundaries.allSatisfy({ $0 > -1e15 && $0 < 1e15 })
    else {
      throw KerasError(
        .invalidArgument,
        "\(boundaries.count) boundaries and \(values.count) values, but there is one value more than "
          + "boundaries, and these rise", at: .init(path: ["learning_rate", Self.className]))
    }
  }

  public func rate(after iterations: Int) -> Float {
    // Keras casts the boundaries to the counter's whole numbers.
    Float(values[boundaries.prefix { iterations > Int($0) }.count])
  }
}
