import KerasFormat
import KerasRuntime

/// `mean over the last axis of max(1 - y·p, 0)`, y being -1 or 1.
///
/// Keras 2.15 and 3 take targets 0 and 1 for -1 and 1, where a whole batch has no others.
public struct Hinge: Loss {
  public static let className = "Hinge"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let isBinary = batch.hasBinaryTargets
    batch.meanOverWidth { p, y in
      let sign = isBinary ? 2 * y - 1 : y
      let gap = 1 - sign * p
      // TensorFlow's maximum sends the gradient of a tie to its first argument.
      return (max(gap, 0), gap >= 0 ? -sign : 0)
    }
  }
}

/// `mean over the last axis of max(1 - y·p, 0)²`; targets as ``Hinge`` has them.
public struct SquaredHinge: Loss {
  public static let className = "SquaredHinge"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let isBinary = batch.hasBinaryTargets
    batch.meanOverWidth { p, y in
      let sign = isBinary ? 2 * y - 1 : y
      let gap = max(1 - sign * p, 0)
      return (gap * gap, -2 * gap * sign)
    }
  }
}

extension LossBatch {
  /// Whether hinges take targets 0 and 1 for -1 and 1.
  fileprivate var hasBinaryTargets: Bool {
    generation >= .keras2_15
      && (0..<vectors * width).allSatisfy { targets[$0] == 0 || targets[$0] == 1 }
  }
}

/// `max(1 + max((1 - y)·p) - Σ y·p, 0)`, targets one-hot.
public struct CategoricalHinge: Loss {
  public static let className = "CategoricalHinge"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let width = batch.width
    for vector in 0..<batch.vectors {
      let p = batch.output + vector * width
      let y = batch.targets + vector * width
      let gradient = batch.gradient + vector * width
      var (right, wrong) = (S(0), -S.infinity)
      for i in 0..<width {
        right += y[i] * p[i]
        wrong = max(wrong, (1 - y[i]) * p[i])
      }
      let gap = wrong - right + 1
      batch.losses[vector] = max(gap, 0)
      // Keras 2.2 names the 0 first, and a tie's gradient goes to what is named first.
      let passes = batch.generation <= .keras2 ? gap > 0 : gap >= 0
      // The largest share the gradient where there are several.
      let ties = (0..<width).count(where: { (1 - y[$0]) * p[$0] == wrong })
      for i in 0..<width {
        let isLargest = (1 - y[i]) * p[i] == wrong
        gradient[i] = passes ? (isLargest ? (1 - y[i]) / S(ties) : 0) - y[i] : 0
      }
    }
  }
}
