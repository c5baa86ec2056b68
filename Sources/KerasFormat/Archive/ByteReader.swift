/// Little-endian numbers out of a part of a file, with every access checked. Offsets are those in
/// the file.
struct ByteReader {
  private let bytes: [UInt8]
  /// Where the part starts in the file.
  private let start: Int

  /// The part of `region` in `range`, or as much of it as there is.
  init(_ region: ByteRegion, _ range: Range<Int>) throws(KerasError) {
    let part = range.clamped(to: 0..<region.count)
    (bytes, start) = (try region.bytes(part), part.lowerBound)
  }

  func uint16(_ offset: Int) -> Int? {
    let offset = offset - start
    guard offset >= 0, offset <= bytes.count - 2 else { return nil }
    return Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
  }

  func uint32(_ offset: Int) -> Int? {
    guard let low = uint16(offset), let high = uint16(offset + 2) else { return nil }
    return low | high << 16
  }

  func text(_ offset: Int, _ length: Int) -> String? {
    let offset = offset - start
    guard offset >= 0, length >= 0, offset <= bytes.count - length else { return nil }
    return String(validating: bytes[offset..<offset + length], as: UTF8.self)
  }
}
