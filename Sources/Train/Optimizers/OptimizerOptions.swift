import KerasFormat
import KerasRuntime

/// What Keras's optimizers have in common beside their formulas.
///
///     Adam(learningRate: 0.01, options: OptimizerOptions(clipnorm: 1, weightDecay: 0.004))
///
/// Keras 1 and 2.2 have `clipnorm`, `clipvalue` and `decay`; their `clipnorm` is what is called
/// `globalClipnorm` here. Keras 2.15 has all but `lossScaleFactor` and `gradientAccumulationSteps`, and
/// `decay` in its legacy optimizers alone. What a generation does not have is refused when the
/// model is compiled.
public struct OptimizerOptions: Sendable, Equatable {
  /// The largest norm of each weight's gradient.
  public var clipnorm: Double?
  /// The largest norm of all gradients together.
  public var globalClipnorm: Double?
  /// The largest absolute value in a gradient.
  public var clipvalue: Double?
  /// Before each update every weight shrinks by this share of the learning rate.
  public var weightDecay: Double?
  /// Weights whose last name contains one of these (`bias`, `gamma`) do not shrink: Keras's
  /// `exclude_from_weight_decay`, which no file records.
  public var excludeFromWeightDecay: [String]
  /// Whether a running average of the weights is kept, which takes their place when `fit` ends.
  public var useEMA: Bool
  /// The share of the running average that each update keeps.
  public var emaMomentum: Double
  /// After how many updates the average takes the weights' place during training; `nil` for never.
  public var emaOverwriteFrequency: Int?
  /// The loss is multiplied by it before gradients are taken, and they are divided by it.
  public var lossScaleFactor: Double?
  /// Keras's `LossScaleOptimizer` around it, of 2.15 and 3.
  public var lossScale: LossScale?
  /// Batches whose mean gradient makes one update.
  public var gradientAccumulationSteps: Int?
  /// The rate is divided by `1 + decay · updates so far`.
  public var decay: Double
  /// Whether it is one of 2.15's `keras.optimizers.legacy`, which follow TensorFlow's own kernels.
  public var isLegacy: Bool

  /// By default none of them.
  public init(
    clipnorm: Double? = nil, globalClipnorm: Double? = nil, clipvalue: Double? = nil,
    weightDecay: Double? = nil, excludeFromWeightDecay: [String] = [], useEMA: Bool = false,
    emaMomentum: Double = 0.99, emaOverwriteFrequency: Int? = nil,
    lossScaleFactor: Double? = nil, lossScale: LossScale? = nil,
    gradientAccumulationSteps: Int? = nil, decay: Double = 0, isLegacy: Bool = false
  ) {
    self.clipnorm = clipnorm
    self.globalClipnorm = globalClipnorm
    self.clipvalue = clipvalue
    self.weightDecay = weightDecay
    self.excludeFromWeightDecay = excludeFromWeightDecay
    self.useEMA = useEMA
    self.emaMomentum = emaMomentum
    self.emaOverwriteFrequency = emaOverwriteFrequency
    self.lossScaleFactor = lossScaleFactor
    self.lossScale = lossScale
    self.gradientAccumulationSteps = gradientAccumulationSteps
    self.decay = decay
    self.isLegacy = isLegacy
  }

  /// From an optimizer's canonical config.
  init(from config: inout ConfigReader) throws(KerasError) {
    func optional(_ key: String) throws(KerasError) -> Double? {
      guard config.value(key) != nil else { return nil }
      return try config.number(key, default: 0)
    }
    self.init(
      clipnorm: try optional("clipnorm"), globalClipnorm: try optional("global_clipnorm"),
      clipvalue: try optional("clipvalue"), weightDecay: try optional("weight_decay"),
      useEMA: try config.bool("use_ema", default: false),
      emaMomentum: try config.number("ema_momentum", default: 0.99),
      emaOverwriteFrequency: try config.optionalInteger("ema_overwrite_frequency"),
      lossScaleFactor: try optional("loss_scale_factor"),
      lossScale: try LossScale(from: &config),
      gradientAccumulationSteps: try config.optionalInteger("gradient_accumulation_steps"),
      decay: try config.number("decay", default: 0),
      isLegacy: try config.bool("is_legacy_optimizer", default: false))
  }

  /// The keys that ``init(from:)`` reads.
  var config: JSONObject {
    func number(_ value: Double?) -> JSON { value.map(JSON.number) ?? .null }
    func integer(_ value: Int?) -> JSON { value.map(JSON.integer) ?? .null }
    var config: JSONObject = [
      "weight_decay": number(weightDecay), "clipnorm": number(clipnorm),
      "global_clipnorm": number(globalClipnorm), "clipvalue": number(clipvalue),
      "use_ema": .bool(useEMA), "ema_momentum": .number(emaMomentum),
      "ema_overwrite_frequency": integer(emaOverwriteFrequency),
      "loss_scale_factor": number(lossScaleFactor),
      "gradient_accumulation_steps": integer(gradientAccumulationSteps),
    ]
    if let lossScale { config[LossScale.key] = lossScale.config }
    if decay != 0 { config["decay"] = .number(decay) }
    if isLegacy { config["is_legacy_optimizer"] = true }
    return config
  }

  /// What Keras itself refuses.
  func check(_ rules: OptimizerRules) throws(KerasError) {
    func refuse(_ key: String, _ message: String) -> KerasError {
      KerasError(.invalidArgument, message, at: .init(path: [key]))
    }
    let clips = [
      ("clipnorm", clipnorm), ("global_clipnorm", globalClipnorm), ("clipvalue", clipvalue),
    ]
    .filter { $0.1 != nil }
    let both: Int? =
      switch rules {
      case .keras3: 1
      case .keras2_15, .legacy: clipnorm != nil && globalClipnorm != nil ? 1 : nil
      case .keras1, .keras2: nil
      }
    if let both, clips.count > both {
      throw refuse(
        clips[1].0, "only one of \(clips.map { $0.0 }.joined(separator: ", ")) can be set")
    }
    if let steps = gradientAccumulationSteps, steps < 2 {
      throw refuse("gradient_accumulation_steps", "\(steps) but it must be 2 or more")
    }
    if useEMA, !(0...1).contains(emaMomentum) {
      throw refuse("ema_momentum", "\(emaMomentum) but it is within 0…1")
    }
    if let frequency = emaOverwriteFrequency, frequency < 1 {
      throw refuse("ema_overwrite_frequency", "\(frequency) but it must be 1 or more, or null")
    }
    guard decay.isFinite, decay >= 0 else {
      throw refuse("decay", "\(decay) but it is zero or positive")
    }
    if let factor = lossScaleFactor, !(factor.isFinite && factor != 0) {
      throw refuse("loss_scale_factor", "\(factor) but it is a number other than zero")
    }
  }
}
