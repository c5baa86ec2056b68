import KerasRuntime

/// The share of predictions that are right, in Keras's three forms.
public struct Accuracy: Metric {
  public enum Form: Sendable {
    /// p > 0.5 agrees with the label, each output by itself. p = 0.5 counts as 0.
    case binary
    /// The largest output is where the largest target is.
    case categorical
    /// The largest output is the target's class.
    case sparseCategorical
  }

  public let form: Form
  public let name: String
  private var correct = 0.0
  private var total = 0.0

  public init(_ form: Form, name: String = "accuracy") {
    self.form = form
    self.name = name
  }

  public var result: Double { total > 0 ? correct / total : 0 }

  public mutating func reset() { (correct, total) = (0, 0) }

  public var state: [Double] {
    get { [correct, total] }
    set { if newValue.count == 2 { (correct, total) = (newValue[0], newValue[1]) } }
  }

  public mutating func update(_ batch: MetricBatch) {
    for vector in 0..<batch.vectors where batch.mask?[vector] ?? true {
      let output = batch.output + vector * batch.width
      let target = batch.targets + vector * batch.targetWidth
      switch form {
      case .binary:
        var hits = 0
        for i in 0..<batch.width where (output[i] > 0.5 ? 1 : 0) == target[i] { hits += 1 }
        correct += Double(hits) / Double(batch.width)
      case .categorical:
        if largest(output, batch.width) == largest(target, batch.targetWidth) { correct += 1 }
      case .sparseCategorical:
        if Float(largest(output, batch.width)) == target[0] { correct += 1 }
      }
      total += 1
    }
  }

  /// The first position of the largest number.
  private func largest(_ values: UnsafePointer<Float>, _ count: Int) -> Int {
    var best = 0
    for i in 1..<max(1, count) where values[i] > values[best] { best = i }
    return best
  }
}
