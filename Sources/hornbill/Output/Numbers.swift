#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Numbers as Keras and people print them.
enum Numbers {
  /// C's `%.*f`.
  static func fixed(_ value: Double, _ digits: Int) -> String { format("%.\(digits)f", value) }

  /// Appends `value` with four decimals, rounded as C's `printf` rounds.
  static func appendFixed4(_ value: Float, to bytes: inout [UInt8]) {
    // Ten thousand times a float of this size is a whole number of digits that a Double holds
    // exactly.
    guard value >= 0, value < 65536, value.sign == .plus else {
      bytes.append(contentsOf: fixed(Double(value), 4).utf8)
      return
    }
    let scaled = Int((Double(value) * 10_000).rounded(.toNearestOrEven))
    bytes.append(contentsOf: "\(scaled / 10_000).".utf8)
    for unit in [1000, 100, 10, 1] {
      bytes.append(UInt8(ascii: "0") + UInt8(scaled / unit % 10))
    }
  }

  /// Keras's logs: four decimals, or four in scientific notation for small ones.
  static func log(_ value: Double) -> String {
    format(abs(value) > 1e-3 ? "%.4f" : "%.4e", value)
  }

  /// `1234567` → `1,234,567`.
  static func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(abs(value)).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + String(text.reversed())
  }

  /// C's `printf` of one number; a NaN without its sign.
  static func format(_ format: String, _ value: Double) -> String {
    // C prints the sign of a NaN, which means nothing and differs between processors.
    if value.isNaN { return "nan" }
    return withVaList([value]) { arguments in
      var buffer = [CChar](repeating: 0, count: 64)
      let needed = Int(vsnprintf(&buffer, buffer.count, format, arguments))
      if needed < buffer.count {
        return String(decoding: buffer.prefix(needed).map(UInt8.init(bitPattern:)), as: UTF8.self)
      }
      return "\(value)"
    }
  }
}
