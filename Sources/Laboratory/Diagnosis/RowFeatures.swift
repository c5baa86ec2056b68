import KerasFormat
import KerasRuntime
import KerasTrain

/// What each row has, for a classifier that only looks at what is there: its words, and the columns
/// of its numbers that exceed their median.
struct RowFeatures {
  let rows: [Set<Int>]
  private let names: [String]
  private let textPlaces: Set<Int>
  private let tokenizer: Tokenizer?

  /// Whether they are words alone, columns alone, or both.
  var kind: String {
    textPlaces.isEmpty
      ? "columns above their median"
      : textPlaces.count == names.count ? "words alone" : "words and columns above their median"
  }

  /// Numbers of one input; those of the next come behind them.
  private static let span = 1 << 32
  private static let widest = 4096

  /// - Returns: `nil` where an input has more columns than can be looked at.
  init?(_ data: Dataset, _ tokens: [TokenInput], names: [String], tokenizer: Tokenizer?) {
    (self.names, self.tokenizer) = (names, tokenizer)
    textPlaces = Set(tokens.map(\.index))
    var features = [Set<Int>](repeating: [], count: data.rows)
    for input in tokens {
      for row in 0..<data.rows {
        for id in input.rows.words(row) { features[row].insert(input.index * Self.span + Int(id)) }
      }
    }
    for (place, array) in data.inputs.enumerated() where !textPlaces.contains(place) {
      let width = array.count / max(1, data.rows)
      guard width <= Self.widest else { return nil }
      let values = array.doubles()
      for column in 0..<width {
        let own = (0..<data.rows).map { values[$0 * width + column] }
        let median = own.sorted()[data.rows / 2]
        for row in 0..<data.rows where own[row] > median {
          features[row].insert(place * Self.span + column)
        }
      }
    }
    rows = features
  }

  /// A feature as a reader knows it: `"good"`, `token 7`, `column 3 above its median`.
  func name(_ feature: Int) -> String {
    let (place, number) = (feature / Self.span, feature % Self.span)
    let input = names.count > 1 && names.indices.contains(place) ? " of \(names[place])" : ""
    guard textPlaces.contains(place) else { return "column \(number)\(input) above its median" }
    return (tokenizer?.indexWord[number].map { "\"\($0)\"" } ?? "token \(number)") + input
  }
}
