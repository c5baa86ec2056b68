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

  /// Keras's durations in progress lines: `3s`, `1:05`, `1:02:03`.
  static func clock(_ seconds: Double) -> String {
    let total = Int(seconds.rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if total >= 3600 { return "\(total / 3600):\(two(total % 3600 / 60)):\(two(total % 60))" }
    return total >= 60 ? "\(total / 60):\(two(total % 60))" : "\(total)s"
  }

  /// Keras's time of one step: `1s/step`, `12ms/step`, `340us/step`.
  static func perStep(_ seconds: Double) -> String {
    if seconds >= 1 { return "\(Int(seconds.rounded()))s/step" }
    if seconds >= 1e-3 { return "\(Int((seconds * 1e3).rounded()))ms/step" }
    return "\(Int((seconds * 1e6).rounded()))us/step"
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

  private static func format(_ format: String, _ value: Double) -> String {
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
