extension JSON {
  /// Parses JSON text as Python's `json.loads` does, which wrote all of Keras's: `NaN`, `Infinity`
  /// and `-Infinity` are numbers, and a whole number too large for `Int` becomes a `.number`.
  ///
  /// Stricter than Python in three things that can only be damage or deceit: a key that comes twice
  /// in one object, a lone surrogate, and nesting deeper than 64 levels. A UTF-8 byte order mark in
  /// front is skipped.
  ///
  /// - Throws: ``KerasError/Code/invalidJSON`` with the byte offset.
  public init(parsing bytes: [UInt8]) throws(KerasError) {
    self = try bytes.withUnsafeBufferPointer { bytes throws(KerasError) in
      var parser = JSONParser(text: JSONText(bytes))
      return try parser.document()
    }
  }

  /// Parses JSON text that may lie in a file, which is read only where it can be JSON of ours.
  init(parsing region: ByteRegion) throws(KerasError) {
    try JSONParser.checkSize(region.count)
    try self.init(parsing: region.bytes())
  }

  /// Parses JSON text. Offsets in errors count UTF-8 bytes.
  ///
  /// - Throws: ``KerasError/Code/invalidJSON`` with the byte offset.
  public init(parsing text: String) throws(KerasError) {
    try self.init(parsing: Array(text.utf8))
  }
}

/// A recursive-descent parser over bytes; one instance parses one document.
private struct JSONParser {
  static let maximumDepth = 64
  /// Larger than any definition that Keras wrote; a wall against files made to fill the memory.
  static let maximumSize = 64 << 20

  var text: JSONText

  private var bytes: UnsafeBufferPointer<UInt8> { text.bytes }
  private var position: Int {
    get { text.position }
    set { text.position = newValue }
  }

  static func checkSize(_ count: Int) throws(KerasError) {
    guard count <= maximumSize else {
      throw KerasError(
        .invalidJSON, "the text has \(count) bytes, more than the \(maximumSize) allowed")
    }
  }

  mutating func document() throws(KerasError) -> JSON {
    try Self.checkSize(bytes.count)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else {
      throw error("\(found) follows the end of the value; expected the end of the text")
    }
    return value
  }

  // MARK: - Values

  private mutating func value(depth: Int) throws(KerasError) -> JSON {
    guard position < bytes.count else { throw error("the text ends where a value should stand") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      if take("-Infinity") { return .number(-.infinity) }
      return try number()
    default:
      if take("null") { return .null }
      if take("true") { return .bool(true) }
      if take("false") { return .bool(false) }
      if take("NaN") { return .number(.nan) }
      if take("Infinity") { return .number(.infinity) }
      throw error("found \(found) where a value should stand")
    }
  }

  private mutating func object(depth: Int) throws(KerasError) -> JSON {
    try checkDepth(depth)
    position += 1
    var object = JSONObject()
    skipSpace()
    if takeByte("}") { return .object(object) }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw error("found \(found) where a key in quotes should stand")
      }
      let start = position
      let key = try string()
      guard object[key] == nil else {
        throw error("the key \"\(key.prefix(60))\" comes twice in one object", at: start)
      }
      skipSpace()
      guard takeByte(":") else { throw error("found \(found) after a key; expected \":\"") }
      skipSpace()
      object[key] = try value(depth: depth)
      skipSpace()
      if takeByte(",") { continue }
      guard takeByte("}") else {
        throw error("found \(found) in an object; expected \",\" or \"}\"")
      }
      return .object(object)
    }
  }

  private mutating func array(depth: Int) throws(KerasError) -> JSON {
    try checkDepth(depth)
    position += 1
    var array: [JSON] = []
    skipSpace()
    if takeByte("]") { return .array(array) }
    while true {
      skipSpace()
      array.append(try value(depth: depth))
      skipSpace()
      if takeByte(",") { continue }
      guard takeByte("]") else { throw error("found \(found) in a list; expected \",\" or \"]\"") }
      return .array(array)
    }
  }

  private func checkDepth(_ depth: Int) throws(KerasError) {
    guard depth <= Self.maximumDepth else {
      throw error("nested deeper than \(Self.maximumDepth) levels")
    }
  }

  // MARK: - Numbers

  private mutating func number() throws(KerasError) -> JSON {
    let start = position
    _ = takeByte("-")
    if takeByte("0") {
      if digits() > 0 { throw error("a number starts with a needless 0", at: start) }
    } else if digits() == 0 {
      throw error("found \(found) where a digit should stand")
    }
    var isWhole = true
    if takeByte(".") {
      isWhole = false
      guard digits() > 0 else { throw error("found \(found) where a digit should stand") }
    }
    if takeByte("e") || takeByte("E") {
      isWhole = false
      if !takeByte("+") { _ = takeByte("-") }
      guard digits() > 0 else { throw error("found \(found) where a digit should stand") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text) else { throw error("\(text) is no number", at: start) }
    return .number(value)
  }

  private mutating func digits() -> Int {
    let start = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    {
      position += 1
    }
    return position - start
  }

  // MARK: - Strings

  private mutating func string() throws(KerasError) -> String {
    let start = position
    position += 1
    let run = text.run()
    if text.take(UInt8(ascii: "\"")) { return try string(.init(rebasing: bytes[run]), from: start) }
    // A table of words may be one string of many megabytes, with escapes throughout. It is never
    // longer than what stands for it.
    let rest = text.lengthOfString()
    var failure: KerasError?
    var result = ""
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: run.count + rest) { decoded in
      do throws(KerasError) {
        result = try string(text.decode(after: run, into: decoded, from: start), from: start)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }

  private func string(
    _ utf8: UnsafeBufferPointer<UInt8>, from start: Int
  ) throws(KerasError) -> String {
    // What is ASCII needs no other look.
    if utf8.allSatisfy({ $0 < 0x80 }) { return String(decoding: utf8, as: UTF8.self) }
    guard let string = String(validating: utf8, as: UTF8.self) else {
      throw error("the string that starts here is not valid UTF-8", at: start)
    }
    return string
  }

  // MARK: - Bytes

  private mutating func skipSpace() { text.skipSpace() }

  private mutating func takeByte(_ scalar: Unicode.Scalar) -> Bool {
    text.take(UInt8(ascii: scalar))
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard position + length <= bytes.count else { return false }
    let matches = word.withUTF8Buffer { bytes[position..<position + length].elementsEqual($0) }
    if matches { position += length }
    return matches
  }

  private var found: String { text.found }

  private func error(_ message: String, at offset: Int? = nil) -> KerasError {
    text.error(message, at: offset)
  }
}
