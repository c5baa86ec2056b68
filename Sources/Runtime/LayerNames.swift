/// The names that Keras gives to layers that were not named: the class in snake case, the first of
/// a class without a number, then `_1`, `_2`….
public struct LayerNames {
  private var counts: [String: Int] = [:]

  public init() {}

  /// The name of the next layer of a class.
  public mutating func next(for className: String) -> String {
    let base = Self.snakeCase(className)
    let count = counts[base, default: 0]
    counts[base] = count + 1
    return count == 0 ? base : "\(base)_\(count)"
  }

  /// `GlobalMaxPooling1D` → `global_max_pooling1d`, `LSTM` → `lstm`, `PReLU` → `p_re_lu`: an
  /// underscore goes before a capital that a small letter follows, and between a small letter or
  /// digit and a capital. `my_package>MyLayer` → `my_layer`.
  public static func snakeCase(_ name: String) -> String {
    let letters = Array(name.split(separator: ">").last ?? "")
    var text = ""
    for (i, letter) in letters.enumerated() {
      let startsWord =
        i > 0 && letter.isUppercase
        && (i + 1 < letters.count && letters[i + 1].isLowercase
          || letters[i - 1].isLowercase || letters[i - 1].isNumber && i + 1 < letters.count)
      if startsWord && text.last != "_" { text += "_" }
      text += letter.lowercased()
    }
    return text
  }
}
