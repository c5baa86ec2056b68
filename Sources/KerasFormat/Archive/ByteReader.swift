/// Little-endian numbers out of bytes, with every access checked.
struct ByteReader {
  let bytes: [UInt8]

  func uint16(_ offset: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - 2 else { return nil }
    return Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
  }

  func uint32(_ offset: Int) -> Int? {
    guard let low = uint16(offset), let high = uint16(offset + 2) else { return nil }
    return low | high << 16
  }

  func text(_ offset: Int, _ length: Int) -> String? {
    guard offset >= 0, length >= 0, offset <= bytes.count - length else { return nil }
    return String(validating: bytes[offset..<offset + length], as: UTF8.self)
  }
}
