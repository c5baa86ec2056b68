import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Half a cosine wave from the rate down to `alpha` times it (Loshchilov and Hutter 2016); with
/// `warmupTarget` a straight way up to that first.
public struct CosineDecay: LearningRateSchedule {
  public static let className = "CosineDecay"
  /// The rate to begin with, the updates until the end, and what remains of the rate there, as a
  /// share.
  public let initialLearningRate, decaySteps, alpha: Double
  /// The rate that the warm-up leads to; `nil` for no warm-up.
  public let warmupTarget: Double?
  /// The updates of the warm-up, which come before ``decaySteps``.
  public let warmupSteps: Double

  /// With Keras's defaults: down to 0, without a warm-up.
  public init(
    _ initialLearningRate: Double, decaySteps: Double, alpha: Double = 0,
    warmupTarget: Double? = nil, warmupSteps: Double = 0
  ) {
    self.initialLearningRate = initialLearningRate
    self.decaySteps = decaySteps
    self.alpha = alpha
    self.warmupTarget = warmupTarget
    self.warmupSteps = warmupSteps
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    var target: Double?
    if config.value("warmup_target") != nil { target = try config.requiredNumber("warmup_target") }
    self.init(
      try config.requiredNumber("initial_learning_rate"),
      decaySteps: try config.requiredNumber("decay_steps"),
      alpha: try config.number("alpha", default: 0), warmupTarget: target,
      warmupSteps: try config.number("warmup_steps", default: 0))
  }

  public var config: JSONObject {
    [
      "initial_learning_rate": .number(initialLearningRate), "decay_steps": .count(decaySteps),
      "alpha": .number(alpha), "warmup_target": warmupTarget.map(JSON.number) ?? .null,
      "warmup_steps": .count(warmupSteps),
    ]
  }

  public var steps: (key: String, count: Double) { ("decay_steps", decaySteps) }

  public func rate(after iterations: Int) -> Float {
    let (step, steps) = (Float(iterations), Float(decaySteps))
    let initial = Float(initialLearningRate)
    guard let warmupTarget else { return wave(from: initial, min(step, steps) / steps) }
    let (target, warmup) = (Float(warmupTarget), Float(warmupSteps))
    let limited = min(step, steps + warmup)
    if limited < warmup { return (target - initial) * (limited / warmup) + initial }
    return wave(from: target, (limited - warmup) / steps)
  }

  private func wave(from rate: Float, _ share: Float) -> Float {
    // Keras leaves alpha a Python number, so 1 - alpha is rounded only once.
    rate * (Float(1 - alpha) * (0.5 * (1 + cosf(.pi * share))) + Float(alpha))
  }
}

/// Cosine waves one after another, each `tMul` times as long and `mMul` times as high as the one
/// before (Loshchilov and Hutter 2016).
public struct CosineDecayRestarts: LearningRateSchedule {
  public static let className = "CosineDecayRestarts"
  public static let defaultName = "SGDRDecay"
  /// The first wave's rate and updates, how the length and height of waves grow, and what remains
  /// of the rate at a wave's end, as a share.
  public let initialLearningRate, firstDecaySteps, tMul, mMul, alpha: Double

  /// With Keras's defaults: waves twice as long as the one before, of one height, down to 0.
  public init(
    _ initialLearningRate: Double, firstDecaySteps: Double, tMul: Double = 2, mMul: Double = 1,
    alpha: Double = 0
  ) {
    self.initialLearningRate = initialLearningRate
    self.firstDecaySteps = firstDecaySteps
    self.tMul = tMul
    self.mMul = mMul
    self.alpha = alpha
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      try config.requiredNumber("initial_learning_rate"),
      firstDecaySteps: try config.requiredNumber("first_decay_steps"),
      tMul: try config.number("t_mul", default: 2), mMul: try config.number("m_mul", default: 1),
      alpha: try config.number("alpha", default: 0))
  }

  public var config: JSONObject {
    [
      "initial_learning_rate": .number(initialLearningRate),
      "first_decay_steps": .count(firstDecaySteps), "t_mul": .number(tMul), "m_mul": .number(mMul),
      "alpha": .number(alpha),
    ]
  }

  public var steps: (key: String, count: Double) { ("first_decay_steps", firstDecaySteps) }

  public func rate(after iterations: Int) -> Float {
    let (factor, alpha) = (Float(tMul), Float(alpha))
    var share = Float(iterations) / Float(firstDecaySteps)
    let restarts: Float
    if factor == 1 {
      restarts = share.rounded(.down)
      share -= restarts
    } else {
      restarts = (logf(1 - share * (1 - factor)) / logf(factor)).rounded(.down)
      let passed = (1 - powf(factor, restarts)) / (1 - factor)
      share = (share - passed) / powf(factor, restarts)
    }
    let wave = 0.5 * powf(Float(mMul), restarts) * (1 + cosf(.pi * share))
    return Float(initialLearningRate) * ((1 - alpha) * wave + alpha)
  }
}
