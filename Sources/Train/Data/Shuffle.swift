import KerasFormat
import KerasRuntime

/// The order in which `fit` visits the training rows, epoch after epoch, as the generation draws it
/// from the run's seed.
///
/// - Keras 1, 2.2: NumPy's `RandomState(seed).shuffle` on the same array again and again.
/// - Keras 2.15: TensorFlow's RandomShuffle of 0…n-1, its stream going on from epoch to epoch.
/// - Keras 3: the same, its stream starting anew each epoch, so that under a seed every epoch has
///   one and the same order. Without a seed each epoch has its own.
struct Shuffle {
  private let generation: Generation
  private let seed: UInt64
  private let isSeeded: Bool
  private var twister: MersenneTwister
  private var order: [Int]
  private var epoch: UInt64 = 0

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - isSeeded: whether somebody chose it.
  init(rows: Int, seed: UInt64, isSeeded: Bool, generation: Generation) {
    self.generation = generation
    self.seed = seed
    self.isSeeded = isSeeded
    order = Array(0..<rows)
    twister = MersenneTwister(numpySeed: UInt32(truncatingIfNeeded: seed))
  }

  /// The order of the next epoch.
  mutating func next() -> [Int] {
    defer { epoch += 1 }
    switch generation {
    case .keras1, .keras2: twister.shuffle(&order)
    case .keras2_15:
      order = Self.randomShuffle(order.count, seed: seed, epoch: epoch)
    case .keras3:
      order = Self.randomShuffle(order.count, seed: seed, epoch: isSeeded ? 0 : epoch)
    }
    return order
  }

  /// TensorFlow's RandomShuffle kernel for `n` rows: Philox with the seed as its bare key.
  static func randomShuffle(_ n: Int, seed: UInt64, epoch: UInt64) -> [Int] {
    var generator = Philox(
      key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)),
      counter: (0, 0, 0, 0))
    generator.skip(blocks: epoch * UInt64((n + 3) / 4))
    var order = Array(0..<n)
    for i in 0..<max(0, n - 1) {
      order.swapAt(i, i + Int(generator.next()) % (n - i))
    }
    return order
  }
}
