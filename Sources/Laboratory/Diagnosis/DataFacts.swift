import KerasFormat
import KerasRuntime
import KerasTrain

/// How much of the rows is padding, at which end, and whether the model looks at it.
public struct PaddingFacts: Sendable {
  /// Rows, T, and the mean and the longest number of words in a row.
  public let rows: Int
  /// T
  public let steps: Int
  /// The mean number of words in a row.
  public let meanWords: Double
  /// The longest row's number of words.
  public let longest: Int
  /// Shares of all steps that are padding before the first word and behind the last one.
  public let frontShare: Double
  /// Share of all steps that are padding behind the last word.
  public let endShare: Double
  /// Padding steps behind the last word, on average over rows that have words.
  public let meanEnd: Double
  /// Share of rows without any word.
  public let emptyShare: Double
  /// Whether the embedding masks id 0.
  public let isMasked: Bool

  init(_ tokens: TokenRows, isMasked: Bool) {
    var (front, end, empty, words, longest, endOfFilled) = (0, 0, 0, 0, 0, 0)
    for row in 0..<tokens.rows {
      let padding = tokens.padding(row)
      let count = tokens.words(row).count
      front += padding.front
      end += padding.end
      words += count
      longest = max(longest, count)
      if count == 0 { empty += 1 } else { endOfFilled += padding.end }
    }
    let all = Double(max(1, tokens.ids.count))
    rows = tokens.rows
    steps = tokens.steps
    meanWords = Double(words) / Double(max(1, tokens.rows))
    self.longest = longest
    frontShare = Double(front) / all
    endShare = Double(end) / all
    meanEnd = Double(endOfFilled) / Double(max(1, tokens.rows - empty))
    emptyShare = Double(empty) / Double(max(1, tokens.rows))
    self.isMasked = isMasked
  }
}

/// What words the rows have, against what the model's vocabulary has.
public struct VocabularyFacts: Sendable {
  /// Rows of the embedding.
  public let size: Int
  /// Rows of the embedding that no token of the data looks up, padding aside.
  public let untouched: Int
  /// Tokens whose id the embedding does not have, the first of them, and its row.
  public let outOfRange: Int
  /// The first token whose id the embedding does not have, and its row, from 0; `nil` without any.
  public let firstOutOfRange: (id: Int, row: Int)?
  /// Words in the texts, those that the vocabulary does not know at all, and those that it knows
  /// and `num_words` drops; `nil` where the rows did not come from texts.
  public let coverage: Tokenizer.Coverage?

  init(_ tokens: TokenRows, size: Int, coverage: Tokenizer.Coverage?) {
    var seen = [Bool](repeating: false, count: size)
    var (outside, first): (Int, (id: Int, row: Int)?) = (0, nil)
    for (index, id) in tokens.ids.enumerated() {
      if id >= 0 && Int(id) < size {
        seen[Int(id)] = true
      } else {
        outside += 1
        if first == nil { first = (Int(id), index / max(1, tokens.steps)) }
      }
    }
    self.size = size
    untouched = seen.dropFirst().filter { !$0 }.count
    outOfRange = outside
    firstOutOfRange = first
    self.coverage = coverage
  }
}

/// How often each class comes, for targets that are classes.
public struct LabelFacts: Sendable {
  /// Rows of each class, by its number.
  public let counts: [Int]
  /// The class of each row.
  let classes: [Int]

  /// `nil` for targets that are no classes: neither 0 and 1, nor one-hot rows, nor, for a loss on
  /// class numbers, whole numbers.
  package init?(_ targets: NumericArray, areNumbers: Bool) {
    let rows = targets.shape[0]
    let values = targets.doubles()
    let width = values.count / max(1, rows)
    var classes: [Int] = []
    if width == 1 {
      let top = areNumbers ? 10_000.0 : 1
      guard values.allSatisfy({ $0 == $0.rounded() && $0 >= 0 && $0 <= top }) else { return nil }
      classes = values.map { Int($0) }
    } else {
      for row in 0..<rows {
        let own = values[row * width..<(row + 1) * width]
        guard let one = own.firstIndex(of: 1), own.filter({ $0 != 0 }).count == 1 else {
          return nil
        }
        classes.append(one - own.startIndex)
      }
    }
    let count = max(width > 1 ? width : 2, (classes.max() ?? 0) + 1)
    var counts = [Int](repeating: 0, count: count)
    for label in classes { counts[label] += 1 }
    self.counts = counts
    self.classes = classes
  }

  /// Share of the most frequent class.
  public var majority: Double {
    Double(counts.max() ?? 0) / Double(max(1, counts.reduce(0, +)))
  }

  /// ‑Σ p·ln p: the loss of the best answer that does not look at the row.
  public var entropy: Double {
    let total = Double(max(1, counts.reduce(0, +)))
    return counts.reduce(0) { sum, count in
      count == 0 ? sum : sum - Double(count) / total * Double.log(Double(count) / total)
    }
  }
}

extension LabelFacts {
  /// Mean over the classes of the share of their rows that answers find; `nil` for answers that are
  /// not one number, or one a class.
  func balancedAccuracy(of answers: [[Double]]) -> Double? {
    var hits = [Double](repeating: 0, count: counts.count)
    for (row, answer) in answers.enumerated() {
      guard answer.count == 1 ? counts.count == 2 : answer.count >= counts.count else { return nil }
      let best =
        answer.count == 1
        ? (answer[0] > 0.5 ? 1 : 0) : answer.indices.max { answer[$0] < answer[$1] } ?? 0
      if best == classes[row] { hits[best] += 1 }
    }
    let present = counts.indices.filter { counts[$0] > 0 }
    return present.reduce(0) { $0 + hits[$1] / Double(counts[$1]) } / Double(max(1, present.count))
  }
}

/// Targets as numbers.
public struct TargetFacts: Sendable {
  /// How many there are.
  public let rows: Int
  /// The one value that all of them have; `nil` where they differ.
  public let constant: Double?

  init(_ targets: NumericArray) {
    let values = targets.doubles()
    rows = targets.shape[0]
    constant = values.first.flatMap { first in values.allSatisfy { $0 == first } ? first : nil }
  }
}

/// How large the numbers are that go into a training, and whether any row counts.
public struct NumberRange: Sendable {
  /// The largest size among the inputs' numbers, and the input; ids of words are left out.
  public let largestInput: (size: Double, name: String)?
  /// The largest size among the targets' numbers.
  public let largestTarget: Double
  /// Whether every row has the weight 0.
  public let isWeightless: Bool

  init(_ data: Dataset, names: [String]) {
    var largest: (size: Double, name: String)?
    for (place, array) in data.inputs.enumerated() where array.elements.type.isFloatingPoint {
      let size = array.doubles().reduce(0) { max($0, abs($1)) }
      if size > largest?.size ?? -1 {
        largest = (size, names.indices.contains(place) ? names[place] : "input \(place)")
      }
    }
    largestInput = largest
    largestTarget = data.targets.flatMap { $0.doubles() }.reduce(0) { max($0, abs($1)) }
    isWeightless =
      !data.sampleWeights.isEmpty
      && data.sampleWeights.allSatisfy { $0?.doubles().allSatisfy { $0 == 0 } ?? false }
  }
}

/// How many rows of validation stand among those that are learned from.
public struct RepeatedRows: Sendable {
  /// Share of the validation rows.
  public let share: Double
  /// How often each different row comes in the rows to learn from, on average.
  public let timesInTraining: Double

  /// - Returns: `nil` where nothing is validated.
  init?(
    _ data: Dataset, _ training: Range<Int>, heldIn held: (data: Dataset, rows: Range<Int>)
  ) {
    guard !held.rows.isEmpty, !training.isEmpty else { return nil }
    let learned = Self.keys(data, training)
    let seen = Set(learned)
    let keys = Self.keys(held.data, held.rows)
    guard !keys.isEmpty, !seen.isEmpty else { return nil }
    share = Double(keys.filter(seen.contains).count) / Double(keys.count)
    timesInTraining = Double(learned.count) / Double(seen.count)
  }

  /// A number for each row, of all that it holds: FNV-1a over the numbers' bits. Rows of nothing
  /// but zeros, which are empty texts, are left out.
  private static func keys(_ data: Dataset, _ rows: Range<Int>) -> [UInt64] {
    var keys = [UInt64](repeating: 0xCBF2_9CE4_8422_2325, count: rows.count)
    var isEmpty = [Bool](repeating: true, count: rows.count)
    for array in data.inputs {
      let values = array.doubles()
      let width = values.count / max(1, data.rows)
      for (place, row) in rows.enumerated() {
        for value in values[row * width..<(row + 1) * width] {
          keys[place] = (keys[place] ^ value.bitPattern) &* 0x100_0000_01B3
          if value != 0 { isEmpty[place] = false }
        }
      }
    }
    return zip(keys, isEmpty).filter { !$0.1 }.map(\.0)
  }
}
