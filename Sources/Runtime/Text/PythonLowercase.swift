/// Lower case as Python's `str.lower()`: every code point by itself, save that a Σ at the end of a
/// word becomes ς.
///
/// It differs from Swift's `lowercased()` in that final sigma. The tables are the standard
/// library's; a code point that was given case by a newer Unicode than a Python's stays as it is in
/// that Python.
enum PythonLowercase {
  private static let capitalSigma: Unicode.Scalar = "\u{3A3}"

  /// Calls `body` with the lower case of UTF-8 `text`. Short ASCII texts ask for no memory.
  static func with(
    _ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard text.contains(where: { $0 >= 0x80 }) else {
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.count) { lower in
        for i in 0..<text.count { lower.initializeElement(at: i, to: asciiLowercase(text[i])) }
        body(UnsafeBufferPointer(lower))
      }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    append(text, to: &bytes)
    bytes.withUnsafeBufferPointer(body)
  }

  /// Appends the lower case of UTF-8 `text` to `bytes`.
  static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      if scalar.isASCII {
        bytes.append(asciiLowercase(UInt8(truncatingIfNeeded: scalar.value)))
      } else if scalar == capitalSigma {
        let lower: Unicode.Scalar = isFinal(index, in: scalars) ? "\u{3C2}" : "\u{3C3}"
        bytes.append(contentsOf: String(Character(lower)).utf8)
      } else {
        bytes.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
      }
    }
  }

  @inline(__always)
  static func asciiLowercase(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }

  /// Whether a cased letter stands before the Σ and none behind it, case-ignorable ones passed over
  /// (the Unicode Standard, table 3-17, Final_Sigma).
  private static func isFinal(_ index: Int, in scalars: [Unicode.Scalar]) -> Bool {
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    guard let before, before.properties.isCased else { return false }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return !(after?.properties.isCased ?? false)
  }
}
