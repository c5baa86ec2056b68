import KerasFormat
import KerasRuntime
import KerasTrain

/// Rows of token ids, `(N, T)`, as the words and the padding that they are: 0 is padding.
struct TokenRows: Sendable {
  let ids: [Int32]
  let rows: Int
  let steps: Int

  /// The ids of a model whose one input goes straight into an ``Embedding``; else `nil`.
  init?(_ data: Dataset, for network: Network) {
    guard network.inputs.count == 1, data.inputs.count == 1,
      network.embedding?.input == network.inputs[0]
    else { return nil }
    self.init(data.inputs[0])
  }

  init?(_ array: NumericArray) {
    guard array.shape.count == 2 else { return nil }
    rows = array.shape[0]
    steps = array.shape[1]
    ids = array.doubles().map { Int32(exactly: $0.rounded(.towardZero)) ?? -1 }
  }

  init(ids: [Int32], rows: Int, steps: Int) {
    (self.ids, self.rows, self.steps) = (ids, rows, steps)
  }

  var array: NumericArray { NumericArray(shape: [rows, steps], .int32(ids)) }

  func row(_ index: Int) -> ArraySlice<Int32> { ids[index * steps..<(index + 1) * steps] }

  /// The row without the padding at its ends.
  func words(_ index: Int) -> ArraySlice<Int32> {
    let row = row(index)
    guard let first = row.firstIndex(where: { $0 != 0 }),
      let last = row.lastIndex(where: { $0 != 0 })
    else { return [] }
    return row[first...last]
  }

  /// Padding steps before the first and behind the last word of a row; all are behind in one
  /// without.
  func padding(_ index: Int) -> (front: Int, end: Int) {
    let (row, words) = (row(index), words(index))
    guard !words.isEmpty else { return (0, steps) }
    return (words.startIndex - row.startIndex, row.endIndex - words.endIndex)
  }

  // MARK: - The same words in other rows

  /// The same words padded at one end; rows that are too long are cut at `truncating`.
  func padded(_ side: PaddingSide, to length: Int, truncating: PaddingSide = .post) -> TokenRows {
    var result: [Int32] = []
    result.reserveCapacity(rows * length)
    for index in 0..<rows {
      var words = Array(words(index))
      if words.count > length {
        words = Array(truncating == .pre ? words.suffix(length) : words.prefix(length))
      }
      let padding = [Int32](repeating: 0, count: length - words.count)
      result += side == .pre ? padding + words : words + padding
    }
    return TokenRows(ids: result, rows: rows, steps: length)
  }

  /// All words exchanged at random over all rows; padding stays where it is.
  func permuted(_ generator: inout some RandomNumberGenerator) -> TokenRows {
    let places = ids.indices.filter { ids[$0] != 0 }
    var result = ids
    for (place, other) in zip(places, places.shuffled(using: &generator)) {
      result[place] = ids[other]
    }
    return TokenRows(ids: result, rows: rows, steps: steps)
  }

  /// Some rows alone.
  func selecting(_ wanted: [Int]) -> TokenRows {
    TokenRows(ids: wanted.flatMap { row($0) }, rows: wanted.count, steps: steps)
  }
}

extension Network {
  /// The first embedding: its node, its layer, and the node that it takes ids from.
  var embedding: (node: Int, layer: Embedding, input: Int)? {
    for (index, node) in nodes.enumerated() {
      guard let layer = node.layer as? Embedding, let edge = node.inputs.first else { continue }
      // A text layer stands between the texts and the ids, and ids enter behind it.
      var input = edge.node
      while nodes[input].layer is any TextLayer, let above = nodes[input].inputs.first {
        input = above.node
      }
      return (index, layer, input)
    }
    return nil
  }

  /// The first layer that takes the sequence step by step: its node and the one that feeds it.
  var recurrent: (node: Int, source: Int)? {
    for (index, node) in nodes.enumerated() where node.layer.isRecurrent {
      guard let edge = node.inputs.first else { continue }
      return (index, edge.node)
    }
    return nil
  }
}

extension Layer {
  var isRecurrent: Bool {
    self is GRU || self is LSTM || self is SimpleRNN || self is Bidirectional || self is RNN
  }
}

/// The seed's own numbers: SplitMix64 (Steele, Lea and Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
