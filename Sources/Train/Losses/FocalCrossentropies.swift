import KerasFormat
import KerasRuntime

/// Binary cross-entropy in which what is already right counts less: each output's is multiplied by
/// `(1 - pₜ)^gamma`, `pₜ` being the probability that the output gives to the truth
/// (Lin et al. 2018, arXiv:1708.02002).
public struct BinaryFocalCrossentropy: Loss {
  public static let className = "BinaryFocalCrossentropy"
  /// Whether outputs are multiplied by alpha where the target is 1 and by 1 - alpha where it is 0.
  public let applyClassBalancing: Bool
  /// What outputs of class 1 count for where classes are balanced; those of class 0 count for the
  /// rest, 1 - alpha.
  public let alpha: Double
  /// How much less outputs count the surer they are; 0 makes it the plain cross-entropy.
  public let gamma: Double
  private let crossentropy: BinaryCrossentropy

  /// With Keras's defaults: γ = 2, classes not balanced, outputs are probabilities.
  public init(
    applyClassBalancing: Bool = false, alpha: Double = 0.25, gamma: Double = 2,
    fromLogits: Bool = false, labelSmoothing: Double = 0
  ) {
    self.applyClassBalancing = applyClassBalancing
    self.alpha = alpha
    self.gamma = gamma
    crossentropy = BinaryCrossentropy(fromLogits: fromLogits, labelSmoothing: labelSmoothing)
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    applyClassBalancing = try config.bool("apply_class_balancing", default: false)
    alpha = try config.number("alpha", default: 0.25)
    gamma = try config.number("gamma", default: 2)
    crossentropy = try BinaryCrossentropy(from: &config)
  }

  public var config: JSONObject {
    var config = crossentropy.config
    if applyClassBalancing { config["apply_class_balancing"] = true }
    if alpha != 0.25 { config["alpha"] = .number(alpha) }
    if gamma != 2 { config["gamma"] = .number(gamma) }
    return config
  }

  public func objection(to target: Double, width: Int) -> String? {
    crossentropy.objection(to: target, width: width)
  }

  public func usesLogits(_ generation: Generation) -> Bool { crossentropy.usesLogits(generation) }

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let (alpha, gamma) = (S(alpha), S(gamma))
    let areLogits = batch.isLogits || crossentropy.fromLogits
    batch.meanOverWidth { output, target in
      let y = crossentropy.smoothed(target)
      let (value, slope) = crossentropy.term(output, y, batch)
      let p = areLogits ? S.logistic(output) : output
      let wrong = 1 - (y * p + (1 - y) * (1 - p))
      let weight = applyClassBalancing ? y * alpha + (1 - y) * (1 - alpha) : 1
      // Of 1 - pₜ with respect to p, then to what the output is.
      let turn = (1 - 2 * y) * (areLogits ? p * (1 - p) : 1)
      let focus = power(wrong, gamma)
      return (
        weight * focus * value, weight * (focus * slope + powerSlope(wrong, gamma) * turn * value)
      )
    }
  }
}

/// Categorical cross-entropy in which what is already right counts less:
/// `-Σ alpha·(1 - p)^gamma·y·ln p`, p divided by its sum and kept within 1e-7…1 - 1e-7.
public struct CategoricalFocalCrossentropy: Loss {
  public static let className = "CategoricalFocalCrossentropy"
  /// One number for all classes, or one for each.
  public let alpha: [Double]
  /// How much less outputs count the surer they are; 0 makes it the plain cross-entropy.
  public let gamma: Double
  /// Whether outputs are logits instead of probabilities.
  public let fromLogits: Bool
  /// The share of each label that is spread over all classes, 0…1.
  public let labelSmoothing: Double

  /// With Keras's defaults: α = 0.25 for all classes, γ = 2, outputs are probabilities.
  public init(
    alpha: [Double] = [0.25], gamma: Double = 2, fromLogits: Bool = false,
    labelSmoothing: Double = 0
  ) {
    self.alpha = alpha
    self.gamma = gamma
    self.fromLogits = fromLogits
    self.labelSmoothing = labelSmoothing
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    let given = config.value("alpha") ?? 0.25
    let numbers = (given.array ?? [given]).map(\.number)
    guard !numbers.isEmpty, !numbers.contains(nil) else {
      throw config.error("alpha", "\(given.kind) but a number, or one for each class, belongs here")
    }
    alpha = numbers.compactMap { $0 }
    gamma = try config.number("gamma", default: 2)
    fromLogits = try config.bool("from_logits", default: false)
    labelSmoothing = try config.share("label_smoothing")
    try config.lastAxis()
  }

  public var config: JSONObject {
    var config: JSONObject = [:]
    if alpha != [0.25] {
      config["alpha"] = alpha.count == 1 ? .number(alpha[0]) : .array(alpha.map(JSON.number))
    }
    if gamma != 2 { config["gamma"] = .number(gamma) }
    if fromLogits { config["from_logits"] = true }
    if labelSmoothing != 0 { config["label_smoothing"] = .number(labelSmoothing) }
    return config
  }

  public func objection(to target: Double, width: Int) -> String? {
    alpha.count == 1 || alpha.count == width
      ? nil : "\(alpha.count) numbers alpha but the output has \(width) classes"
  }

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let (width, smoothing, gamma) = (batch.width, S(labelSmoothing), S(gamma))
    for vector in 0..<batch.vectors {
      let output = batch.output + vector * width
      let targets = batch.targets + vector * width
      let gradient = batch.gradient + vector * width
      let logSum = fromLogits ? logSumExp(output, width) : 0
      func given(_ i: Int) -> S { fromLogits ? S.exp(output[i] - logSum) : output[i] }
      var (sum, loss, dot) = (S(0), S(0), S(0))
      for i in 0..<width { sum += given(i) }
      for i in 0..<width {
        let p = given(i) / sum
        let q = clippedProbability(p)
        let y = targets[i] * (1 - smoothing) + smoothing / S(width)
        let weight = S(alpha[alpha.count == 1 ? 0 : i]) * y
        let focus = power(1 - q, gamma)
        loss -= weight * focus * S.log(q)
        gradient[i] =
          passesClip(p) ? weight * (powerSlope(1 - q, gamma) * S.log(q) - focus / q) : 0
        dot += gradient[i] * p
      }
      for i in 0..<width {
        gradient[i] = (gradient[i] - dot) * (fromLogits ? given(i) : 1) / sum
      }
      batch.losses[vector] = loss
    }
  }
}
