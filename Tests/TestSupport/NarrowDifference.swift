import KerasFormat

/// Outputs of a 16-bit type compared in steps of that type: 0 is the same number, 1 its neighbour.
package struct NarrowDifference: Sendable {
  package private(set) var count = 0
  package private(set) var equal = 0
  package private(set) var largest = 0

  /// - Parameter types: of each output; those of more bits do not count.
  /// - Returns: `nil` where no output is of a 16-bit type.
  package init?(_ found: [NumericArray], _ expected: [NumericArray], types: [String]) {
    guard types.contains(where: { Self.bits(of: $0) != nil }) else { return nil }
    for ((a, b), type) in zip(zip(found, expected), types) {
      guard let bits = Self.bits(of: type) else { continue }
      guard a.shape == b.shape else {
        largest = .max
        continue
      }
      for (a, b) in zip(a.floats(), b.floats()) {
        // A number that the type does not have was not rounded.
        let steps = a.isNaN && b.isNaN ? 0 : Self.steps(a, b, bits)
        count += 1
        if steps == 0 { equal += 1 }
        largest = max(largest, steps)
      }
    }
  }

  private typealias Bits = (encode: (Float) -> UInt16, decode: (UInt16) -> Float)

  private static func bits(of type: String) -> Bits? {
    switch type {
    case "float16": (HalfPrecision.float16, HalfPrecision.float(float16:))
    case "bfloat16": (HalfPrecision.bfloat16, HalfPrecision.float(bfloat16:))
    default: nil
    }
  }

  private static func steps(_ a: Float, _ b: Float, _ bits: Bits) -> Int {
    let (x, y) = (bits.encode(a), bits.encode(b))
    guard a.isNaN == b.isNaN, bits.decode(x) == a else { return .max }
    return abs(ordinal(x) - ordinal(y))
  }

  /// The number's place in the order of all numbers of its type.
  private static func ordinal(_ bits: UInt16) -> Int {
    let magnitude = Int(bits & 0x7FFF)
    return bits & 0x8000 == 0 ? magnitude : -magnitude
  }
}
