internal import CKerasZlib

/// zlib's raw deflate streams and CRC-32, on whole arrays.
enum Deflate {
  /// The CRC-32 of bytes that come one part after the other.
  struct Checksum {
    private(set) var value: UInt32 = 0

    mutating func add(_ part: UnsafeRawBufferPointer) {
      // For no bytes at all zlib would begin anew.
      guard let base = part.baseAddress else { return }
      // zlib's 32-bit interface takes at most 4 GiB; an archive without zip64 holds no more.
      value = UInt32(
        truncatingIfNeeded: crc32(
          uLong(value), base.assumingMemoryBound(to: UInt8.self), uInt(part.count)))
    }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var checksum = Checksum()
    bytes.withUnsafeBytes { checksum.add($0) }
    return checksum.value
  }

  /// Inflates exactly `size` bytes; any other outcome is damage.
  static func inflate(
    _ bytes: [UInt8], size: Int, member: String
  ) throws(KerasError) -> [UInt8] {
    var status = Z_OK
    var unread = 0
    // One byte more than declared, so that a longer stream shows.
    let result = [UInt8](unsafeUninitializedCapacity: size + 1) { output, count in
      bytes.withUnsafeBufferPointer { input in
        var stream = z_stream()
        status = inflateInit2_(
          &stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { return }
        defer { inflateEnd(&stream) }
        // SAFETY: zlib only reads through next_in; the type lost its `const` in C.
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = uInt(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = uInt(size + 1)
        status = CKerasZlib.inflate(&stream, Z_FINISH)
        count = Int(stream.total_out)
        unread = Int(stream.avail_in)
      }
    }
    guard status == Z_STREAM_END, unread == 0, result.count == size else {
      throw ZipDirectory.damaged(
        "the compressed bytes are damaged: \(result.count) of \(size) bytes came out", member)
    }
    return result
  }

  static func deflate(_ bytes: [UInt8]) throws(KerasError) -> [UInt8] {
    var status = Z_OK
    let bound = Int(compressBound(uLong(bytes.count))) + 16
    let result = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
      bytes.withUnsafeBufferPointer { input in
        var stream = z_stream()
        status = deflateInit2_(
          &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY,
          ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { return }
        defer { deflateEnd(&stream) }
        // SAFETY: zlib only reads through next_in; the type lost its `const` in C.
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = uInt(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = uInt(bound)
        status = CKerasZlib.deflate(&stream, Z_FINISH)
        count = Int(stream.total_out)
      }
    }
    guard status == Z_STREAM_END else {
      throw KerasError(.inputOutput, "zlib cannot compress \(bytes.count) bytes (code \(status))")
    }
    return result
  }
}
