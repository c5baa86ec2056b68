import KerasFormat

/// The Mersenne Twister MT19937 with the two seedings and the draws of NumPy's `RandomState` and of
/// Python's `random`, so that shuffles, splits and seeds come out as theirs.
///
/// Source: Matsumoto and Nishimura 1998 (`mt19937ar.c`); NumPy `mt19937.c` and
/// `legacy-distributions`; Python `_randommodule.c` and `random.py`.
///
///     var generator = MersenneTwister(pythonSeed: 7)
///     generator.randint(1, 1_000_000_000)  // 347712783
public struct MersenneTwister: Sendable, Equatable {
  private static let size = 624
  private static let middle = 397

  private var words: [UInt32]
  private var position = MersenneTwister.size

  /// Where a generator stands, to be saved and gone on from: as `RandomState.get_state()[1:3]`.
  public struct State: Sendable, Equatable {
    /// 624 of them.
    public var words: [UInt32]
    /// The next word to be used, 0 ... 624.
    public var position: Int

    /// What is no state is refused by ``MersenneTwister/init(state:)``.
    public init(words: [UInt32], position: Int) {
      self.words = words
      self.position = position
    }
  }

  /// Where the generator stands now.
  public var state: State { State(words: words, position: position) }

  /// Goes on from a saved state.
  ///
  /// - Throws: ``KerasError`` when there are not 624 words, or the position is not among them.
  public init(state: State) throws(KerasError) {
    guard state.words.count == Self.size, (0...Self.size).contains(state.position) else {
      throw KerasError(
        .invalidData,
        "\(state.words.count) words at position \(state.position) but a Mersenne Twister has "
          + "\(Self.size) words")
    }
    words = state.words
    position = state.position
  }

  /// As `numpy.random.RandomState(seed)` and `numpy.random.seed(seed)` with a whole number.
  public init(numpySeed seed: UInt32) {
    words = [UInt32](repeating: 0, count: Self.size)
    words[0] = seed
    for i in 1..<Self.size {
      let previous = words[i - 1]
      words[i] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(i)
    }
  }

  /// As Python's `random.seed(seed)` with a whole number; the sign does not count there.
  public init(pythonSeed seed: Int) {
    let magnitude = UInt64(seed.magnitude)
    let low = UInt32(truncatingIfNeeded: magnitude)
    let high = UInt32(truncatingIfNeeded: magnitude >> 32)
    self.init(key: high == 0 ? [low] : [low, high])
  }

  /// `init_by_array` of the authors' program.
  private init(key: [UInt32]) {
    self.init(numpySeed: 19_650_218)
    var i = 1
    var j = 0
    for _ in 0..<max(Self.size, key.count) {
      let previous = words[i - 1]
      words[i] = (words[i] ^ ((previous ^ (previous >> 30)) &* 1_664_525)) &+ key[j] &+ UInt32(j)
      i += 1
      j += 1
      if i >= Self.size {
        words[0] = words[Self.size - 1]
        i = 1
      }
      if j >= key.count { j = 0 }
    }
    for _ in 1..<Self.size {
      let previous = words[i - 1]
      words[i] = (words[i] ^ ((previous ^ (previous >> 30)) &* 1_566_083_941)) &- UInt32(i)
      i += 1
      if i >= Self.size {
        words[0] = words[Self.size - 1]
        i = 1
      }
    }
    words[0] = 0x8000_0000
  }

  /// The next 32 bits.
  public mutating func nextUInt32() -> UInt32 {
    if position == Self.size { refill() }
    var y = words[position]
    position += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    return y ^ (y >> 18)
  }

  /// A number in 0 ..< 1 with 53 random bits, as `random.random()` and `RandomState.random_sample`.
  public mutating func nextDouble() -> Double {
    let high = nextUInt32() >> 5
    let low = nextUInt32() >> 6
    return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
  }

  private mutating func refill() {
    for i in 0..<Self.size {
      let y = (words[i] & 0x8000_0000) | (words[(i + 1) % Self.size] & 0x7FFF_FFFF)
      words[i] = words[(i + Self.middle) % Self.size] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    position = 0
  }
}

// MARK: - NumPy's draws

extension MersenneTwister {
  /// A whole number in 0 ... `max`, as NumPy's `random_interval`: masked to the bits of `max` and
  /// drawn again while it is larger. A `max` of 0 draws nothing.
  public mutating func interval(_ max: UInt64) -> UInt64 {
    guard max > 0 else { return 0 }
    let mask = UInt64.max >> UInt64(max.leadingZeroBitCount)
    while true {
      var value = UInt64(nextUInt32())
      // Above 32 bits NumPy puts the first word on top.
      if max > 0xFFFF_FFFF { value = value << 32 | UInt64(nextUInt32()) }
      value &= mask
      if value <= max { return value }
    }
  }

  /// Shuffles as `RandomState.shuffle` does a one-dimensional array.
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for i in stride(from: elements.count - 1, through: 1, by: -1) {
      elements.swapAt(i, Int(interval(UInt64(i))))
    }
  }

  /// The numbers 0 ..< `count` in random order, as `RandomState.permutation(count)`.
  public mutating func permutation(_ count: Int) -> [Int] {
    var indices = Array(0..<max(count, 0))
    shuffle(&indices)
    return indices
  }
}

// MARK: - Python's draws

extension MersenneTwister {
  /// `count` random bits, as Python's `getrandbits`: the lowest word is drawn first, and the last
  /// word gives its top bits.
  ///
  /// - Parameter count: 0 ... 64.
  public mutating func randomBits(_ count: Int) -> UInt64 {
    var bits: UInt64 = 0
    var filled = 0
    while filled < min(count, 64) {
      let width = min(count - filled, 32)
      bits |= UInt64(nextUInt32() >> UInt32(32 - width)) << UInt64(filled)
      filled += width
    }
    return bits
  }

  /// A whole number in `low` ... `high`, as Python's `random.randint`. Where `high` is below `low`
  /// there is none, and it is `low`.
  public mutating func randint(_ low: Int, _ high: Int) -> Int {
    guard low < high else {
      // Python draws here too, from the one value there is: bits of 1 until they are 0.
      while low == high, randomBits(1) >= 1 {}
      return low
    }
    let (span, overflow) = UInt64(bitPattern: Int64(high &- low)).addingReportingOverflow(1)
    let width = overflow ? 64 : 64 - span.leadingZeroBitCount
    while true {
      let value = randomBits(width)
      if overflow || value < span { return low &+ Int(truncatingIfNeeded: value) }
    }
  }
}
