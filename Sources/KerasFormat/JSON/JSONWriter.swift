extension JSON {
  /// The text that Python's `json.dumps` writes: keys in order, `", "` and `": "` between,
  /// everything outside printable ASCII as `\uXXXX`, floats by Python's `repr`, and `NaN`, `Infinity` bare.
  ///
  /// - Parameter indent: As `json.dumps(indent:)`: one member a line, indented by so many spaces.
  public func pythonText(indent: Int? = nil) -> String {
    var writer = JSONWriter(indent: indent)
    writer.write(self, depth: 0)
    return String(decoding: writer.text, as: UTF8.self)
  }
}

private struct JSONWriter {
  let indent: Int?
  var text: [UInt8] = []

  init(indent: Int?) { self.indent = indent }

  mutating func write(_ value: JSON, depth: Int) {
    switch value {
    case .null: put("null")
    case .bool(let value): put(value ? "true" : "false")
    case .integer(let value): put(String(value))
    case .number(let value): put(value.pythonRepr)
    case .string(let value): write(value)
    case .array(let values):
      put("[")
      for (index, value) in values.enumerated() {
        separate(first: index == 0, depth: depth + 1)
        write(value, depth: depth + 1)
      }
      if !values.isEmpty { breakLine(depth: depth) }
      put("]")
    case .object(let object):
      put("{")
      for (index, (key, value)) in object.members.enumerated() {
        separate(first: index == 0, depth: depth + 1)
        write(key)
        put(": ")
        write(value, depth: depth + 1)
      }
      if !object.isEmpty { breakLine(depth: depth) }
      put("}")
    }
  }

  private mutating func write(_ string: String) {
    put("\"")
    for unit in string.utf16 {
      switch unit {
      case 0x22: put("\\\"")
      case 0x5C: put("\\\\")
      case 0x0A: put("\\n")
      case 0x0D: put("\\r")
      case 0x09: put("\\t")
      case 0x08: put("\\b")
      case 0x0C: put("\\f")
      case 0x20..<0x7F: text.append(UInt8(truncatingIfNeeded: unit))
      default:
        let hex = String(unit, radix: 16)
        put("\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex)
      }
    }
    put("\"")
  }

  /// Python leaves the space after a comma away when it breaks lines.
  private mutating func separate(first: Bool, depth: Int) {
    if !first { put(indent == nil ? ", " : ",") }
    breakLine(depth: depth)
  }

  private mutating func breakLine(depth: Int) {
    guard let indent else { return }
    put("\n" + String(repeating: " ", count: indent * depth))
  }

  private mutating func put(_ string: String) { text.append(contentsOf: string.utf8) }
}

extension Double {
  /// Python's `repr` of a float, as `json.dumps` writes it: the shortest digits that read back
  /// equal, with an exponent from 1e16 up and below 1e-4: `1.0`, `0.001`, `1e-07`, `1e+16`.
  package var pythonRepr: String {
    if isNaN { return "NaN" }
    if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
    // Swift prints the same shortest digits and differs only in when it uses an exponent.
    var digits: [UInt8] = []
    var point: Int?
    var exponent = 0
    let printed = Array(magnitude.description.utf8)
    for (index, byte) in printed.enumerated() {
      if byte == UInt8(ascii: ".") {
        point = digits.count
      } else if byte == UInt8(ascii: "e") {
        exponent = Int(String(decoding: printed[(index + 1)...], as: UTF8.self)) ?? 0
        break
      } else {
        digits.append(byte)
      }
    }
    // The value is 0.digits · 10^scale.
    var scale = (point ?? digits.count) + exponent
    while digits.count > 1, digits[0] == UInt8(ascii: "0") {
      digits.removeFirst()
      scale -= 1
    }
    while digits.count > 1, digits[digits.count - 1] == UInt8(ascii: "0") { digits.removeLast() }
    let sign = self.sign == .minus ? "-" : ""
    if self == 0 { return sign + "0.0" }
    func text(_ part: some Sequence<UInt8>) -> String {
      String(decoding: Array(part), as: UTF8.self)
    }
    func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }
    switch scale - 1 {
    case -4..<0:
      return sign + "0." + zeros(-scale) + text(digits)
    case 0..<16 where digits.count <= scale:
      return sign + text(digits) + zeros(scale - digits.count) + ".0"
    case 0..<16:
      return sign + text(digits[..<scale]) + "." + text(digits[scale...])
    default:
      let power = scale - 1
      let fraction = digits.count > 1 ? "." + text(digits[1...]) : ""
      let size = power.magnitude < 10 ? "0\(power.magnitude)" : "\(power.magnitude)"
      return sign + text(digits[..<1]) + fraction + "e" + (power < 0 ? "-" : "+") + size
    }
  }
}
