/// JSON text with a position in it: what ``JSON``'s parser and ``FlatObject`` read alike, spaces and
/// strings.
struct JSONText {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  /// Goes on to the next byte of a string that is not there for itself: its closing quote, an
  /// escape, or a control character, which may not stand in a string.
  ///
  /// - Returns: Where the bytes lie that were passed over.
  mutating func run() -> Range<Int> {
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      position += 1
    }
    return start..<position
  }

  /// How many bytes there are from the position to the quote that closes the string, or to the end
  /// where none does.
  func lengthOfString() -> Int {
    var end = position
    while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
      end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(end, bytes.count) - position
  }

  /// Decodes a string from its first escape on, and goes on behind its closing quote.
  ///
  /// - Parameters:
  ///   - run: the bytes before the escape, which ``run()`` gave.
  ///   - memory: room for them and what follows: a string is never longer than what stands for it.
  ///   - start: where the string begins, for messages.
  /// - Returns: the bytes of the string, from the beginning of `memory` on.
  mutating func decode(
    after run: Range<Int>, into memory: UnsafeMutableBufferPointer<UInt8>, from start: Int
  ) throws(KerasError) -> UnsafeBufferPointer<UInt8> {
    var count = 0
    func append(_ utf8: some Collection<UInt8>) {
      for byte in utf8 {
        memory[count] = byte
        count += 1
      }
    }
    append(bytes[run])
    while position < bytes.count {
      if take(UInt8(ascii: "\"")) { return UnsafeBufferPointer(rebasing: memory[..<count]) }
      guard bytes[position] == UInt8(ascii: "\\") else {
        throw error("found \(found) inside a string; it must be written as an escape")
      }
      append(UTF8.encode(try escape()) ?? .init())
      append(bytes[self.run()])
    }
    throw error("the string that starts here has no end", at: start)
  }

  /// Reads the escape at the position, whose backslash has been seen.
  private mutating func escape() throws(KerasError) -> Unicode.Scalar {
    let start = position
    position += 1
    guard position < bytes.count else { throw error("the text ends inside an escape") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try codePoint(escapeAt: start)
    default: throw error("an unknown escape in a string", at: start)
    }
  }

  /// The code point of `\u` and four digits, or of two such escapes that are surrogates.
  private mutating func codePoint(escapeAt start: Int) throws(KerasError) -> Unicode.Scalar {
    var code = try hexadecimal(escapeAt: start)
    if (0xD800..<0xDC00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let low = try hexadecimal(escapeAt: start)
      guard (0xDC00..<0xE000).contains(low) else {
        throw error("a lone surrogate, which is no text", at: start)
      }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else {
      throw error("a lone surrogate, which is no text", at: start)
    }
    return scalar
  }

  private mutating func hexadecimal(escapeAt start: Int) throws(KerasError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("the text ends inside an escape") }
    var code: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw error("\\u needs four hexadecimal digits", at: start)
      }
      code = code << 4 + UInt32(digit)
    }
    position += 4
    return code
  }

  /// What a message calls the byte at the current position.
  var found: String {
    guard position < bytes.count else { return "the end of the text" }
    let byte = bytes[position]
    guard (0x21..<0x7F).contains(byte) else {
      let hex = String(byte, radix: 16)
      return "byte 0x" + (hex.utf8.count < 2 ? "0" + hex : hex)
    }
    return "\"\(Character(Unicode.Scalar(byte)))\""
  }

  func error(_ message: String, at offset: Int? = nil) -> KerasError {
    KerasError(.invalidJSON, message, at: .init(offset: offset ?? position))
  }
}
