import KerasFormat

/// Cuts texts into words as Keras's `TextVectorization` does with TensorFlow's string operations:
/// standardized, split, and joined to n-grams. Everything works on UTF-8 bytes: lower case is that
/// of ASCII's letters alone (`tf.strings.lower`), and punctuation is deleted, not replaced.
struct TextPieces: Sendable {
  enum Standardization: String, Sendable {
    case lower
    case stripPunctuation = "strip_punctuation"
    case both = "lower_and_strip_punctuation"
  }

  /// Where texts are cut: at runs of ASCII's white space, or behind every code point.
  enum Split: String, Sendable { case whitespace, character }

  let standardization: Standardization?
  let split: Split?
  /// The lengths of n-grams, in the order in which they come out; `nil` for the words alone.
  let ngrams: [Int]?

  private static let punctuation: [Bool] = {
    var table = [Bool](repeating: false, count: 256)
    for byte in "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'".utf8 { table[Int(byte)] = true }
    return table
  }()

  /// The words of one row: of one text, or, where nothing is split, of one text a column.
  func pieces(of texts: [String]) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    for text in texts {
      let bytes = standardized(Array(text.utf8))
      switch split {
      case nil: pieces.append(bytes)
      case .whitespace:
        for word in bytes.split(whereSeparator: Self.isSpace) { pieces.append(Array(word)) }
      case .character:
        var start = 0
        for end in 1..<max(bytes.count + 1, 1)
        where end == bytes.count || bytes[end] & 0xC0 != 0x80 {
          pieces.append(Array(bytes[start..<end]))
          start = end
        }
      }
    }
    guard let ngrams else { return pieces }
    var grams: [[UInt8]] = []
    for length in ngrams where length <= pieces.count {
      for start in 0...pieces.count - length {
        grams.append(Array(pieces[start..<start + length].joined(separator: [0x20])))
      }
    }
    return grams
  }

  private func standardized(_ text: [UInt8]) -> [UInt8] {
    var text = text
    if standardization == .lower || standardization == .both {
      for i in text.indices { text[i] = PythonLowercase.asciiLowercase(text[i]) }
    }
    if standardization == .stripPunctuation || standardization == .both {
      text.removeAll { Self.punctuation[Int($0)] }
    }
    return text
  }

  /// C's `isspace`: space, and tab to carriage return.
  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
