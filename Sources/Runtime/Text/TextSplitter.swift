/// Cuts texts into words as Keras's `text_to_word_sequence`: lower case, then every filter
/// character becomes the split string, then the text is split there and empty pieces are dropped.
///
/// Characters are Python's: code points, so `\r\n` is two and é may be one or two. Words are handed
/// over as UTF-8 bytes inside a buffer, without making Strings.
struct TextSplitter: Sendable, Equatable {
  let filters: String
  let lower: Bool
  let split: String
  let charLevel: Bool
  /// For each byte whether it ends a word; `nil` where single bytes cannot tell, because a filter
  /// or the split string is not one ASCII character.
  private let separators: [Bool]?

  init(filters: String, lower: Bool, split: String, charLevel: Bool) {
    self.filters = filters
    self.lower = lower
    self.split = split
    self.charLevel = charLevel
    let marks = Array(filters.utf8) + Array(split.utf8)
    if split.utf8.count == 1, marks.allSatisfy({ $0 < 0x80 }) {
      var separators = [Bool](repeating: false, count: 256)
      for mark in marks { separators[Int(mark)] = true }
      self.separators = separators
    } else {
      separators = nil
    }
  }

  /// Calls `body` with each word of UTF-8 `text`, in order.
  func forEachWord(
    in text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard charLevel || separators != nil else {
      for var word in plainWords(of: String(decoding: text, as: UTF8.self)) {
        word.withUTF8 { body($0) }
      }
      return
    }
    guard lower else { return cut(text, body) }
    PythonLowercase.with(text) { cut($0, body) }
  }

  private func cut(
    _ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var start = 0
    if charLevel {
      for i in 1..<max(text.count, 1) where text[i] & 0xC0 != 0x80 {
        body(UnsafeBufferPointer(rebasing: text[start..<i]))
        start = i
      }
    } else if let separators {
      for i in 0..<text.count where separators[Int(text[i])] {
        if i > start { body(UnsafeBufferPointer(rebasing: text[start..<i])) }
        start = i + 1
      }
    }
    if start < text.count { body(UnsafeBufferPointer(rebasing: text[start...])) }
  }

  /// The same words, step by step as Keras's Python makes them. It serves every setting, and is
  /// what the byte path is held against.
  func plainWords(of text: String) -> [String] {
    var bytes: [UInt8] = []
    var text = text
    text.withUTF8 { utf8 in
      if lower {
        PythonLowercase.append(utf8, to: &bytes)
      } else {
        bytes.append(contentsOf: utf8)
      }
    }
    let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    if charLevel { return scalars.map { String(Character($0)) } }
    let filtered = Set(filters.unicodeScalars)
    let separator = Array(split.unicodeScalars)
    let translated = scalars.flatMap { filtered.contains($0) ? separator : [$0] }
    var words: [String] = []
    var word = String.UnicodeScalarView()
    var position = 0
    func finish() {
      if !word.isEmpty { words.append(String(word)) }
      word = String.UnicodeScalarView()
    }
    while position < translated.count {
      if translated[position...].starts(with: separator) {
        finish()
        position += separator.count
      } else {
        word.append(translated[position])
        position += 1
      }
    }
    finish()
    return words
  }
}
