import KerasFormat
import KerasRuntime
import KerasTrain

/// Rows of token ids, `(N, T)`, as the words and the padding that they are: 0 is padding.
struct TokenRows: Sendable {
  let ids: [Int32]
  let rows: Int
  let steps: Int

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

/// An input whose numbers an ``Embedding`` looks up, and its rows.
struct TokenInput: Sendable {
  /// Its place among the model's inputs.
  let index: Int
  let name: String
  let place: SequencePlace
  let layer: Embedding
  let rows: TokenRows

  /// All such inputs of a model.
  static func all(in data: Dataset, of network: Network) -> [TokenInput] {
    network.sequences.compactMap { place in
      guard let input = place.input, let layer = network.nodes[place.node].layer as? Embedding,
        let index = network.inputs.firstIndex(of: input), data.inputs.indices.contains(index),
        let rows = TokenRows(data.inputs[index])
      else { return nil }
      return TokenInput(
        index: index, name: network.nodes[input].name, place: place, layer: layer, rows: rows)
    }
  }
}

/// Where a sequence comes into a model.
struct SequencePlace: Sendable, Equatable {
  /// The node whose output is the sequence of vectors: an embedding, or what feeds the first
  /// recurrent layer where there is none.
  let node: Int
  /// The first recurrent layer behind it.
  let recurrent: Int?
  /// The model's input that an embedding's ids come from.
  let input: Int?
}

extension Network {
  /// The sequences of a model, in the order of its inputs; of several embeddings of one input the
  /// first.
  var sequences: [SequencePlace] {
    var places: [SequencePlace] = []
    for (index, node) in nodes.enumerated() {
      guard node.layer is Embedding, let edge = node.inputs.first else { continue }
      // A text layer stands between the texts and the ids, and ids enter behind it.
      var source = edge.node
      while nodes[source].layer is any TextLayer, let above = nodes[source].inputs.first {
        source = above.node
      }
      let input = inputs.contains(source) ? source : nil
      if input != nil, places.contains(where: { $0.input == input }) { continue }
      places.append(
        SequencePlace(node: index, recurrent: firstRecurrent(behind: index), input: input))
    }
    if places.isEmpty, let first = recurrentNodes.first, let edge = nodes[first].inputs.first {
      places.append(SequencePlace(node: edge.node, recurrent: first, input: nil))
    }
    func order(_ place: SequencePlace) -> (Int, Int) {
      (place.input.flatMap { inputs.firstIndex(of: $0) } ?? inputs.count, place.node)
    }
    return places.sorted { order($0) < order($1) }
  }

  /// The layers that take a sequence step by step.
  var recurrentNodes: [Int] {
    nodes.indices.filter { nodes[$0].layer.isRecurrent && !nodes[$0].inputs.isEmpty }
  }

  private func firstRecurrent(behind node: Int) -> Int? {
    recurrentNodes.first { isReached($0, from: node) }
  }

  /// Whether what `source` gives takes part in what `node` is given. Edges lead to nodes of higher
  /// index alone.
  func isReached(_ node: Int, from source: Int) -> Bool {
    var reached: Set<Int> = [source]
    for index in nodes.indices where index > source && index <= node {
      if nodes[index].inputs.contains(where: { reached.contains($0.node) }) {
        reached.insert(index)
      }
    }
    return reached.contains(node)
  }
}

extension Layer {
  var isRecurrent: Bool {
    self is GRU || self is LSTM || self is SimpleRNN || self is Bidirectional || self is RNN
  }
}
