import KerasFormat
import KerasRuntime

/// The cross-entropy of one choice among C, targets as class numbers 0…C-1: `-ln p[y]`.
///
/// From the logits wherever Keras 2.15 or 3 recovers them from a softmax; otherwise ln p, clipped
/// to 1e-7 from 0 and 1, takes the logits' place.
public struct SparseCategoricalCrossentropy: Loss {
  public static let className = "SparseCategoricalCrossentropy"
  /// Whether outputs are logits instead of probabilities.
  public let fromLogits: Bool
  /// A class number that says a vector does not count at all.
  public let ignoreClass: Int?

  /// With Keras's defaults: outputs are probabilities, and every class counts.
  public init(fromLogits: Bool = false, ignoreClass: Int? = nil) {
    self.fromLogits = fromLogits
    self.ignoreClass = ignoreClass
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    fromLogits = try config.bool("from_logits", default: false)
    ignoreClass = try config.optionalInteger("ignore_class")
    try config.lastAxis()
  }

  public var config: JSONObject {
    var config: JSONObject = [:]
    if fromLogits { config["from_logits"] = true }
    if let ignoreClass { config["ignore_class"] = .integer(ignoreClass) }
    return config
  }

  public func objection(to target: Double, width: Int) -> String? {
    if let ignoreClass, target == Double(ignoreClass) { return nil }
    let fits = target >= 0 && target < Double(width) && target == target.rounded()
    return fits ? nil : "label \(shortest(target)) but the model has classes 0…\(width - 1)"
  }

  public func targetWidth(for outputWidth: Int) -> Int { 1 }

  public func usesLogits(_ generation: Generation) -> Bool {
    fromLogits || generation >= .keras2_15
  }

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let (width, areLogits) = (batch.width, batch.isLogits || fromLogits)
    for vector in 0..<batch.vectors {
      let output = batch.output + vector * width
      let gradient = batch.gradient + vector * width
      if let ignoreClass, batch.targets[vector] == S(ignoreClass) {
        batch.ignored[vector] = true
        batch.losses[vector] = 0
        gradient.update(repeating: 0, count: width)
        continue
      }
      let label = Int(batch.targets[vector])
      // The gradient array holds the logits until they are no longer needed.
      for i in 0..<width {
        gradient[i] = areLogits ? output[i] : S.log(clippedProbability(output[i]))
      }
      let logSum = logSumExp(gradient, width)
      batch.losses[vector] = logSum - gradient[label]
      for i in 0..<width {
        let slope = S.exp(gradient[i] - logSum) - (i == label ? 1 : 0)
        gradient[i] = areLogits ? slope : passesClip(output[i]) ? slope / output[i] : 0
      }
    }
  }
}
