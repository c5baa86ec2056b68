import KerasFormat

/// The sum of its inputs, stretched to one shape.
public struct Add: MergeLayer {
  public static let className = "Add"
  public static let inputCounts = 1...Int.max
  var generation = Generation.keras3

  /// It has no settings.
  public init() {}

  static func merged<S: Scalar>(_ values: UnsafeBufferPointer<S>) -> S {
    var sum = S(0)
    for value in values { sum += value }
    return sum
  }

  static func slope<S: Scalar>(
    _ values: UnsafeBufferPointer<S>, result: S, at index: Int
  ) -> S {
    1
  }
}
