import KerasFormat

/// The largest of its inputs at each place; on a tie the first has the gradient.
public struct Maximum: MergeLayer {
  public static let className = "Maximum"
  public static let inputCounts = 1...Int.max
  var generation = Generation.keras3

  /// It has no settings.
  public init() {}

  static func merged<S: Scalar>(_ values: UnsafeBufferPointer<S>) -> S {
    var largest = values[0]
    for value in values where value > largest || value.isNaN { largest = value }
    return largest
  }

  var masksValues: Bool { generation == .keras3 }

  private static func chosen<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?]
  ) -> Int {
    MaskedChoice.index(values, counts) { $0 > $1 || $0.isNaN }
  }

  static func mergedMasked<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?]
  ) -> S {
    values[chosen(values, counts)]
  }

  static func maskedSlope<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?], at index: Int
  ) -> S {
    chosen(values, counts) == index ? 1 : 0
  }

  static func slope<S: Scalar>(
    _ values: UnsafeBufferPointer<S>, result: S, at index: Int
  ) -> S {
    values.firstIndex(of: result) == index ? 1 : 0
  }
}
