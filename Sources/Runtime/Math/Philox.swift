#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Philox 4×32-10, the counter-based generator behind Keras's random numbers on TensorFlow.
///
/// `init(seed:offset:)` is the stream of TensorFlow's stateless functions for the seed pair
/// (seed, offset), which Keras's initializers (offset 0) and `SeedGenerator` (offset = calls so far)
/// use. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011; key derivation
/// and distributions as measured on TensorFlow 2.21.
public struct Philox: Sendable {
  private var key: (UInt32, UInt32)
  private var counter: (UInt32, UInt32, UInt32, UInt32)
  private var block: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var used = 4

  /// The stream of the seed pair, scrambled as TensorFlow's stateless functions do.
  public init(seed: UInt64, offset: UInt64 = 0) {
    let mixed = Self.block(
      key: (0x3ec8_f720, 0x0246_1e29),
      counter: (
        UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32),
        UInt32(truncatingIfNeeded: offset), UInt32(truncatingIfNeeded: offset >> 32)
      ))
    self.init(key: (mixed.0, mixed.1), counter: (0, 0, mixed.2, mixed.3))
  }

  /// The bare generator, as TensorFlow's stateful kernels start it.
  public init(key: (UInt32, UInt32), counter: (UInt32, UInt32, UInt32, UInt32)) {
    self.key = key
    self.counter = counter
  }

  /// The next 32 bits.
  public mutating func next() -> UInt32 {
    if used == 4 {
      block = Self.block(key: key, counter: counter)
      skip(blocks: 1)
      used = 0
    }
    defer { used += 1 }
    switch used {
    case 0: return block.0
    case 1: return block.1
    case 2: return block.2
    default: return block.3
    }
  }

  /// Moves the counter on without drawing; what is left of the current block is dropped.
  public mutating func skip(blocks: UInt64) {
    var words = [counter.0, counter.1, counter.2, counter.3]
    var carry = blocks
    for i in 0..<4 where carry > 0 {
      let sum = UInt64(words[i]) + (carry & 0xffff_ffff)
      words[i] = UInt32(truncatingIfNeeded: sum)
      carry = (carry >> 32) + (sum >> 32)
    }
    counter = (words[0], words[1], words[2], words[3])
    used = 4
  }

  /// Uniform on [0, 1): the low 23 bits as a fraction.
  public mutating func uniform() -> Float { Self.unit(next()) }

  /// Two independent standard normals, by Box and Muller.
  public mutating func normalPair() -> (Float, Float) {
    let u = max(uniform(), 1e-7)
    let angle = Float(2 * Double.pi) * uniform()
    let radius = (-2 * logf(u)).squareRoot()
    return (sinf(angle) * radius, cosf(angle) * radius)
  }

  private static func unit(_ bits: UInt32) -> Float {
    Float(bitPattern: bits & 0x7f_ffff | 0x3f80_0000) - 1
  }

  private static func block(
    key: (UInt32, UInt32), counter: (UInt32, UInt32, UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (k0, k1) = key
    var c = counter
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) * UInt64(c.0)
      let p1 = UInt64(0xCD9E_8D57) * UInt64(c.2)
      c = (
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c.1 ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c.3 ^ k1, UInt32(truncatingIfNeeded: p0)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return c
  }
}

// MARK: - Arrays of numbers, in TensorFlow's order

extension Philox {
  /// `count` standard normals, in pairs.
  public static func normals(seed: UInt64, count: Int) -> [Float] {
    var generator = Philox(seed: seed)
    var values: [Float] = []
    values.reserveCapacity(count + 1)
    while values.count < count {
      let (a, b) = generator.normalPair()
      values.append(a)
      values.append(b)
    }
    return Array(values.prefix(count))
  }

  /// `count` standard normals without those beyond ±2. TensorFlow draws them in groups of four,
  /// each from a stream of its own, 256 blocks apart.
  public static func truncatedNormals(seed: UInt64, count: Int) -> [Float] {
    let start = Philox(seed: seed)
    var values: [Float] = []
    values.reserveCapacity(count + 3)
    for group in 0..<(count + 3) / 4 {
      var generator = start
      generator.skip(blocks: UInt64(group) * 256)
      var kept: [Float] = []
      while kept.count < 4 {
        let (a, b) = generator.normalPair()
        if abs(a) < 2 { kept.append(a) }
        if abs(b) < 2 && kept.count < 4 { kept.append(b) }
      }
      values += kept
    }
    return Array(values.prefix(count))
  }
}
