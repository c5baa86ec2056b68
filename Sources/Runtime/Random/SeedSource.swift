import KerasFormat

/// The seeds that a program hands to initializers and generators, in the order in which they are
/// asked for: from Python's `random` in Keras 2.15 and 3, from NumPy in Keras 1 and 2.2.
public struct SeedSource: Sendable, Equatable {
  private var python: MersenneTwister
  /// Where NumPy stands.
  private(set) var numpy: NumPyRandom
  /// Random operations so far without a seed: Keras 2.15 numbers those of its training step.
  private var operations: UInt64 = 0
  let generation: Generation

  /// A program that begins with `keras.utils.set_random_seed(seed)`, or, in Keras 1 and 2.2, which
  /// have no such function, with `numpy.random.seed(seed)`.
  init(seed: UInt64, generation: Generation) {
    python = MersenneTwister(pythonSeed: Int(truncatingIfNeeded: seed))
    numpy = NumPyRandom(seed: seed)
    self.generation = generation
  }

  /// The seed of an initializer that was given none. Keras 1's backend asks NumPy for a number
  /// below 10⁹, 2.2's for one below 10⁷.
  private mutating func next() -> UInt64 {
    switch generation {
    case .keras3, .keras2_15: UInt64(python.randint(1, 1_000_000_000))
    case .keras2: numpy.integer(below: 10_000_000)
    case .keras1: numpy.integer(below: 1_000_000_000)
    }
  }

  /// The seed of a layer's generator, or of its random operation.
  mutating func generator(given seed: Int?) -> UInt64 {
    if let seed {
      return generation == .keras3
        ? Philox.stateless(seed: seed) : Self.operation(seed)
    }
    switch generation {
    case .keras3: return next()
    case .keras2_15:
      defer { operations += 1 }
      return operations
    case .keras2, .keras1: return numpy.integer(below: 10_000_000)
    }
  }

  /// Where the numbers for a weight of `shape` come from.
  mutating func origin(for initializer: Initializer, shape: [Int]) -> RandomOrigin {
    origin(for: initializer, shape: shape, given: initializer.seed)
  }

  mutating func origin(
    for initializer: Initializer, shape: [Int], given: Int?
  ) -> RandomOrigin {
    guard initializer.isRandom else { return .nothing }
    switch generation {
    case .keras3: return .stateless(seed: given.map(Philox.stateless(seed:)) ?? next())
    case .keras2_15: return .stateless(seed: given.map { UInt64(bitPattern: Int64($0)) } ?? next())
    case .keras2, .keras1: break
    }
    if case .orthogonal = initializer.kind {
      // An initializer with a seed sets that of the whole program.
      if let given { numpy = NumPyRandom(seed: UInt64(truncatingIfNeeded: given)) }
      defer { _ = numpy.normals(shape.reduce(1, *)) }
      return .numpy(numpy)
    }
    return .operation(seed: given.map(Self.operation) ?? next())
  }

  /// The seed of an operation as TensorFlow takes it: its rest by 2³¹ - 1, never negative.
  private static func operation(_ seed: Int) -> UInt64 {
    let rest = seed % 0x7fff_ffff
    return UInt64(rest < 0 ? rest + 0x7fff_ffff : rest)
  }
}
