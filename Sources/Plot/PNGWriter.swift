import CKerasZlib

/// Pixels as a PNG file (ISO/IEC 15948): eight-bit RGB, no filter, one IDAT chunk.
enum PNGWriter {
  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// `rgb` holds `height` rows of `width` pixels of three bytes.
  static func file(rgb: [UInt8], width: Int, height: Int, pixelsPerPoint: Int) -> [UInt8] {
    var rows: [UInt8] = []
    rows.reserveCapacity((width * 3 + 1) * height)
    for row in 0..<height {
      rows.append(0)  // Filter type "none".
      rows += rgb[row * width * 3..<(row + 1) * width * 3]
    }
    // A point is 1/72 inch, and an inch 0.0254 m: the picture keeps its size in print.
    let pixelsPerMeter = (Double(72 * pixelsPerPoint) / 0.0254).rounded()
    var header = bigEndian(UInt32(width)) + bigEndian(UInt32(height))
    header += [8, 2, 0, 0, 0]  // Bits per sample, RGB, deflate, adaptive filters, not interlaced.
    let density = bigEndian(UInt32(pixelsPerMeter))
    return signature + chunk("IHDR", header) + chunk("pHYs", density + density + [1])
      + chunk("IDAT", deflated(rows)) + chunk("IEND", [])
  }

  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let checked = Array(type.utf8) + data
    let crc = crc32(0, checked, UInt32(checked.count))
    return bigEndian(UInt32(data.count)) + checked + bigEndian(UInt32(truncatingIfNeeded: crc))
  }

  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(UInt(bytes.count))
    let result = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
      let status = compress2(buffer.baseAddress, &size, bytes, UInt(bytes.count), 9)
      // The buffer has the size zlib asks for, so only a failed allocation is left, on which
      // Swift's own arrays would have stopped too.
      precondition(status == Z_OK, "zlib compress2 returned \(status)")
      count = Int(size)
    }
    return result
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
