import KerasFormat
import KerasRuntime

/// Whether predictions are right, in Keras's forms: a share for each vector.
public struct Accuracy: VectorMeasure {
  /// What makes a prediction right.
  public enum Form: Sendable, Equatable {
    /// Whether p is above the threshold agrees with the label, each output by itself; p at the
    /// threshold is not above it. Keras 1 and 2.2 compare the rounded p.
    case binary(threshold: Float)
    /// The largest output is where the largest target is.
    case categorical
    /// The largest output is the target's class.
    case sparseCategorical
    /// Fewer than k outputs are larger than that where the largest target is.
    case topK(Int)
    /// The same for the target's class.
    case sparseTopK(Int)
    /// The output is the target.
    case equal
  }

  /// What makes a prediction right here.
  public let form: Form

  /// In one of its forms.
  public init(_ form: Form) { self.form = form }

  public func measure(
    _ batch: MetricBatch, into values: UnsafeMutablePointer<Float>,
    ignored: UnsafeMutablePointer<Bool>
  ) throws(KerasError) {
    try check(batch)
    for vector in 0..<batch.vectors {
      let output = batch.output + vector * batch.width
      let target = batch.targets + vector * batch.targetWidth
      switch form {
      case .binary, .equal:
        var hits = 0
        for i in 0..<batch.width where isHit(output[i], batch.target(vector, i), batch.generation) {
          hits += 1
        }
        values[vector] = Float(hits) / Float(batch.width)
      case .categorical:
        let isRight = largest(output, batch.width) == largest(target, batch.targetWidth)
        values[vector] = isRight ? 1 : 0
      case .sparseCategorical:
        let label = target[largest(target, batch.targetWidth)]
        values[vector] = Float(largest(output, batch.width)) == label ? 1 : 0
      case .topK(let k):
        let label = largest(target, batch.targetWidth)
        values[vector] = isAmong(k, output, batch.width, label) ? 1 : 0
      case .sparseTopK(let k):
        values[vector] = isAmong(k, output, batch.width, Int(target[0])) ? 1 : 0
      }
    }
  }

  private func isHit(_ p: Float, _ y: Float, _ generation: Generation) -> Bool {
    guard case .binary(let threshold) = form else { return p == y }
    if generation <= .keras2 { return p.rounded(.toNearestOrEven) == y }
    return (p > threshold ? 1 : 0) == y
  }

  private func isAmong(_ k: Int, _ p: UnsafePointer<Float>, _ width: Int, _ label: Int) -> Bool {
    guard (0..<width).contains(label) else { return false }
    return (0..<width).count(where: { p[$0] > p[label] }) < k
  }

  /// What Keras refuses too.
  private func check(_ batch: MetricBatch) throws(KerasError) {
    let isSparse: Bool
    let isTop: Bool
    switch form {
    case .binary, .categorical, .equal: return
    case .sparseCategorical: (isSparse, isTop) = (true, false)
    case .topK: (isSparse, isTop) = (false, true)
    case .sparseTopK: (isSparse, isTop) = (true, true)
    }
    if batch.hasSteps, isTop && batch.generation <= .keras2 || batch.generation == .keras2 {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras \(batch.generation.rawValue) computes this metric for outputs without steps alone")
    }
    if isSparse, batch.targetWidth != 1, batch.generation != .keras1 {
      throw KerasError(
        .shapeMismatch, "targets of width \(batch.targetWidth) but this metric needs class numbers")
    }
  }
}
