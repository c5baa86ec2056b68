import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Random numbers of each floating-point type as TensorFlow draws them, all given back as float32:
/// of float16 and bfloat16 a word makes one number, which is rounded after every operation, of
/// float64 two words do.
extension Philox {
  mutating func uniforms(
    _ count: Int, from low: Double, to high: Double, as type: ElementType
  ) -> [Float] {
    switch type {
    case .float16, .bfloat16:
      let rounded = Rounding(type)
      let (first, last) = (rounded(Float(low)), rounded(Float(high)))
      let span = rounded(last - first)
      return fill(count) { block, place in
        place[0] = rounded(rounded(rounded.unit(block.0) * span) + first)
        place[1] = rounded(rounded(rounded.unit(block.1) * span) + first)
        place[2] = rounded(rounded(rounded.unit(block.2) * span) + first)
        place[3] = rounded(rounded(rounded.unit(block.3) * span) + first)
      }
    case .float64:
      var numbers: [Double] = []
      while numbers.count < count { numbers += [nextDouble(), nextDouble()] }
      return numbers.prefix(count).map { Float($0 * (high - low) + low) }
    default: return uniforms(count, from: Float(low), to: Float(high))
    }
  }

  mutating func normals(
    _ count: Int, mean: Double = 0, stddev: Double = 1, as type: ElementType
  ) -> [Float] {
    switch type {
    case .float16, .bfloat16: Rounding(type).scaled(normals(count), by: stddev, around: mean)
    case .float64: doubleNormals(count).map { Float($0 * stddev + mean) }
    default: normals(count, mean: Float(mean), stddev: Float(stddev))
    }
  }

  mutating func truncatedNormals(
    _ count: Int, mean: Double = 0, stddev: Double = 1, as type: ElementType
  ) -> [Float] {
    switch type {
    case .float16, .bfloat16:
      Rounding(type).scaled(truncatedNormals(count), by: stddev, around: mean)
    case .float64: doubleTruncatedNormals(count).map { Float($0 * stddev + mean) }
    default: truncatedNormals(count, mean: Float(mean), stddev: Float(stddev))
    }
  }

  // MARK: - float64

  /// `count` standard normal numbers of float64.
  mutating func doubleNormals(_ count: Int) -> [Double] {
    var numbers: [Double] = []
    while numbers.count < count { numbers += doublePair() }
    return Array(numbers.prefix(count))
  }

  /// In groups of two, each from a stream of its own, 128 blocks apart.
  private mutating func doubleTruncatedNormals(_ count: Int) -> [Double] {
    var numbers: [Double] = []
    for group in 0..<(count + 1) / 2 {
      var generator = self
      generator.skip(blocks: UInt64(group) * 128)
      var pair: [Double] = []
      while pair.count < 2 { pair += generator.doublePair().filter { abs($0) < 2 } }
      numbers += pair.prefix(2)
    }
    skip(blocks: UInt64(count) * 256)
    return Array(numbers.prefix(count))
  }

  /// Uniform on [0, 1): 52 bits as a fraction.
  private mutating func nextDouble() -> Double {
    let high = UInt64(next() & 0xf_ffff) << 32
    return Double(bitPattern: 0x3ff << 52 | high | UInt64(next())) - 1
  }

  private mutating func doublePair() -> [Double] {
    let u = max(nextDouble(), 1e-7)
    let angle = 2 * Double.pi * nextDouble()
    let radius = (-2 * log(u)).squareRoot()
    return [sin(angle) * radius, cos(angle) * radius]
  }
}

/// To the nearest number of float16 or bfloat16.
private struct Rounding {
  private let isBrain: Bool

  init(_ type: ElementType) { isBrain = type == .bfloat16 }

  func callAsFunction(_ value: Float) -> Float {
    isBrain ? HalfPrecision.nearestBFloat16(value) : HalfPrecision.nearestFloat16(value)
  }

  /// Uniform on [0, 1): as many of the low bits as the type has for a fraction.
  func unit(_ bits: UInt32) -> Float {
    isBrain
      ? HalfPrecision.float(bfloat16: UInt16(bits & 0x7f) | 0x3f80) - 1
      : HalfPrecision.float(float16: UInt16(bits & 0x3ff) | 0x3c00) - 1
  }

  func scaled(_ numbers: [Float], by stddev: Double, around mean: Double) -> [Float] {
    let (stddev, mean) = (self(Float(stddev)), self(Float(mean)))
    return numbers.map { self(self(self($0) * stddev) + mean) }
  }
}
