import KerasFormat
import KerasRuntime

/// A number for each vector of an output: each row, or each step of each row.
public protocol VectorMeasure: Sendable {
  /// Writes one number for each vector to `values`, and `true` to `ignored` where one does not
  /// count.
  ///
  /// - Throws: ``KerasError/Code/shapeMismatch`` for targets of another width than it needs,
  ///   ``KerasError/Code/unsupportedConfiguration`` for steps where its generation measures rows
  ///   alone.
  func measure(
    _ batch: MetricBatch, into values: UnsafeMutablePointer<Float>,
    ignored: UnsafeMutablePointer<Bool>
  ) throws(KerasError)
}

/// The mean of a measure over the vectors that count.
///
/// Keras 1 and 2.2 take the mean over each batch and then over the batches, weighted by their rows;
/// Keras 2.15 and 3 one mean over all vectors.
public struct MeanMetric: Metric {
  /// What the mean is of.
  public let measure: any VectorMeasure
  /// Whether the result is the root of the mean; Keras 3 then looks at no mask.
  private let isRoot: Bool
  private var sum = 0.0
  private var total = 0.0

  /// By default the mean itself, not its root.
  public init(_ measure: any VectorMeasure, isRoot: Bool = false) {
    self.measure = measure
    self.isRoot = isRoot
  }

  public var result: Double {
    let mean = total != 0 ? sum / total : 0
    return isRoot ? mean.squareRoot() : mean
  }

  public mutating func reset() { (sum, total) = (0, 0) }

  public var state: [Double] {
    get { [sum, total] }
    set { if newValue.count == 2 { (sum, total) = (newValue[0], newValue[1]) } }
  }

  public mutating func update(_ batch: MetricBatch) throws(KerasError) {
    var workspace = Workspace()
    let values = workspace.scratch(Float.self, count: batch.vectors)
    let ignored = workspace.zeros(Bool.self, count: batch.vectors)
    try measure.measure(batch, into: values, ignored: ignored)
    guard batch.generation >= .keras2_15 else {
      // Keras 1's metrics know neither masks nor weights.
      let shares = VectorShares(
        vectors: batch.vectors, counts: batch.generation == .keras1 ? nil : batch.mask,
        weights: batch.weights, reduction: .sumOverBatchSize, generation: batch.generation,
        &workspace)
      sum += shares.reported(values, vectors: batch.vectors) * Double(batch.rows)
      total += Double(batch.rows)
      return
    }
    let isMasked = !isRoot || batch.generation == .keras2_15
    // Keras 3 drops what the measure ignores only where there are weights to drop it from.
    let isWeighted = batch.weights != nil || batch.mask != nil
    let drops = batch.generation == .keras2_15 || isWeighted
    for vector in 0..<batch.vectors where !(drops && ignored[vector]) {
      let weight = Double(batch.weight(vector, isMasked: isMasked))
      if weight == 0 { continue }
      sum += Double(values[vector]) * weight
      total += weight
    }
  }
}

/// A loss as a measure.
struct LossMeasure: VectorMeasure {
  let loss: any Loss
  /// -1 for similarities, which as metrics grow with what is alike.
  var sign: Float = 1

  func measure(
    _ batch: MetricBatch, into values: UnsafeMutablePointer<Float>,
    ignored: UnsafeMutablePointer<Bool>
  ) throws(KerasError) {
    let width = batch.width
    var workspace = Workspace()
    var targets = batch.targets
    let wanted = loss.targetWidth(for: width)
    if batch.targetWidth != wanted {
      guard batch.targetWidth == 1 else {
        throw KerasError(
          .shapeMismatch,
          "targets of width \(batch.targetWidth) but the metric \(loss.name) needs \(wanted)")
      }
      // A class number stands for every output, as NumPy broadcasts it.
      let repeated = workspace.scratch(Float.self, count: batch.vectors * width)
      for i in 0..<batch.vectors * width { repeated[i] = batch.targets[i / width] }
      targets = UnsafePointer(repeated)
    }
    let logits = loss.usesLogits(batch.generation) ? batch.logits : nil
    loss.evaluate(
      LossBatch(
        output: logits ?? batch.output, isLogits: logits != nil, targets: targets,
        vectors: batch.vectors, width: width, generation: batch.generation, losses: values,
        gradient: workspace.scratch(Float.self, count: batch.vectors * width), ignored: ignored))
    if sign != 1 { for i in 0..<batch.vectors { values[i] *= sign } }
  }
}

/// `mean over the last axis of (p - y)²`, whose root is the ``MeanMetric`` of it.
struct SquaredErrors: VectorMeasure {
  func measure(
    _ batch: MetricBatch, into values: UnsafeMutablePointer<Float>,
    ignored: UnsafeMutablePointer<Bool>
  ) {
    for vector in 0..<batch.vectors {
      var sum: Float = 0
      for i in 0..<batch.width {
        let difference = batch.output[vector * batch.width + i] - batch.target(vector, i)
        sum += difference * difference
      }
      values[vector] = sum / Float(batch.width)
    }
  }
}
