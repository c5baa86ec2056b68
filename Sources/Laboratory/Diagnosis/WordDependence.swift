import KerasFormat
import KerasRuntime
import KerasTrain

/// How much the model's answer depends on the words of a row at all: its spread over the rows,
/// against what other words in the same places, no words, or the same words at the other end make
/// of it. All are of the score before a sigmoid, at one set of weights, in the middle of the rows:
/// a few long rows, which have hardly any padding, do not speak for the others.
public struct WordDependence: Sendable {
  /// How far the score lies from its median, in the middle of the rows.
  public let spread: Double
  /// How far the score moves when all words are exchanged over all rows: as far as the spread where
  /// the words decide, 0 where only their number or nothing does.
  public let permuted: Double
  /// How far it moves when every word is replaced by padding.
  public let removed: Double
  /// The spread with the same words padded at the front, as they would be with a mask.
  public let inFront: Double
  /// The gradient that reaches the words over the one that the recurrent layer is given, as the
  /// rows are, and with the same words padded at the front; `nil` without a recurrent layer.
  public let gradient: Double?
  /// The same with the words padded at the front.
  public let gradientInFront: Double?
  /// The gradient at the first, second, … word, as the rows are, and padded at the front.
  public let byWord: [Double]
  /// The same with the words padded at the front.
  public let byWordInFront: [Double]

  /// Of a model of several inputs ``permuted`` with the words padded at the front: how far its score
  /// lies from row to row the others decide, too. `nil` for a model of one.
  public let permutedInFront: Double?

  /// What is left of what the words do to the score by padding where it is: 1 where it costs
  /// nothing.
  public var keptSpread: Double {
    let (now, front) = permutedInFront.map { (permuted, $0) } ?? (spread, inFront)
    return front > 0 ? min(1, now / front) : 1
  }
  /// What is left of the gradient.
  public var keptGradient: Double {
    guard let gradient, let gradientInFront, gradientInFront > 0 else { return 1 }
    return min(1, gradient / gradientInFront)
  }

  /// - Parameters:
  ///   - tokens: the input whose words are changed; all others stay as they are.
  ///   - probe: of the same rows as they are.
  init(
    _ model: Model, _ tokens: TokenInput, _ data: Dataset, rows: [Int], seed: UInt64,
    asIs probe: Probe
  ) throws(KerasError) {
    var generator = SeededGenerator(seed: seed)
    let own = tokens.rows.selecting(rows)
    let inputs = data.inputs.map { $0.rows(rows) }
    let targets = data.targets.map { $0.rows(rows) }
    func scores(_ changed: TokenRows) throws(KerasError) -> Probe {
      var inputs = inputs
      inputs[tokens.index] = changed.array
      return try Probe(
        model, try Dataset(inputs: inputs, targets: targets), rows: Array(rows.indices))
    }
    func flow(_ probe: Probe) -> GradientFlow? {
      let index = model.network.sequences.firstIndex(of: tokens.place)
      return index.flatMap { probe.flows.indices.contains($0) ? probe.flows[$0] : nil }
    }
    let base = probe.scores
    func change(_ other: Probe) -> Double { Self.change(base, other.scores) }
    let front = own.padded(.pre, to: own.steps)
    let inFront = try scores(front)
    spread = Self.spread(base)
    let exchanged = own.permuted(&generator)
    permuted = change(try scores(exchanged))
    if inputs.count > 1 {
      let other = try scores(exchanged.padded(.pre, to: own.steps))
      permutedInFront = Self.change(inFront.scores, other.scores)
    } else {
      permutedInFront = nil
    }
    removed = change(
      try scores(
        TokenRows(
          ids: [Int32](repeating: 0, count: own.ids.count), rows: own.rows, steps: own.steps)))
    self.inFront = Self.spread(inFront.scores)
    gradient = flow(probe)?.shareAtWords(of: own)?.middle
    gradientInFront = flow(inFront)?.shareAtWords(of: front)?.middle
    byWord = flow(probe)?.byWord(of: own) ?? []
    byWordInFront = flow(inFront)?.byWord(of: front) ?? []
  }

  /// How far scores move, in the middle of the rows.
  private static func change(_ scores: [[Double]], _ others: [[Double]]) -> Double {
    Median.of(
      zip(scores, others).map { pair in Probe.root(zip(pair.0, pair.1).map { $0 - $1 }) }) ?? 0
  }

  /// The median distance from the median; of several outputs the length of all distances.
  static func spread(_ scores: [[Double]]) -> Double {
    let width = scores.first?.count ?? 0
    let centers = (0..<width).map { unit in Median.of(scores.map { $0[unit] }) ?? 0 }
    return Median.of(scores.map { row in Probe.root(zip(row, centers).map { $0 - $1 }) }) ?? 0
  }
}

extension NumericArray {
  /// The array of some rows.
  func rows(_ wanted: [Int]) -> NumericArray {
    let values = selecting(wanted)
    let shape = [wanted.count] + shape.dropFirst()
    if elements.type.isFloatingPoint {
      return NumericArray(shape: shape, .float32(values.map { Float($0) }))
    }
    return NumericArray(shape: shape, .int64(values.map { Int64($0) }))
  }
}
