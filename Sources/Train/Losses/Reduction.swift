import KerasFormat
import KerasRuntime

/// How the losses of a batch's vectors become one number: Keras's `reduction`.
public enum Reduction: String, Sendable {
  /// The mean over the vectors that count.
  case sumOverBatchSize = "sum_over_batch_size"
  /// The sum over the vectors that count.
  case sum
  /// No reduction: `fit` follows the gradient of the sum and reports the mean.
  case none
  /// The weighted mean, divided by the sum of the weights (Keras 3).
  case meanWithSampleWeight = "mean_with_sample_weight"

  init(from config: inout ConfigReader, generation: Generation) throws(KerasError) {
    let isNull = config.hasKey("reduction") && config.value("reduction") == nil
    let name = isNull ? "none" : try config.string("reduction", default: "sum_over_batch_size")
    let known =
      generation == .keras3
      ? ["sum_over_batch_size", "sum", "none", "mean", "mean_with_sample_weight"]
      : ["auto", "sum_over_batch_size", "sum", "none"]
    guard known.contains(name) else {
      throw config.error(
        "reduction",
        "'\(name)' but it is \(known.dropLast().joined(separator: ", ")) or "
          + (known.last ?? ""))
    }
    self = Reduction(rawValue: name) ?? .sumOverBatchSize
  }
}

/// What each vector's loss counts for in its batch's.
struct VectorShares<S: Scalar> {
  /// `[vectors]`: the batch's loss is the sum of vectors' losses times these.
  let shares: UnsafeMutablePointer<S>
  /// What the sum is divided by to be reported.
  let divisor: S

  /// - Parameters:
  ///   - counts: whether a vector is not masked; `nil` where there is no mask.
  ///   - weights: `[vectors]`, `nil` for all 1.
  init(
    vectors: Int, counts: UnsafePointer<Bool>?, weights: UnsafePointer<S>?,
    reduction: Reduction, generation: Generation, _ workspace: inout Workspace
  ) {
    shares = workspace.scratch(S.self, count: vectors)
    var (counted, total, used) = (0, S(0), 0)
    for i in 0..<vectors {
      let isCounted = counts?[i] ?? true
      let weight = weights?[i] ?? 1
      shares[i] = isCounted ? weight : 0
      counted += isCounted ? 1 : 0
      used += weight != 0 ? 1 : 0
      total += shares[i]
    }
    var scale: S
    switch reduction {
    case .sum, .none: scale = 1
    case .meanWithSampleWeight:
      scale = weights == nil && counts == nil ? 1 / S(vectors) : total == 0 ? 0 : 1 / total
    case .sumOverBatchSize:
      // Keras 3 divides by no vectors without harm; the others get 0/0.
      scale = counted == 0 && generation == .keras3 ? 0 : 1 / S(counted)
    }
    // Keras 1 and 2.2 leave weights of zero out of the mean.
    if generation <= .keras2 { scale *= S(vectors) / S(used) }
    for i in 0..<vectors { shares[i] *= scale }
    divisor = reduction == .none ? S(vectors) : 1
  }

  /// The number reported for these losses.
  func reported(_ losses: UnsafePointer<S>, vectors: Int) -> Double {
    var sum: S = 0
    for i in 0..<vectors { sum += losses[i] * shares[i] }
    return Double(sum / divisor)
  }
}
