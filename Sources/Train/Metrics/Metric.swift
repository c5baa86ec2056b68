import KerasFormat
import KerasRuntime

/// Something counted over the batches of an epoch besides the loss.
public protocol Metric: Sendable {
  /// Takes one batch in.
  ///
  /// - Throws: ``KerasError`` where Keras refuses the batch too.
  mutating func update(_ batch: MetricBatch) throws(KerasError)
  /// The value over all batches since the last reset.
  var result: Double { get }
  /// Forgets what it has counted, as at the beginning of an epoch.
  mutating func reset()
  /// All it has counted, as numbers: what a run that goes on in the middle of an epoch takes up. A
  /// state of another length comes from another metric and is ignored.
  var state: [Double] { get set }
}

/// One batch as a metric sees it.
public struct MetricBatch {
  /// The model's output, `[vectors × width]`.
  public let output: UnsafePointer<Float>
  /// What the output is the sigmoid or softmax of, where it is one.
  public let logits: UnsafePointer<Float>?
  /// `[vectors × targetWidth]`
  public let targets: UnsafePointer<Float>
  /// Rows of the batch.
  public let rows: Int
  /// Rows, or steps of all rows.
  public let vectors: Int
  /// The extent of the output's last axis.
  public let width: Int
  /// Numbers per vector in the targets.
  public let targetWidth: Int
  /// Which vectors count; `nil` for all.
  public let mask: UnsafePointer<Bool>?
  /// What each vector counts for; `nil` for all 1, and for a metric that is not weighted.
  public let weights: UnsafePointer<Float>?
  /// Whose formula is followed where they differ.
  public let generation: Generation

  /// Whether a row has steps, a vector each.
  public var hasSteps: Bool { vectors != rows }

  /// The target beside output `i` of a vector; one alone stands beside all, as NumPy broadcasts it.
  @inline(__always)
  func target(_ vector: Int, _ i: Int) -> Float {
    targets[vector * targetWidth + (targetWidth == width ? i : 0)]
  }

  /// What a vector counts for.
  ///
  /// - Parameter isMasked: whether the metric looks at masks; Keras 3's do only where they are
  ///   plain means.
  func weight(_ vector: Int, isMasked: Bool = true) -> Float {
    let isCounted = !isMasked || mask?[vector] ?? true
    return isCounted ? weights?[vector] ?? 1 : 0
  }

  /// Refuses targets of another width than the output.
  func checkWidths(_ metric: String) throws(KerasError) {
    guard targetWidth == width else {
      throw KerasError(
        .shapeMismatch,
        "targets of width \(targetWidth) but \(metric) needs \(width), the output's",
        hint: "Keras refuses this too")
    }
  }
}

/// The first position of the largest number.
@inline(__always)
func largest(_ values: UnsafePointer<Float>, _ count: Int) -> Int {
  var best = 0
  for i in 1..<max(1, count) where values[i] > values[best] { best = i }
  return best
}

/// a / b, and 0 where b is 0: TensorFlow's `divide_no_nan`.
@inline(__always)
func quotient(_ a: Double, _ b: Double) -> Double { b == 0 ? 0 : a / b }
