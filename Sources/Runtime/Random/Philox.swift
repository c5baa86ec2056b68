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
/// (seed, offset), which Keras's initializers (offset 0) and `SeedGenerator` (offset = calls so
/// far) use. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011; key
/// derivation and distributions as measured on TensorFlow 2.21.
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

  /// The seed that Keras 3 gives TensorFlow for one of a program's: its rest by 2³¹ - 2.
  static func stateless(seed: Int) -> UInt64 {
    let rest = seed % 2_147_483_646
    return UInt64(rest < 0 ? rest + 2_147_483_646 : rest)
  }

  /// What TensorFlow takes for the seed of a graph that nobody gave one.
  public static let defaultGraphSeed: UInt64 = 87_654_321

  /// The numbers of a random operation of a TensorFlow graph after `position` blocks: the graph's
  /// seed is the key, the operation's stands in the counter.
  public init(operation seed: UInt64, graph: UInt64 = defaultGraphSeed, position: UInt64 = 0) {
    let limit: UInt64 = 0x7fff_ffff
    var (own, graph) = (seed % limit, graph % limit)
    // TensorFlow takes a pair of zeros for no seed at all.
    if own == 0 && graph == 0 { own = limit }
    self.init(key: Self.words(graph), counter: (0, 0, Self.words(own).0, Self.words(own).1))
    skip(blocks: position)
  }

  private static func words(_ number: UInt64) -> (UInt32, UInt32) {
    (UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32))
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
    used = 4
    let low = UInt64(counter.1) << 32 | UInt64(counter.0)
    let (sum, overflow) = low.addingReportingOverflow(blocks)
    (counter.0, counter.1) = Self.words(sum)
    guard overflow else { return }
    counter.2 &+= 1
    if counter.2 == 0 { counter.3 &+= 1 }
  }

  /// Uniform on [0, 1): the low 23 bits as a fraction.
  public mutating func uniform() -> Float { Self.unit(next()) }

  /// Two independent standard normals, by Box and Muller.
  public mutating func normalPair() -> (Float, Float) {
    let first = next()
    return Self.normals(first, next())
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
  /// `count` numbers in `low` ..< `high`.
  mutating func uniforms(_ count: Int, from low: Float = 0, to high: Float = 1) -> [Float] {
    let span = high - low
    return fill(count) { block, place in
      place[0] = Self.unit(block.0) * span + low
      place[1] = Self.unit(block.1) * span + low
      place[2] = Self.unit(block.2) * span + low
      place[3] = Self.unit(block.3) * span + low
    }
  }

  /// `count` normal numbers, in pairs.
  mutating func normals(_ count: Int, mean: Float = 0, stddev: Float = 1) -> [Float] {
    fill(count) { block, place in
      let (a, b) = Self.normals(block.0, block.1)
      let (c, d) = Self.normals(block.2, block.3)
      place[0] = a * stddev + mean
      place[1] = b * stddev + mean
      place[2] = c * stddev + mean
      place[3] = d * stddev + mean
    }
  }

  /// `count` normal numbers without those beyond two standard deviations. TensorFlow draws them in
  /// groups of four, each from a stream of its own, 256 blocks apart.
  mutating func truncatedNormals(_ count: Int, mean: Float = 0, stddev: Float = 1) -> [Float] {
    let start = self
    var values: [Float] = []
    values.reserveCapacity(count + 3)
    for group in 0..<(count + 3) / 4 {
      var generator = start
      generator.skip(blocks: UInt64(group) * 256)
      var kept = 0
      while kept < 4 {
        let (a, b) = generator.normalPair()
        if abs(a) < 2 {
          values.append(a * stddev + mean)
          kept += 1
        }
        if abs(b) < 2 && kept < 4 {
          values.append(b * stddev + mean)
          kept += 1
        }
      }
    }
    skip(blocks: UInt64(count) * 256)
    values.removeLast(values.count - count)
    return values
  }

  /// Whole blocks, each made into four numbers; what is over is dropped.
  mutating func fill(
    _ count: Int,
    _ make: ((UInt32, UInt32, UInt32, UInt32), UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    let whole = (count + 3) / 4 * 4
    var values = [Float](unsafeUninitializedCapacity: whole) { buffer, initialized in
      initialized = whole
      guard let place = buffer.baseAddress else { return }
      for start in stride(from: 0, to: whole, by: 4) {
        make(Self.block(key: key, counter: counter), place + start)
        skip(blocks: 1)
      }
    }
    values.removeLast(whole - count)
    return values
  }

  private static func normals(_ x: UInt32, _ y: UInt32) -> (Float, Float) {
    let u = max(unit(x), 1e-7)
    // TensorFlow's constant is double, so the product is rounded once.
    let angle = Float(2 * Double.pi * Double(unit(y)))
    let radius = (-2 * logf(u)).squareRoot()
    return (sinf(angle) * radius, cosf(angle) * radius)
  }
}
