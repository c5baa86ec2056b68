import KerasFormat

/// The product of its inputs, stretched to one shape.
public struct Multiply: MergeLayer {
  public static let className = "Multiply"
  public static let inputCounts = 1...Int.max
  var generation = Generation.keras3

  public init() {}

  static func merged<S: Scalar>(_ values: UnsafeBufferPointer<S>) -> S {
    var product = S(1)
    for value in values { product *= value }
    return product
  }

  static func slope<S: Scalar>(
    _ values: UnsafeBufferPointer<S>, result: S, at index: Int
  ) -> S {
    var product = S(1)
    for (other, value) in values.enumerated() where other != index { product *= value }
    return product
  }
}
