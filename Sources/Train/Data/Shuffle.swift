import KerasFormat
import KerasRuntime

/// What `fit` does to the order of the training rows: Keras's `shuffle` argument.
///
///     try model.fit(x, y, shuffle: true)
///     try model.fit(x, y, shuffle: .batch)
public enum Shuffling: String, Sendable, Equatable, ExpressibleByBooleanLiteral {
  /// The order of the data: `shuffle=False`.
  case none
  /// All rows: `shuffle=True`.
  case rows
  /// Keras's `shuffle="batch"`, for data that is read in pieces. Keras 1 and 2.2 shuffle the
  /// batches as blocks; Keras 3 keeps their order and shuffles the rows of each batch.
  case batch

  /// `true` is ``rows``, `false` is ``none``.
  public init(booleanLiteral value: Bool) { self = value ? .rows : .none }
  /// As Keras's `shuffle` where it is a truth value.
  public init(_ shufflesRows: Bool) { self = shufflesRows ? .rows : .none }
}

/// The order in which `fit` visits the training rows, epoch after epoch, as the generation draws it
/// from the run's seed.
///
/// - Keras 1, 2.2: NumPy's `shuffle` on the same array again and again.
/// - Keras 2.15: TensorFlow's RandomShuffle of 0…n-1, its stream going on from epoch to epoch.
/// - Keras 3: the same, its stream starting anew each epoch, so that under a seed every epoch has
///   one and the same order. Without a seed each epoch has its own.
///
/// It is a value: a copy goes its own way, and ``state`` is all that has to be saved to go on with
/// the next epoch in another process. Source: `fit_loop` of Keras 1.2.2 and 2.2.4,
/// `TensorLikeDataAdapter` of 2.15, `ArrayDataAdapter` of 3.15.
package struct Shuffle: Sendable, Equatable {
  /// The run's seed, and how far it is.
  package struct State: Sendable, Equatable {
    package var seed: UInt64
    /// Whether somebody chose the seed.
    package var isSeeded: Bool
    /// Where NumPy's generator stood before the first epoch; Keras 1 and 2.2 alone look at it.
    package var start: MersenneTwister.State
    /// Epochs whose order has been handed out.
    package var epoch = 0

    /// The beginning of a run with a seed.
    package init(seed: UInt64, isSeeded: Bool, start: MersenneTwister.State? = nil) {
      self.seed = seed
      self.isSeeded = isSeeded
      self.start = start ?? MersenneTwister(numpySeed: UInt32(truncatingIfNeeded: seed)).state
    }
  }

  package private(set) var state: State
  private let mode: Shuffling
  private let batchSize: Int
  private let generation: Generation
  private var twister: MersenneTwister
  private var order: [Int]

  /// Goes on where `state` stands.
  ///
  /// - Throws: ``KerasError`` for Keras 2.15's `shuffle="batch"`, which shuffles a batch's inputs
  ///   and its targets apart from each other, and for a state that is none.
  package init(
    rows: Int, mode: Shuffling = .rows, batchSize: Int = 32, generation: Generation, state: State
  ) throws(KerasError) {
    guard mode != .batch || generation != .keras2_15 else {
      throw KerasError(
        .unsupportedConfiguration,
        "shuffle 'batch' under Keras 2.15, which shuffles inputs and targets of a batch separately",
        hint: "shuffle the rows, or not at all")
    }
    self.mode = mode
    self.batchSize = max(1, batchSize)
    self.generation = generation
    order = Array(0..<rows)
    twister = try MersenneTwister(state: state.start)
    self.state = state
    self.state.epoch = 0
    // NumPy shuffles what the epoch before left, so the way there is gone again.
    if generation <= .keras2 {
      for _ in 0..<state.epoch { _ = next() }
    }
    self.state.epoch = state.epoch
  }

  /// The order of the next epoch.
  package mutating func next() -> [Int] {
    defer { state.epoch += 1 }
    guard mode != .none else { return order }
    switch generation {
    case .keras1, .keras2:
      if mode == .batch { shuffleBlocks() } else { twister.shuffle(&order) }
      return order
    case .keras2_15: return randomShuffle(epoch: state.epoch)
    case .keras3: return randomShuffle(epoch: state.isSeeded ? 0 : state.epoch)
    }
  }

  /// The full batches in random order; a smaller last one stays behind them.
  private mutating func shuffleBlocks() {
    var blocks = Array(0..<order.count / batchSize)
    twister.shuffle(&blocks)
    let shuffled = blocks.flatMap { order[$0 * batchSize..<($0 + 1) * batchSize] }
    order = shuffled + order[shuffled.count...]
  }

  /// TensorFlow's RandomShuffle kernel, the first operation without a seed of its graph: once over
  /// all rows, or batch after batch. It sets a number aside for every row but the last.
  private func randomShuffle(epoch: Int) -> [Int] {
    let rows = order.count
    let length = mode == .batch ? batchSize : rows
    var start = Philox(operation: 0, graph: state.seed)
    let pieces = stride(from: 0, to: rows, by: max(1, length)).map {
      $0..<min(rows, $0 + length)
    }
    func blocks(_ count: Int) -> UInt64 { UInt64((count - 1 + 3) / 4) }
    start.skip(blocks: UInt64(epoch) * pieces.reduce(0) { $0 + blocks($1.count) })
    var shuffled = order
    for piece in pieces {
      var generator = start
      for i in piece.dropLast() {
        shuffled.swapAt(i, i + Int(generator.next()) % (piece.upperBound - i))
      }
      start.skip(blocks: blocks(piece.count))
    }
    return shuffled
  }
}
