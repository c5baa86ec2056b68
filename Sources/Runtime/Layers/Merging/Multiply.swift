import KerasFormat

/// The product of its inputs, stretched to one shape.
public struct Multiply: MergeLayer {
  public static let className = "Multiply"
  public static let inputCounts = 1...Int.max
  var generation = Generation.keras3

  /// It has no settings.
  public init() {}

  static func merged<S: Scalar>(_ values: UnsafeBufferPointer<S>) -> S {
    var product = S(1)
    for value in values { product *= value }
    return product
  }

  var masksValues: Bool { generation == .keras3 }

  /// A step that does not count is a factor of 1; where all have masks and none counts it is 0.
  static func mergedMasked<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?]
  ) -> S {
    if counts.allSatisfy({ $0 == false }) { return 0 }
    for (index, count) in counts.enumerated() where count == false { values[index] = 1 }
    return merged(UnsafeBufferPointer(values))
  }

  static func maskedSlope<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?], at index: Int
  ) -> S {
    guard counts[index] != false else { return 0 }
    var product = S(1)
    for (other, count) in counts.enumerated() where other != index && count != false {
      product *= values[other]
    }
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
