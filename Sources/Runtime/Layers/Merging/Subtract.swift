import KerasFormat

/// The first input less the second.
public struct Subtract: MergeLayer {
  public static let className = "Subtract"
  public static let inputCounts = 2...2
  var generation = Generation.keras3

  /// It has no settings.
  public init() {}

  static func merged<S: Scalar>(_ values: UnsafeBufferPointer<S>) -> S {
    values[0] - values[1]
  }

  static func slope<S: Scalar>(
    _ values: UnsafeBufferPointer<S>, result: S, at index: Int
  ) -> S {
    index == 0 ? 1 : -1
  }
}
