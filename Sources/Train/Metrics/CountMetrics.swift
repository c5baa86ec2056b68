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
  /// What is counted, by Keras's class.
  public enum Kind: String, Sendable, CaseIterable {
    /// TP / (TP + FP)
    case precision = "Precision"
    /// TP / (TP + FN)
    case recall = "Recall"
    /// Above the threshold, and labelled so.
    case truePositives = "TruePositives"
    /// Above the threshold, but not labelled so.
    case falsePositives = "FalsePositives"
    /// Not above the threshold, nor labelled so.
    case trueNegatives = "TrueNegatives"
    /// Not above the threshold, but labelled so.
    case falseNegatives = "FalseNegatives"
  }

  /// What is counted here.
  public let kind: Kind
  private let topK: Int?
  private let classID: Int?
  var counts: ConfusionCounts

  /// From Keras's config: `thresholds`, 0.5 by default, and for quotients `top_k` and `class_id`.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for more than one threshold, or one
  ///   outside of 0…1.
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
  /// What is best, and what must be good enough, by Keras's class.
  public enum Kind: String, Sendable, CaseIterable {
    /// The largest TP / (TP + FN) where TN / (TN + FP) is large enough.
    case sensitivityAtSpecificity = "SensitivityAtSpecificity"
    /// The largest TN / (TN + FP) where TP / (TP + FN) is large enough.
    case specificityAtSensitivity = "SpecificityAtSensitivity"
    /// The largest TP / (TP + FP) where TP / (TP + FN) is large enough.
    case precisionAtRecall = "PrecisionAtRecall"
    /// The largest TP / (TP + FN) where TP / (TP + FP) is large enough.
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

  /// What is measured here.
  public let kind: Kind
  private let limit: Float
  private let classID: Int?
  var counts: ConfusionCounts

  /// From Keras's config: what is good enough, by its own name, `num_thresholds`, 200 by default,
  /// and `class_id`.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` where what is good enough is missing or
  ///   outside of 0…1, or the thresholds are not 1…2²⁰.
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
