import KerasFormat
import KerasRuntime

/// The share of the targets' variance that the outputs explain: `1 - Σ(y - p)² / Σ(y - ȳ)²`,
/// averaged over the outputs of a row.
public struct R2Score: Metric {
  private let isVarianceWeighted: Bool
  private let regressors: Double
  private var sums: [Double] = []
  private var squares: [Double] = []
  private var residuals: [Double] = []
  private var counts: [Double] = []
  private var samples = 0.0

  /// From Keras's config: `class_aggregation`, the plain mean by default, and `num_regressors`, 0.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for an aggregation that does not make
  ///   one number.
  public init(from config: inout ConfigReader) throws(KerasError) {
    let hasKey = config.hasKey("class_aggregation")
    let aggregation = config.value("class_aggregation")?.string
    guard
      !hasKey || ["uniform_average", "variance_weighted_average"].contains(aggregation)
    else {
      throw config.error(
        "class_aggregation",
        "\(aggregation ?? "null") but uniform_average or variance_weighted_average, which make one "
          + "number, is supported")
    }
    isVarianceWeighted = aggregation == "variance_weighted_average"
    regressors = Double(try config.integer("num_regressors", default: 0))
  }

  public mutating func update(_ batch: MetricBatch) throws(KerasError) {
    try batch.checkWidths("R2Score")
    guard !batch.hasSteps else {
      throw KerasError(.shapeMismatch, "an output with steps but R2Score needs (batch, outputs)")
    }
    let width = batch.width
    if counts.count != width {
      let none = [Double](repeating: 0, count: width)
      (sums, squares, residuals, counts) = (none, none, none, none)
    }
    for vector in 0..<batch.vectors {
      let weight = Double(batch.weight(vector, isMasked: batch.generation == .keras2_15))
      for i in 0..<width {
        let y = Double(batch.targets[vector * width + i])
        let difference = y - Double(batch.output[vector * width + i])
        sums[i] += y * weight
        squares[i] += y * y * weight
        residuals[i] += difference * difference * weight
        counts[i] += weight
      }
    }
    samples += Double(batch.vectors * width)
  }

  public mutating func reset() { (sums, squares, residuals, counts, samples) = ([], [], [], [], 0) }

  public var state: [Double] {
    get { [samples] + sums + squares + residuals + counts }
    set {
      guard let first = newValue.first, newValue.count % 4 == 1 else { return reset() }
      samples = first
      let width = newValue.count / 4
      func part(_ index: Int) -> [Double] {
        Array(newValue[(1 + index * width)..<(1 + (index + 1) * width)])
      }
      (sums, squares, residuals, counts) = (part(0), part(1), part(2), part(3))
    }
  }

  public var result: Double {
    let totals = counts.indices.map { squares[$0] - sums[$0] * (sums[$0] / counts[$0]) }
    let scores = counts.indices.map { (i: Int) -> Double in
      let score = 1 - residuals[i] / totals[i]
      return score.isInfinite ? 0 : score
    }
    guard !scores.isEmpty else { return 0 }
    let score =
      isVarianceWeighted
      ? zip(scores, totals).reduce(0) { $0 + $1.0 * $1.1 } / totals.reduce(0, +)
      : scores.reduce(0, +) / Double(scores.count)
    guard regressors != 0, regressors < samples - 1 else { return score }
    return 1 - (1 - score) * (samples - 1) / (samples - regressors - 1)
  }
}
