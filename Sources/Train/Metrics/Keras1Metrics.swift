import KerasFormat
import KerasRuntime

/// The metrics that only Keras 1 has, each a number of one batch, averaged over the batches:
/// precision, recall, their F1 score and the Matthews correlation. Outputs and targets are kept
/// within 0…1 and rounded.
struct Keras1Metric: Metric {
  enum Kind: String, CaseIterable {
    case precision, recall, fmeasure
    case fbeta = "fbeta_score"
    case matthews = "matthews_correlation"
  }

  let kind: Kind
  private var sum = 0.0
  private var rows = 0

  init(_ kind: Kind) { self.kind = kind }

  var result: Double { rows > 0 ? sum / Double(rows) : 0 }

  mutating func reset() { (sum, rows) = (0, 0) }

  var state: [Double] {
    get { [sum, Double(rows)] }
    set { if newValue.count == 2 { (sum, rows) = (newValue[0], Int(newValue[1])) } }
  }

  mutating func update(_ batch: MetricBatch) throws(KerasError) {
    try batch.checkWidths(kind.rawValue)
    var (both, predicted, possible, neither, wrong, missed) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for i in 0..<batch.vectors * batch.width {
      let p = Self.rounded(batch.output[i])
      let y = Self.rounded(batch.targets[i])
      let product = Self.rounded(batch.output[i] * batch.targets[i])
      both += kind == .matthews ? y * p : product
      predicted += p
      possible += y
      neither += (1 - y) * (1 - p)
      wrong += (1 - y) * p
      missed += y * (1 - p)
    }
    let epsilon = 1e-7
    let precision = both / (predicted + epsilon)
    let recall = both / (possible + epsilon)
    let value =
      switch kind {
      case .precision: precision
      case .recall: recall
      case .fmeasure, .fbeta: 2 * precision * recall / (precision + recall + epsilon)
      case .matthews:
        (both * neither - wrong * missed)
          / (((both + wrong) * (both + missed) * (neither + wrong) * (neither + missed))
            .squareRoot() + epsilon)
      }
    sum += value * Double(batch.rows)
    rows += batch.rows
  }

  private static func rounded(_ value: Float) -> Double {
    Double(min(max(value, 0), 1).rounded(.toNearestOrEven))
  }
}
