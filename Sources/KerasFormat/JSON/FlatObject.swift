/// Reads objects of whole numbers or plain strings member by member, without a tree: tables of
/// words have thousands of members, five tables a tokenizer.
package enum FlatObject {
  package enum Value {
    case integer(Int)
    /// UTF-8.
    case string(UnsafeBufferPointer<UInt8>)
  }

  /// Calls `body` for each member in the order of the text, until it returns `false`. What it is
  /// given is there for the time of the call.
  ///
  /// - Returns: `false` where the text is no such object, or `body` did not want to go on; some
  ///   members have been seen by then. ``JSON`` reads it, or says what is wrong.
  package static func forEachMember(
    in text: String, _ body: (_ key: UnsafeBufferPointer<UInt8>, _ value: Value) -> Bool
  ) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      // A string with escapes is never shorter than what it stands for.
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes.count) { decoded in
        var scanner = Scanner(text: JSONText(bytes), decoded: decoded)
        return scanner.object(body)
      }
    }
  }

  private struct Scanner {
    var text: JSONText
    /// Where strings with escapes are decoded, a member's key and value one behind the other.
    let decoded: UnsafeMutableBufferPointer<UInt8>
    private var used = 0

    private var bytes: UnsafeBufferPointer<UInt8> { text.bytes }

    init(text: JSONText, decoded: UnsafeMutableBufferPointer<UInt8>) {
      self.text = text
      self.decoded = decoded
    }

    mutating func object(_ body: (UnsafeBufferPointer<UInt8>, Value) -> Bool) -> Bool {
      guard skip(UInt8(ascii: "{")) else { return false }
      if skip(UInt8(ascii: "}")) { return isAtEnd }
      repeat {
        used = 0
        guard let key = string(), skip(UInt8(ascii: ":")), let value = value(), body(key, value)
        else { return false }
      } while skip(UInt8(ascii: ","))
      return skip(UInt8(ascii: "}")) && isAtEnd
    }

    private var isAtEnd: Bool {
      mutating get {
        text.skipSpace()
        return text.isAtEnd
      }
    }

    private mutating func skip(_ mark: UInt8) -> Bool {
      text.skipSpace()
      return text.take(mark)
    }

    private mutating func string() -> UnsafeBufferPointer<UInt8>? {
      guard skip(UInt8(ascii: "\"")) else { return nil }
      let run = text.run()
      if text.take(UInt8(ascii: "\"")) { return UnsafeBufferPointer(rebasing: bytes[run]) }
      guard
        let string = try? text.decode(
          after: run, into: .init(rebasing: decoded[used...]), from: run.lowerBound - 1)
      else { return nil }
      used += string.count
      return string
    }

    private mutating func value() -> Value? {
      text.skipSpace()
      guard text.position < bytes.count else { return nil }
      if bytes[text.position] == UInt8(ascii: "\"") { return string().map(Value.string) }
      let start = text.position
      var number = 0
      while text.position < bytes.count, (0x30...0x39).contains(bytes[text.position]) {
        number = number * 10 + Int(bytes[text.position] - 0x30)
        text.position += 1
        // No leading zero, and no number that could overflow.
        guard text.position - start <= 18, text.position - start == 1 || bytes[start] != 0x30 else {
          return nil
        }
      }
      guard text.position > start, text.position < bytes.count else { return nil }
      switch bytes[text.position] {
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): return nil
      default: return .integer(number)
      }
    }
  }
}
