import KerasFormat
import KerasRuntime
import KerasTrain

/// Something in the rows that may be the label itself, put there with it: a word that stands at the
/// same place in every row of a class and in no other row, or a column with one value for each
/// class.
///
/// What tells the label plainly is none: a word that is now here and now there in a text, or a
/// column whose size decides. Whether a giveaway is a leak no number can say, only who knows where
/// it comes from.
public struct Giveaway: Sendable {
  /// Share of the rows whose class follows from it.
  public let share: Double
  /// What it is: `the first word ("positive" or "negative")`.
  public let what: String

  /// A class whose rows, and no others, have a mark.
  private struct Mark {
    let label: Int
    /// Rows of the class without it, and of other classes with it.
    let exceptions: Int
    let words: String
    let place: String
  }

  /// Exceptions among a hundred rows that do not make it less of a mark, as mistakes in data do.
  private static let tolerance = 0.01
  /// Rows of a class that could be alike by chance.
  private static let fewest = 5

  private init?(_ marks: [Mark], _ labels: LabelFacts) {
    let present = labels.counts.indices.filter { labels.counts[$0] > 0 }
    let marked = Set(marks.map(\.label))
    // What has none of the marks is the last class.
    guard present.count > 1, marked.count >= present.count - 1,
      present.allSatisfy({ labels.counts[$0] >= Self.fewest })
    else { return nil }
    var exceptions = 0
    for label in marked {
      exceptions += marks.filter { $0.label == label }.map(\.exceptions).min() ?? 0
    }
    share = 1 - Double(exceptions) / Double(max(1, labels.classes.count))
    let first = marks[0]
    let words = marks.filter { $0.place == first.place }.prefix(3).map(\.words)
    what =
      words.allSatisfy(\.isEmpty)
      ? first.place : "\(first.place) (\(words.joined(separator: " or ")))"
  }

  // MARK: - Words

  /// In rows of words.
  init?(_ inputs: [TokenInput], _ labels: LabelFacts, tokenizer: Tokenizer?) {
    for input in inputs {
      let name = inputs.count > 1 ? " of \(input.name)" : ""
      let marks = Self.marks(input.rows, labels, name: name, tokenizer: tokenizer)
      if let found = Giveaway(marks, labels) {
        self = found
        return
      }
    }
    return nil
  }

  private static func marks(
    _ tokens: TokenRows, _ labels: LabelFacts, name: String, tokenizer: Tokenizer?
  ) -> [Mark] {
    var having: [Int32: [Int]] = [:]
    for row in 0..<tokens.rows {
      for id in Set(tokens.words(row)) where id != 0 {
        having[id, default: [Int](repeating: 0, count: labels.counts.count)][
          labels.classes[row]] += 1
      }
    }
    var marks: [Mark] = []
    for (id, counts) in having.sorted(by: { $0.key < $1.key }) {
      let all = counts.reduce(0, +)
      for (label, count) in counts.enumerated() where count > 0 {
        let exceptions = labels.counts[label] - count + all - count
        guard Double(exceptions) <= tolerance * Double(labels.counts[label]),
          let place = place(of: id, in: tokens, labels, label)
        else { continue }
        let word = tokenizer?.indexWord[Int(id)].map { "\"\($0)\"" } ?? "token \(id)"
        marks.append(
          Mark(label: label, exceptions: exceptions, words: word, place: "\(place)\(name)"))
      }
    }
    return marks
  }

  /// Where a word stands in nearly all rows of its class, from one end or the other.
  private static func place(
    of id: Int32, in tokens: TokenRows, _ labels: LabelFacts, _ label: Int
  ) -> String? {
    var (fromStart, fromEnd): ([Int: Int], [Int: Int]) = ([:], [:])
    for row in 0..<tokens.rows where labels.classes[row] == label {
      let words = Array(tokens.words(row))
      if let first = words.firstIndex(of: id) { fromStart[first, default: 0] += 1 }
      if let last = words.lastIndex(of: id) { fromEnd[words.count - 1 - last, default: 0] += 1 }
    }
    let needed = 0.95 * Double(labels.counts[label])
    for (places, end) in [(fromStart, "first"), (fromEnd, "last")] {
      guard let (place, count) = places.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
        Double(count) >= needed
      else { continue }
      switch (place, end) {
      case (0, _): return "the \(end) word"
      case (_, "first"): return "word \(place + 1)"
      default: return "word \(place + 1) from the end"
      }
    }
    return nil
  }

  // MARK: - Columns

  /// Columns that are looked at.
  private static let widest = 4096

  /// In columns of numbers.
  ///
  /// - Parameter words: places of the inputs whose numbers are words.
  init?(_ data: Dataset, _ labels: LabelFacts, except words: Set<Int>, names: [String]) {
    var marks: [Mark] = []
    let rows = labels.classes.count
    let present = labels.counts.filter { $0 > 0 }.count
    for (place, array) in data.inputs.enumerated() where !words.contains(place) {
      let width = array.count / max(1, rows)
      guard width <= Self.widest else { continue }
      let values = array.doubles()
      for column in 0..<width {
        // As many values as classes at most, but for mistakes.
        var counts: [Double: [Int]] = [:]
        for row in 0..<rows {
          counts[
            values[row * width + column], default: [Int](repeating: 0, count: labels.counts.count)][
              labels.classes[row]] += 1
          if counts.count > present { break }
        }
        guard counts.count <= present, counts.count > 1 else { continue }
        let name = Self.column(column, of: place, names)
        for (_, own) in counts.sorted(by: { $0.key < $1.key }) {
          let all = own.reduce(0, +)
          for (label, count) in own.enumerated() where count > 0 {
            let exceptions = labels.counts[label] - count + all - count
            guard Double(exceptions) <= Self.tolerance * Double(labels.counts[label]) else {
              continue
            }
            marks.append(Mark(label: label, exceptions: exceptions, words: "", place: name))
          }
        }
      }
    }
    self.init(marks, labels)
  }

  /// A column that is the target itself, of a model that is to give values.
  init?(_ data: Dataset, values: NumericArray, names: [String]) {
    let rows = values.shape[0]
    let targets = values.doubles()
    guard targets.count == rows, rows >= 2 * Self.fewest, Set(targets).count > 2 else {
      return nil
    }
    for (place, array) in data.inputs.enumerated() {
      let width = array.count / max(1, rows)
      guard width <= Self.widest else { continue }
      let own = array.doubles()
      for column in 0..<width
      where (0..<rows).allSatisfy({ own[$0 * width + column] == targets[$0] }) {
        (share, what) = (1, Self.column(column, of: place, names))
        return
      }
    }
    return nil
  }

  private static func column(_ column: Int, of place: Int, _ names: [String]) -> String {
    names.count > 1 && names.indices.contains(place)
      ? "column \(column) of \(names[place])" : "column \(column)"
  }
}
