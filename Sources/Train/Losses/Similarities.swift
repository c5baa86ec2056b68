import KerasFormat
import KerasRuntime

/// The Kullback-Leibler divergence `Σ y·ln(y / p)`, p and y kept within 1e-7…1.
public struct KLDivergence: Loss {
  public static let className = "KLDivergence"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let epsilon: S = kerasEpsilon()
    for vector in 0..<batch.vectors {
      var sum: S = 0
      for i in vector * batch.width..<(vector + 1) * batch.width {
        let y = min(max(batch.targets[i], epsilon), 1)
        let p = min(max(batch.output[i], epsilon), 1)
        sum += y * S.log(y / p)
        batch.gradient[i] = p == batch.output[i] ? -y / p : 0
      }
      batch.losses[vector] = sum
    }
  }
}

/// Minus the cosine of the angle between output and target: `-Σ ŷ·p̂`. Keras 1 divides by the
/// width.
public struct CosineSimilarity: Loss {
  public static let className = "CosineSimilarity"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) { try config.lastAxis() }

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let width = batch.width
    let share: S = batch.generation == .keras1 ? 1 / S(width) : 1
    for vector in 0..<batch.vectors {
      let p = batch.output + vector * width
      let y = batch.targets + vector * width
      let (ofOutput, isShort) = Self.inverseLength(p, width, batch.generation)
      let ofTarget = Self.inverseLength(y, width, batch.generation).inverse
      var cosine: S = 0
      for i in 0..<width { cosine += (y[i] * ofTarget) * (p[i] * ofOutput) }
      batch.losses[vector] = -cosine * share
      let turn = isShort ? 0 : cosine
      for i in 0..<width {
        batch.gradient[vector * width + i] =
          -share * ofOutput * (y[i] * ofTarget - p[i] * ofOutput * turn)
      }
    }
  }

  /// 1 / length, and whether the vector is so short that a constant takes its place: TensorFlow's
  /// `l2_normalize` sees a square sum of at least 1e-12, Keras 3's an inverse of at most 1e7.
  @inline(__always)
  private static func inverseLength<S: Scalar>(
    _ x: UnsafePointer<S>, _ width: Int, _ generation: Generation
  ) -> (inverse: S, isShort: Bool) {
    var squares: S = 0
    for i in 0..<width { squares += x[i] * x[i] }
    let limit: S = generation == .keras3 ? 1e-14 : 1e-12
    return (1 / max(squares, limit).squareRoot(), squares < limit)
  }
}
