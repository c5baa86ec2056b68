import KerasFormat
import KerasRuntime

/// `mean over the last axis of (p - y)²`.
public struct MeanSquaredError: Loss {
  public static let className = "MeanSquaredError"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    batch.meanOverWidth { p, y in
      let difference = p - y
      return (difference * difference, 2 * difference)
    }
  }
}
