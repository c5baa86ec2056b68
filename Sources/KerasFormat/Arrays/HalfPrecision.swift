/// Conversions between `Float` and the bits of the two 16-bit floating-point formats, rounding to
/// nearest, ties to even, as NumPy and TensorFlow do. (`Float16` does not exist on every platform.)
package enum HalfPrecision {
  /// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
  package static func float16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    let magnitude = bits & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 {
      // NaN: the payload's upper bits stay; a payload below them must not turn into infinity.
      let payload = UInt16(truncatingIfNeeded: (magnitude >> 13) & 0x3FF)
      return sign | 0x7C00 | (payload == 0 ? 1 : payload)
    }
    // 65520 is half way between the largest finite value and the next, and rounds to infinity.
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    if magnitude >= 0x3880_0000 {
      let rebased = magnitude - (112 << 23)
      return sign | UInt16(truncatingIfNeeded: roundedShift(rebased, by: 13))
    }
    // Subnormal: the fraction with its leading 1, moved to units of 2^-24.
    let exponent = Int(magnitude >> 23)
    guard exponent >= 102 else { return sign }
    let fraction = (magnitude & 0x7F_FFFF) | 0x80_0000
    return sign | UInt16(truncatingIfNeeded: roundedShift(fraction, by: UInt32(126 - exponent)))
  }

  package static func float(float16 bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      let value = Float(fraction) * 0x1p-24
      return sign == 0 ? value : -value
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// bfloat16: the upper half of a `Float`.
  package static func bfloat16(_ value: Float) -> UInt16 {
    if value.isNaN { return value.sign == .minus ? 0xFFC0 : 0x7FC0 }
    return UInt16(truncatingIfNeeded: roundedShift(value.bitPattern, by: 16))
  }

  package static func float(bfloat16 bits: UInt16) -> Float {
    Float(bitPattern: UInt32(bits) << 16)
  }

  /// The nearest number that float16 has.
  package static func nearestFloat16(_ value: Float) -> Float {
    float(float16: float16(value))
  }

  /// The nearest number that bfloat16 has.
  package static func nearestBFloat16(_ value: Float) -> Float {
    float(bfloat16: bfloat16(value))
  }

  /// `value >> count`, rounded to nearest, ties to even.
  private static func roundedShift(_ value: UInt32, by count: UInt32) -> UInt32 {
    let half: UInt64 = 1 << (UInt64(count) - 1)
    let kept = UInt64(value) >> UInt64(count)
    return UInt32(truncatingIfNeeded: (UInt64(value) + half - 1 + (kept & 1)) >> UInt64(count))
  }
}

extension NumericArray {
  /// The numbers as `Float`, rounded to nearest where the type holds more.
  public func floats() -> [Float] {
    switch elements {
    case .float16(let a): a.map(HalfPrecision.float(float16:))
    case .bfloat16(let a): a.map(HalfPrecision.float(bfloat16:))
    case .float32(let a): a
    case .float64(let a): a.map { Float($0) }
    case .int8(let a): a.map { Float($0) }
    case .int16(let a): a.map { Float($0) }
    case .int32(let a): a.map { Float($0) }
    case .int64(let a): a.map { Float($0) }
    case .uint8(let a): a.map { Float($0) }
    case .uint16(let a): a.map { Float($0) }
    case .uint32(let a): a.map { Float($0) }
    case .uint64(let a): a.map { Float($0) }
    case .bool(let a): a.map { $0 ? 1 : 0 }
    }
  }

  /// The numbers as `Double`, rounded to nearest where the type holds more.
  public func doubles() -> [Double] {
    switch elements {
    case .float64(let a): a
    case .int32(let a): a.map { Double($0) }
    case .int64(let a): a.map { Double($0) }
    case .uint32(let a): a.map { Double($0) }
    case .uint64(let a): a.map { Double($0) }
    // Everything that is left fits a Float exactly.
    default: floats().map { Double($0) }
    }
  }

  /// An array of a floating-point type out of `Float`s, rounded to nearest, ties to even.
  ///
  /// - Precondition: `type` is a floating-point type, and `floats` fill the shape.
  public init(shape: [Int], floats: [Float], as type: ElementType) {
    switch type {
    case .float16: self.init(shape: shape, .float16(floats.map(HalfPrecision.float16)))
    case .bfloat16: self.init(shape: shape, .bfloat16(floats.map(HalfPrecision.bfloat16)))
    case .float32: self.init(shape: shape, .float32(floats))
    case .float64: self.init(shape: shape, .float64(floats.map { Double($0) }))
    default: preconditionFailure("\(type.rawValue) is no floating-point type")
    }
  }
}
