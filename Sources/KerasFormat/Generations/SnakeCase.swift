/// Keras's way from class names to file names: `GlobalMaxPooling1D` → `global_max_pooling1d`,
/// `RMSprop` → `rm_sprop`, `SimpleRNN` → `simple_rnn`, `PReLU` → `p_re_lu`.
///
/// Keras's `to_snake_case` (`utils/naming.py`): `(.)([A-Z][a-z]+)` and `([a-z])([A-Z])` get an
/// underscore between, then all is lowercased. The package of a registered class does not count.
enum SnakeCase {
  static func of(_ name: String) -> String {
    let name = SerializedObject.withoutPackage(name)
    let characters = Array(name.filter { $0.isLetter || $0.isNumber || $0 == "_" })
    var first: [Character] = []
    var index = 0
    while index < characters.count {
      // A capital that lower-case letters follow starts a word, unless it is the first character
      // or stands right behind the end of another such word's match.
      first.append(characters[index])
      index += 1
      guard index + 1 < characters.count, isCapital(characters[index]),
        isSmall(characters[index + 1])
      else { continue }
      first.append("_")
      first.append(characters[index])
      index += 1
      while index < characters.count, isSmall(characters[index]) {
        first.append(characters[index])
        index += 1
      }
    }
    var result = ""
    for (index, character) in first.enumerated() {
      if index > 0, isSmall(first[index - 1]), isCapital(character) { result += "_" }
      result.append(character)
    }
    return result.lowercased()
  }

  /// The name of the next object of a class in a container: `dense`, `dense_1`….
  static func numbered(_ className: String, _ counts: inout [String: Int]) -> String {
    let base = of(className)
    let count = counts[base, default: 0]
    counts[base] = count + 1
    return count == 0 ? base : "\(base)_\(count)"
  }

  private static func isCapital(_ character: Character) -> Bool { ("A"..."Z").contains(character) }
  private static func isSmall(_ character: Character) -> Bool { ("a"..."z").contains(character) }
}
