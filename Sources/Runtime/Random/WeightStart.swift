import KerasFormat

/// Where the random numbers of one weight's initial values come from.
public enum RandomOrigin: Sendable, Equatable {
  /// Nothing is drawn.
  case nothing
  /// TensorFlow's stateless functions under a seed: Keras 2.15 and 3.
  case stateless(seed: UInt64)
  /// An operation of a TensorFlow 1 graph whose own seed this is, the graph's being the default
  /// one: Keras 1 and 2.2, which draw the operation's seed from NumPy.
  case operation(seed: UInt64)
  /// NumPy itself, standing there: the orthogonal matrices of Keras 1 and 2.2.
  case numpy(NumPyRandom)

  /// The stream that numbers are drawn from, where it is TensorFlow's.
  var stream: Philox {
    switch self {
    case .stateless(let seed): Philox(seed: seed)
    case .operation(let seed): Philox(operation: seed)
    case .nothing, .numpy: Philox(seed: 0)
    }
  }
}

/// How one weight of a new network starts: whose rules, and the random numbers for it.
public struct WeightStart: Sendable, Equatable {
  /// Whose rules apply.
  public let generation: Generation
  /// One, but for the gates that Keras 1 keeps apart: one for each gate in the order of the
  /// weight's columns.
  public let origins: [RandomOrigin]
  /// What the numbers are drawn as: TensorFlow has others for each of its types.
  public let type: ElementType

  /// By default drawn as float32, as Keras 1 and 2.2 always are.
  public init(
    _ origins: [RandomOrigin], generation: Generation, type: ElementType = .float32
  ) {
    self.origins = origins
    self.generation = generation
    // Keras 1 and 2.2 draw what `floatx` says, of which a layer knows nothing.
    self.type = generation <= .keras2 ? .float32 : type
  }

  /// A bound of uniform numbers: Keras 3's are float32 first, whatever the type.
  func bound(_ value: Double) -> Double { generation == .keras3 ? Double(Float(value)) : value }

  /// That of one gate alone.
  func gate(_ index: Int) -> WeightStart {
    WeightStart([origins[index]], generation: generation, type: type)
  }
}

extension WeightStart {
  /// What an initializer draws from when it is given this seed; Keras 1's, which take none, after
  /// `numpy.random.seed(seed)`.
  package static func standalone(
    _ initializer: Initializer, _ shape: [Int], _ seed: Int, _ generation: Generation,
    type: ElementType = .float32
  ) -> WeightStart {
    var source = SeedSource(seed: UInt64(bitPattern: Int64(seed)), generation: generation)
    let given = generation == .keras1 ? nil : seed
    return WeightStart(
      [source.origin(for: initializer, shape: shape, given: given)], generation: generation,
      type: type)
  }
}
