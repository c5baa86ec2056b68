import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The area under the receiver operating characteristic, or under the curve of precision over
/// recall, summed up between `num_thresholds` thresholds as Keras does.
public struct AUC: Metric {
  private enum Curve: String {
    case roc = "ROC"
    case pr = "PR"
    case prGain = "PRGAIN"
  }
  private enum Summation: String { case interpolation, minoring, majoring }

  private let curve: Curve
  private let summation: Summation
  private let isMultiLabel: Bool
  private let labelWeights: [Double]?
  private let fromLogits: Bool
  private let thresholds: [Double]
  private let isEven: Bool
  private var counts: ConfusionCounts?

  /// From Keras's config: `curve`, ROC by default, `summation_method`, interpolation,
  /// `num_thresholds`, 200, or `thresholds` themselves, `multi_label`, `label_weights`,
  /// `from_logits`.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for another curve or summation, and
  ///   thresholds that are outside of 0…1 or not 2…2²⁰.
  public init(from config: inout ConfigReader) throws(KerasError) {
    let name = try config.string("curve", default: "ROC").uppercased()
    guard let curve = Curve(rawValue: name) else {
      throw config.error("curve", "'\(name)' but ROC, PR or PRGAIN belongs here")
    }
    self.curve = curve
    let method = try config.string("summation_method", default: "interpolation").lowercased()
    guard let summation = Summation(rawValue: method) else {
      throw config.error(
        "summation_method", "'\(method)' but interpolation, minoring or majoring belongs here")
    }
    self.summation = summation
    isMultiLabel = try config.bool("multi_label", default: false)
    fromLogits = try config.bool("from_logits", default: false)
    config.ignore("num_labels")
    labelWeights = try Self.numbers("label_weights", in: &config)
    let count = try config.integer("num_thresholds", default: 200)
    guard count > 1 && count <= 1 << 20 else {
      throw config.error("num_thresholds", "\(count) but it is 2 or more and at most 2^20")
    }
    let given = try Self.numbers("thresholds", in: &config)
    let inner = given?.sorted() ?? (0..<count - 2).map { Double($0 + 1) / Double(count - 1) }
    guard inner.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw config.error("thresholds", "a threshold outside 0…1")
    }
    isEven = given == nil || ConfusionCounts.isEven([0] + inner + [1])
    thresholds = [-1e-7] + inner + [1 + 1e-7]
  }

  private static func numbers(
    _ key: String, in config: inout ConfigReader
  ) throws(KerasError) -> [Double]? {
    guard let value = config.value(key) else { return nil }
    let numbers = value.array?.compactMap(\.number)
    guard let numbers, numbers.count == value.array?.count else {
      throw config.error(key, "\(value.kind) but a list of numbers belongs here")
    }
    return numbers
  }

  public mutating func update(_ batch: MetricBatch) throws(KerasError) {
    if isMultiLabel, batch.hasSteps {
      throw KerasError(
        .shapeMismatch, "an output with steps but a multi_label AUC needs (batch, labels)")
    }
    if let labelWeights, labelWeights.count != batch.width {
      throw KerasError(
        .invalidArgument,
        "\(labelWeights.count) label_weights but the output has \(batch.width) labels")
    }
    var counts =
      self.counts
      ?? ConfusionCounts(
        thresholds: thresholds, isEven: isEven, labels: isMultiLabel ? batch.width : 1)
    try batch.count(
      into: &counts, of: "AUC", fromLogits: fromLogits,
      labelWeights: isMultiLabel ? nil : labelWeights, isPerLabel: isMultiLabel)
    self.counts = counts
  }

  public mutating func reset() { counts = nil }

  public var state: [Double] {
    get { counts?.state ?? [] }
    set {
      counts = nil
      let labels = newValue.count / (2 * thresholds.count + 2)
      guard labels > 0 else { return }
      var restored = ConfusionCounts(thresholds: thresholds, isEven: isEven, labels: labels)
      restored.restore(newValue)
      counts = restored
    }
  }

  public var result: Double {
    guard let counts else { return 0 }
    let areas = counts.truePositives.indices.map { area(counts, $0) }
    guard isMultiLabel, let weights = labelWeights else {
      return areas.reduce(0, +) / Double(areas.count)
    }
    return quotient(zip(areas, weights).reduce(0) { $0 + $1.0 * $1.1 }, weights.reduce(0, +))
  }

  private func area(_ counts: ConfusionCounts, _ label: Int) -> Double {
    if curve == .pr && summation == .interpolation { return interpolatedArea(counts, label) }
    let points = counts.thresholds.indices.map { point(counts, label, $0) }
    var sum = 0.0
    for (a, b) in zip(points, points.dropFirst()) {
      let height =
        switch summation {
        case .interpolation: (a.y + b.y) / 2
        case .minoring: min(a.y, b.y)
        case .majoring: max(a.y, b.y)
        }
      sum += (a.x - b.x) * height
    }
    return sum
  }

  private func point(_ counts: ConfusionCounts, _ label: Int, _ i: Int) -> (x: Double, y: Double) {
    let (tp, fp) = (counts.truePositives[label][i], counts.falsePositives[label][i])
    let (tn, fn) = (counts.trueNegatives(label, i), counts.falseNegatives(label, i))
    let recall = quotient(tp, tp + fn)
    switch curve {
    case .roc: return (quotient(fp, fp + tn), recall)
    case .pr: return (recall, quotient(tp, tp + fp))
    case .prGain:
      let scale = quotient(tp + fn, tn + fp)
      guard tp != 0 else { return (0, 1) }
      return (max(0, 1 - scale * fn / tp), 1 - scale * fp / tp)
    }
  }

  /// Davis & Goadrich 2006: between two points the true positives are linear in the false ones.
  private func interpolatedArea(_ counts: ConfusionCounts, _ label: Int) -> Double {
    let (tp, fp) = (counts.truePositives[label], counts.falsePositives[label])
    var sum = 0.0
    for i in 0..<max(0, tp.count - 1) {
      let change = tp[i] - tp[i + 1]
      let (before, after) = (tp[i] + fp[i], tp[i + 1] + fp[i + 1])
      let slope = quotient(change, max(before - after, 0))
      let intercept = tp[i + 1] - slope * after
      let ratio = before > 0 && after > 0 ? before / after : 1
      sum += quotient(
        slope * (change + intercept * log(ratio)),
        max(tp[i + 1] + counts.falseNegatives(label, i + 1), 0))
    }
    return sum
  }
}
