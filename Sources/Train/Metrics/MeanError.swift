import KerasRuntime

/// The mean distance of outputs from targets: `|p - y|` or `(p - y)²`, averaged over the last axis and
/// then over the vectors that count.
public struct MeanError: Metric {
  public enum Form: Sendable { case absolute, squared }

  public let form: Form
  public let name: String
  private var sum = 0.0
  private var total = 0.0

  public init(_ form: Form, name: String) {
    self.form = form
    self.name = name
  }

  public var result: Double { total > 0 ? sum / total : 0 }

  public mutating func reset() { (sum, total) = (0, 0) }

  public var state: [Double] {
    get { [sum, total] }
    set { if newValue.count == 2 { (sum, total) = (newValue[0], newValue[1]) } }
  }

  public mutating func update(_ batch: MetricBatch) {
    for vector in 0..<batch.vectors where batch.mask?[vector] ?? true {
      var distance = 0.0
      for i in 0..<batch.width {
        // A class number stands for every output, as Keras broadcasts it.
        let target = batch.targets[vector * batch.targetWidth + i % batch.targetWidth]
        let difference = Double(batch.output[vector * batch.width + i] - target)
        distance += form == .absolute ? abs(difference) : difference * difference
      }
      sum += distance / Double(batch.width)
      total += 1
    }
  }
}
