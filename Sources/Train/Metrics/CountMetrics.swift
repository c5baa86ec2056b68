import KerasFormat
import KerasRuntime

/// A metric that is worked out from counts at the end.
protocol CountingMetric: Metric {
  var counts: ConfusionCounts { get set }
}

extension CountingMetric {
  public mutating func reset() { counts.reset() }

  public var state: [Double] {
    get { counts.state }
    set { counts.restore(newValue) }
  }
}

/// Precision, recall and the plain counts: Keras's metrics of what lies above one threshold.
public struct CountMetric: CountingMetric {
  public enum Kind: String, Sendable, CaseIterable {
    case precision = "Precision"
    case recall = "Recall"
    case truePositives = "TruePositives"
    case falsePositives = "FalsePositives"
    case trueNegatives = "TrueNegatives"
    case falseNegatives = "FalseNegatives"
  }

  public let kind: Kind
  private let topK: Int?
  private let classID: Int?
  var counts: ConfusionCounts

  public init(_ kind: Kind, from config: inout ConfigReader) throws(KerasError) {
    self.kind = kind
    let isQuotient = kind == .precision || kind == .recall
    topK = isQuotient ? try config.optionalInteger("top_k") : nil
    classID = isQuotient ? try config.optionalInteger("class_id") : nil
    var threshold = topK == nil ? 0.5 : -1e10
    if let value = config.value("thresholds") {
      let list = value.array ?? [value]
      guard list.count == 1, let number = list[0].number else {
        throw config.error(
          "thresholds", "\(value.kind) but one threshold, which makes one number, is supported")
      }
      guard number >= 0 && number <= 1 else {
        throw config.error("thresholds", "\(number) but a threshold is within 0…1")
      }
      threshold = number
    }
    counts = ConfusionCounts(thresholds: [threshold])
  }

  public mutating func update(_ batch: MetricBatch) throws(KerasError) {
    try batch.count(into: &counts, of: kind.rawValue, topK: topK, classID: classID)
  }

  public var result: Double {
    let (tp, fp) = (counts.truePositives[0][0], counts.falsePositives[0][0])
    let fn = counts.falseNegatives(0, 0)
    return switch kind {
    case .precision: quotient(tp, tp + fp)
    case .recall: quotient(tp, tp + fn)
    case .truePositives: tp
    case .falsePositives: fp
    case .trueNegatives: counts.trueNegatives(0, 0)
    case .falseNegatives: fn
    }
  }
}

/// The best of one measure at thresholds where another is good enough: `SensitivityAtSpecificity`,
/// `SpecificityAtSensitivity`, `PrecisionAtRecall`, `RecallAtPrecision`.
public struct ConstrainedMetric: CountingMetric {
  public enum Kind: String, Sendable, CaseIterable {
    case sensitivityAtSpecificity = "SensitivityAtSpecificity"
    case specificityAtSensitivity = "SpecificityAtSensitivity"
    case precisionAtRecall = "PrecisionAtRecall"
    case recallAtPrecision = "RecallAtPrecision"

    /// The setting's key.
    var constraint: String {
      switch self {
      case .sensitivityAtSpecificity: "specificity"
      case .specificityAtSensitivity: "sensitivity"
      case .precisionAtRecall: "recall"
      case .recallAtPrecision: "precision"
      }
    }
  }

  public let kind: Kind
  private let limit: Float
  private let classID: Int?
  var counts: ConfusionCounts

  public init(_ kind: Kind, from config: inout ConfigReader) throws(KerasError) {
    self.kind = kind
    guard let limit = config.value(kind.constraint)?.number, limit >= 0, limit <= 1 else {
      throw config.error(kind.constraint, "a number within 0…1 belongs here")
    }
    self.limit = Float(limit)
    classID = try config.optionalInteger("class_id")
    let count = try config.integer("num_thresholds", default: 200)
    guard count > 0 && count <= 1 << 20 else {
      throw config.error("num_thresholds", "\(count) but it is positive and at most 2^20")
    }
    let last = Double(count - 1)
    counts =
      count == 1
      ? ConfusionCounts(thresholds: [0.5])
      : ConfusionCounts(thresholds: (0..<count).map { Double($0) / last }, isEven: true)
  }

  public mutating func update(_ batch: MetricBatch) throws(KerasError) {
    try batch.count(into: &counts, of: kind.rawValue, classID: classID)
  }

  public var result: Double {
    var best: Float = 0
    for i in counts.thresholds.indices {
      let (tp, fp) = (counts.truePositives[0][i], counts.falsePositives[0][i])
      let sensitivity = Float(quotient(tp, tp + counts.falseNegatives(0, i)))
      let tn = counts.trueNegatives(0, i)
      let specificity = Float(quotient(tn, tn + fp))
      let precision = Float(quotient(tp, tp + fp))
      let (constrained, wanted) =
        switch kind {
        case .sensitivityAtSpecificity: (specificity, sensitivity)
        case .specificityAtSensitivity: (sensitivity, specificity)
        case .precisionAtRecall: (sensitivity, precision)
        case .recallAtPrecision: (precision, sensitivity)
        }
      if constrained >= limit { best = max(best, wanted) }
    }
    return Double(best)
  }
}
