import KerasFormat
import KerasRuntime

/// How many outputs are above each threshold, rightly and wrongly: sums of weights.
///
/// Evenly spaced thresholds are met as Keras meets them: in float32, an output belongs to the
/// bucket `ceil(p·(n - 1)) - 1`.
struct ConfusionCounts: Sendable {
  let thresholds: [Float]
  private let isEven: Bool
  /// Whether the ends lie beyond 0 and 1, as an AUC's do.
  private let hasWideEnds: Bool
  /// By label and threshold; all outputs together are one label.
  private(set) var truePositives: [[Double]]
  private(set) var falsePositives: [[Double]]
  private var positives: [Double]
  private var negatives: [Double]

  init(thresholds: [Double], isEven: Bool? = nil, labels: Int = 1) {
    self.thresholds = thresholds.map { Float($0) }
    self.isEven = isEven ?? Self.isEven(thresholds)
    hasWideEnds = (thresholds.first ?? 0) < 0 || (thresholds.last ?? 1) > 1
    let none = [Double](repeating: 0, count: thresholds.count)
    truePositives = Array(repeating: none, count: labels)
    falsePositives = Array(repeating: none, count: labels)
    positives = Array(repeating: 0, count: labels)
    negatives = Array(repeating: 0, count: labels)
  }

  /// Keras's `is_evenly_distributed_thresholds`.
  static func isEven(_ thresholds: [Double]) -> Bool {
    guard thresholds.count >= 3 else { return false }
    let last = Double(thresholds.count - 1)
    return thresholds.enumerated().allSatisfy {
      let even = Double($0) / last
      return abs($1 - even) <= 1e-7 + 1e-5 * abs(even)
    }
  }

  /// All counts, one after another.
  var state: [Double] {
    truePositives.flatMap { $0 } + falsePositives.flatMap { $0 } + positives + negatives
  }

  /// Takes up what ``state`` gave; what is of another length is ignored.
  mutating func restore(_ state: [Double]) {
    let (labels, width) = (positives.count, thresholds.count)
    guard state.count == labels * (2 * width + 2) else { return }
    var rest = state[...]
    func take(_ count: Int) -> [Double] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    truePositives = (0..<labels).map { _ in take(width) }
    falsePositives = (0..<labels).map { _ in take(width) }
    positives = take(labels)
    negatives = take(labels)
  }

  func falseNegatives(_ label: Int, _ i: Int) -> Double {
    positives[label] - truePositives[label][i]
  }
  func trueNegatives(_ label: Int, _ i: Int) -> Double {
    negatives[label] - falsePositives[label][i]
  }

  mutating func reset() {
    self = ConfusionCounts(
      thresholds: thresholds.map(Double.init), isEven: isEven, hasWideEnds: hasWideEnds,
      labels: truePositives.count)
  }

  private init(thresholds: [Double], isEven: Bool, hasWideEnds: Bool, labels: Int) {
    self.thresholds = thresholds.map { Float($0) }
    self.isEven = isEven
    self.hasWideEnds = hasWideEnds
    let none = [Double](repeating: 0, count: thresholds.count)
    truePositives = Array(repeating: none, count: labels)
    falsePositives = Array(repeating: none, count: labels)
    positives = Array(repeating: 0, count: labels)
    negatives = Array(repeating: 0, count: labels)
  }

  /// One output: whether its label is true, and what it counts for.
  mutating func add(_ p: Float, isTrue: Bool, weight: Double, label: Int = 0) {
    if isTrue { positives[label] += weight } else { negatives[label] += weight }
    for i in 0..<above(p) {
      if isTrue { truePositives[label][i] += weight } else { falsePositives[label][i] += weight }
    }
  }

  /// How many of the thresholds, which rise, lie below p.
  private func above(_ p: Float) -> Int {
    guard isEven else { return thresholds.count(where: { p > $0 }) }
    let clipped = min(max(p, 0), 1)
    let bucket = (clipped * Float(thresholds.count - 1)).rounded(.up) - 1
    return Int(hasWideEnds ? max(bucket, 0) : bucket) + 1
  }
}

extension MetricBatch {
  /// Adds all outputs, or those of one class, to `counts`.
  ///
  /// - Parameters:
  ///   - topK: only the k largest outputs of a vector can be above a threshold.
  ///   - classID: the one class that counts.
  ///   - labelWeights: one for each output of a vector.
  ///   - isPerLabel: whether each output of a vector has counts of its own.
  func count(
    into counts: inout ConfusionCounts, of metric: String, topK: Int? = nil, classID: Int? = nil,
    fromLogits: Bool = false, labelWeights: [Double]? = nil, isPerLabel: Bool = false
  ) throws(KerasError) {
    try checkWidths(metric)
    if let classID, classID >= width {
      throw KerasError(
        .invalidArgument, "class_id \(classID) but the output has classes 0…\(width - 1)")
    }
    for vector in 0..<vectors {
      let weight = Double(self.weight(vector, isMasked: generation == .keras2_15))
      let p = output + vector * width
      let kept = topK.map { largest($0, of: p) }
      for i in 0..<width {
        let value = fromLogits ? Float.logistic(p[i]) : p[i]
        if generation == .keras2_15, !(value >= 0 && value <= 1) {
          throw KerasError(
            .invalidData, "an output of \(value) but Keras 2.15's \(metric) takes 0…1")
        }
        if let classID, classID != i { continue }
        let isKept = kept?.contains(i) ?? true
        counts.add(
          isKept ? value : -1e10, isTrue: targets[vector * width + i] != 0,
          weight: weight * (labelWeights?[i] ?? 1), label: isPerLabel ? i : 0)
      }
    }
  }

  /// The positions of the k largest, the first of equal ones.
  private func largest(_ k: Int, of p: UnsafePointer<Float>) -> Set<Int> {
    let order = (0..<width).sorted { p[$0] != p[$1] ? p[$0] > p[$1] : $0 < $1 }
    return Set(order.prefix(k))
  }
}
