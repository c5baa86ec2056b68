/// The names that Keras gives to what was not named: the class in snake case, the first of a class
/// without a number, then `_1`, `_2`…. They name layers, and the groups in which a file keeps them.
public struct LayerNames: Sendable {
  private var counts: [String: Int] = [:]

  /// No class has been named yet.
  public init() {}

  /// The name of the next layer of a class: `dense`, `dense_1`….
  public mutating func next(for className: String) -> String {
    let base = Self.snakeCase(className)
    let count = counts[base, default: 0]
    counts[base] = count + 1
    return count == 0 ? base : "\(base)_\(count)"
  }

  /// `GlobalMaxPooling1D` → `global_max_pooling1d`, `RMSprop` → `rm_sprop`, `SimpleRNN` →
  /// `simple_rnn`, `PReLU` → `p_re_lu`, `my_package>MyLayer` → `my_layer`.
  ///
  /// Keras's `to_snake_case` (`utils/naming.py` of 3.15): `(.)([A-Z][a-z]+)` and `([a-z])([A-Z])` get
  /// an underscore between, then all is lowercased. The package of a registered class does not
  /// count.
  public static func snakeCase(_ name: String) -> String {
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

  private static func isCapital(_ character: Character) -> Bool { ("A"..."Z").contains(character) }
  private static func isSmall(_ character: Character) -> Bool { ("a"..."z").contains(character) }
}
