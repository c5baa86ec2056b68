/// Reads objects of whole numbers or plain strings member by member, without a tree: tables of
/// words have thousands of members, five tables a tokenizer.
package enum FlatObject {
  package enum Value {
    case integer(Int)
    /// UTF-8.
    case string(UnsafeBufferPointer<UInt8>)
  }

  /// Calls `body` for each member in the order of the text, until it returns `false`.
  ///
  /// - Returns: `false` where the text is no such object, has an escaped character, or `body` did
  ///   not want to go on; some members have been seen by then. ``JSON`` reads it, or says what is
  ///   wrong.
  package static func forEachMember(
    in text: String, _ body: (_ key: UnsafeBufferPointer<UInt8>, _ value: Value) -> Bool
  ) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var scanner = Scanner(bytes: bytes)
      return scanner.object(body)
    }
  }

  private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    mutating func object(_ body: (UnsafeBufferPointer<UInt8>, Value) -> Bool) -> Bool {
      guard skip(UInt8(ascii: "{")) else { return false }
      if skip(UInt8(ascii: "}")) { return isAtEnd }
      repeat {
        guard let key = string(), skip(UInt8(ascii: ":")), let value = value(), body(key, value)
        else { return false }
      } while skip(UInt8(ascii: ","))
      return skip(UInt8(ascii: "}")) && isAtEnd
    }

    private var isAtEnd: Bool {
      mutating get {
        skipSpace()
        return position == bytes.count
      }
    }

    private mutating func skipSpace() {
      while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) {
        position += 1
      }
    }

    private mutating func skip(_ mark: UInt8) -> Bool {
      skipSpace()
      guard position < bytes.count, bytes[position] == mark else { return false }
      position += 1
      return true
    }

    /// A string without escapes or control characters.
    private mutating func string() -> UnsafeBufferPointer<UInt8>? {
      guard skip(UInt8(ascii: "\"")) else { return nil }
      let start = position
      while position < bytes.count {
        let byte = bytes[position]
        if byte == UInt8(ascii: "\"") {
          position += 1
          return UnsafeBufferPointer(rebasing: bytes[start..<position - 1])
        }
        guard byte >= 0x20, byte != UInt8(ascii: "\\") else { return nil }
        position += 1
      }
      return nil
    }

    private mutating func value() -> Value? {
      skipSpace()
      guard position < bytes.count else { return nil }
      if bytes[position] == UInt8(ascii: "\"") { return string().map(Value.string) }
      let start = position
      var number = 0
      while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
        number = number * 10 + Int(bytes[position] - 0x30)
        position += 1
        // No leading zero, and no number that could overflow.
        guard position - start <= 18, position - start == 1 || bytes[start] != 0x30 else {
          return nil
        }
      }
      guard position > start, position < bytes.count else { return nil }
      return [0x2E, 0x45, 0x65].contains(bytes[position]) ? nil : .integer(number)
    }
  }
}
