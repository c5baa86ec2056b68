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
