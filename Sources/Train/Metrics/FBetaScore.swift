import KerasFormat
import KerasRuntime

/// `(1 + β²)·precision·recall / (β²·precision + recall)` of each class, averaged over the classes.
/// Without a threshold, the largest output of a row is its prediction.
public struct FBetaScore: Metric {
  private let beta: Double
  private let threshold: Float?
  /// `micro`, `macro`, `weighted`, or nil for a number per class.
  private let average: String?
  private var truePositives: [Double] = []
  private var falsePositives: [Double] = []
  private var falseNegatives: [Double] = []
  private var support: [Double] = []
  private var generation = Generation.keras3

  /// - Parameter beta: 1 for an F1 score; `nil` reads it.
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for an unknown `average`, and a
  ///   `threshold` that is not above 0 and up to 1.
  public init(beta: Double?, from config: inout ConfigReader) throws(KerasError) {
    if let beta { self.beta = beta } else { self.beta = try config.number("beta", default: 1) }
    average = config.value("average")?.string
    if let value = config.value("average"), !["micro", "macro", "weighted"].contains(average) {
      throw config.error("average", "\(value.kind) but micro, macro, weighted or null belongs here")
    }
    if let value = config.value("threshold") {
      guard let number = value.number, number > 0, number <= 1 else {
        throw config.error("threshold", "\(value.kind) but a number above 0, up to 1, belongs here")
      }
      threshold = Float(number)
    } else {
      threshold = nil
    }
  }

  public mutating func update(_ batch: MetricBatch) throws(KerasError) {
    try batch.checkWidths("FBetaScore")
    guard !batch.hasSteps else {
      throw KerasError(
        .shapeMismatch, "an output with steps but FBetaScore needs (batch, classes)")
    }
    guard average != nil || batch.width == 1 else {
      throw KerasError(
        .unsupportedConfiguration,
        "an F score for each of \(batch.width) classes, which makes no single number",
        hint: "give it an average: micro, macro or weighted")
    }
    generation = batch.generation
    let width = batch.width
    if support.count != width {
      (truePositives, falsePositives, falseNegatives, support) = zeros(width)
    }
    for vector in 0..<batch.vectors {
      let p = batch.output + vector * width
      let weight = Double(batch.weight(vector, isMasked: generation == .keras2_15))
      let top = p[largest(p, width)]
      for i in 0..<width {
        let isPositive =
          threshold.map { p[i] > $0 }
          ?? (p[i] >= top && abs(p[i]) > (generation == .keras3 ? 1e-9 : 1e-12))
        let y = Double(batch.targets[vector * width + i])
        truePositives[i] += isPositive ? y * weight : 0
        falsePositives[i] += isPositive ? (1 - y) * weight : 0
        falseNegatives[i] += isPositive ? 0 : y * weight
        support[i] += y * weight
      }
    }
  }

  public var state: [Double] {
    get {
      [generation == .keras3 ? 1 : 0] + truePositives + falsePositives + falseNegatives + support
    }
    set {
      guard let first = newValue.first, newValue.count % 4 == 1 else { return reset() }
      generation = first == 1 ? .keras3 : .keras2_15
      let width = newValue.count / 4
      func part(_ index: Int) -> [Double] {
        Array(newValue[(1 + index * width)..<(1 + (index + 1) * width)])
      }
      (truePositives, falsePositives, falseNegatives, support) = (
        part(0), part(1), part(2), part(3)
      )
    }
  }

  public mutating func reset() {
    (truePositives, falsePositives, falseNegatives, support) = zeros(0)
  }

  private func zeros(_ count: Int) -> ([Double], [Double], [Double], [Double]) {
    let none = [Double](repeating: 0, count: count)
    return (none, none, none, none)
  }

  public var result: Double {
    if average == "micro" {
      return score(
        truePositives.reduce(0, +), falsePositives.reduce(0, +), falseNegatives.reduce(0, +))
    }
    let scores = support.indices.map {
      score(truePositives[$0], falsePositives[$0], falseNegatives[$0])
    }
    guard !scores.isEmpty else { return 0 }
    if average == "weighted" {
      return divided(zip(scores, support).reduce(0) { $0 + $1.0 * $1.1 }, support.reduce(0, +))
    }
    return scores.reduce(0, +) / Double(scores.count)
  }

  private func score(_ tp: Double, _ fp: Double, _ fn: Double) -> Double {
    let (precision, recall) = (divided(tp, tp + fp), divided(tp, tp + fn))
    return (1 + beta * beta) * divided(precision * recall, beta * beta * precision + recall)
  }

  /// Keras 3 adds epsilon to what it divides by; 2.15 takes 0 for nothing over nothing.
  private func divided(_ a: Double, _ b: Double) -> Double {
    generation == .keras3 ? a / (b + 1e-7) : quotient(a, b)
  }
}
