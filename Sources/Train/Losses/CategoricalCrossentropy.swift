import KerasFormat
import KerasRuntime

/// The cross-entropy of one choice among C, targets one-hot (or any distribution): `-Σ y·ln p`.
///
/// Keras 2.15 and 3 compute it from the logits wherever the output comes straight from a softmax.
/// Otherwise p is divided by its sum and clipped to 1e-7 from 0 and 1.
public struct CategoricalCrossentropy: Loss {
  public static let className = "CategoricalCrossentropy"
  /// Whether outputs are logits instead of probabilities.
  public let fromLogits: Bool
  /// s: targets become y·(1 - s) + s/C.
  public let labelSmoothing: Double

  /// With Keras's defaults: outputs are probabilities, labels stay as they are.
  public init(fromLogits: Bool = false, labelSmoothing: Double = 0) {
    self.fromLogits = fromLogits
    self.labelSmoothing = labelSmoothing
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    fromLogits = try config.bool("from_logits", default: false)
    labelSmoothing = try config.share("label_smoothing")
    try config.lastAxis()
  }

  public var config: JSONObject {
    var config: JSONObject = [:]
    if fromLogits { config["from_logits"] = true }
    if labelSmoothing != 0 { config["label_smoothing"] = .number(labelSmoothing) }
    return config
  }

  public func usesLogits(_ generation: Generation) -> Bool {
    fromLogits || generation >= .keras2_15
  }

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let (width, smoothing) = (batch.width, S(labelSmoothing))
    for vector in 0..<batch.vectors {
      let output = batch.output + vector * width
      let targets = batch.targets + vector * width
      let gradient = batch.gradient + vector * width
      func target(_ i: Int) -> S { targets[i] * (1 - smoothing) + smoothing / S(width) }
      var loss: S = 0
      if batch.isLogits || fromLogits {
        let logSum = logSumExp(output, width)
        var total: S = 0
        for i in 0..<width {
          loss -= target(i) * (output[i] - logSum)
          total += target(i)
        }
        for i in 0..<width { gradient[i] = total * S.exp(output[i] - logSum) - target(i) }
      } else {
        var sum: S = 0
        for i in 0..<width { sum += output[i] }
        var dot: S = 0
        for i in 0..<width {
          let p = output[i] / sum
          loss -= target(i) * S.log(clippedProbability(p))
          gradient[i] = passesClip(p) ? -target(i) / p : 0
          dot += gradient[i] * p
        }
        for i in 0..<width { gradient[i] = (gradient[i] - dot) / sum }
      }
      batch.losses[vector] = loss
    }
  }
}

/// ln Σ eˣ without overflow.
@inline(__always)
func logSumExp<S: Scalar>(_ x: UnsafePointer<S>, _ count: Int) -> S {
  var largest = x[0]
  for i in 1..<max(1, count) { largest = max(largest, x[i]) }
  var sum: S = 0
  for i in 0..<count { sum += S.exp(x[i] - largest) }
  return largest + S.log(sum)
}
