import KerasFormat

/// The random generators of a network's layers, each with its seed and how far it is: what Keras 3
/// calls a `SeedGenerator`, and before it random operations of a TensorFlow graph.
///
/// A value: ``positions`` is all that a run has to save to draw the same numbers again.
public struct RandomStreams: Sendable, Equatable {
  /// Where a generator belongs: the way to the layer in ``Pass/path``, and which of its operations.
  private struct Place: Hashable {
    var path: [Int]
    var operation: Int
  }

  private var places: [Place: Int] = [:]
  private var seeds: [UInt64] = []
  private let generation: Generation
  /// The seed of the graph that operations are in.
  private let graphSeed: UInt64
  /// How far each generator is: draws in Keras 3, blocks of four numbers before it.
  public var positions: [UInt64] = []

  init(generation: Generation, graphSeed: UInt64 = Philox.defaultGraphSeed) {
    self.generation = generation
    self.graphSeed = graphSeed
  }

  mutating func add(seed: UInt64, at path: [Int], operation: Int) {
    places[Place(path: path, operation: operation)] = seeds.count
    seeds.append(seed)
    positions.append(0)
  }

  /// The seed of the layer there, where it has one.
  func seed(at path: [Int], operation: Int = 0) -> UInt64? {
    places[Place(path: path, operation: operation)].map { seeds[$0] }
  }

  /// Every generator that lies on the way `path` or beyond is that of `other` too.
  mutating func share(_ path: [Int], with other: [Int]) {
    for (place, generator) in places where place.path.starts(with: path) {
      let way = other + place.path.dropFirst(path.count)
      places[Place(path: way, operation: place.operation)] = generator
    }
  }

  /// The numbers of one draw of `count` numbers, for the layer at `path`; the next draw has others.
  ///
  /// Keras 3 has one generator for all draws of a layer, so there `operation` says nothing.
  mutating func next(_ count: Int, operation: Int, at path: [Int]) -> Philox {
    let operation = generation == .keras3 ? 0 : operation
    let place = Place(path: path, operation: operation)
    if places[place] == nil { add(seed: 0, at: path, operation: operation) }
    guard let index = places[place] else { return Philox(seed: 0) }
    let (seed, position) = (seeds[index], positions[index])
    if generation == .keras3 {
      positions[index] += 1
      return Philox(seed: seed, offset: position)
    }
    // TensorFlow leaves room for numbers that are drawn again.
    positions[index] += UInt64(count) * 256
    return Philox(operation: seed, graph: graphSeed, position: position)
  }
}
