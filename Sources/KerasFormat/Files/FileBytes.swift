#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads whole files.
public enum FileBytes {
  /// The bytes of the file at `path`.
  ///
  /// - Throws: ``KerasError/Code/fileNotFound``, or ``KerasError/Code/inputOutput`` with the
  ///   system's reason; a folder is refused by name.
  public static func read(_ path: String) throws(KerasError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemError("open the file", path) }
    defer { _ = close(descriptor) }
    guard let status = FileStatus(descriptor: descriptor) else {
      throw systemError("read the file", path)
    }
    guard status.kind != .folder else {
      throw KerasError(.inputOutput, "is a folder, expected a file", at: .init(file: path))
    }
    // One more byte than the size, so that the end of a file of known size shows in the first read.
    var bytes: [UInt8] = []
    var chunk = max(status.size + 1, 1 << 16)
    while true {
      let start = bytes.count
      var failure: Int32 = 0
      let part = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
        let length = Self.read(descriptor, into: UnsafeMutableRawBufferPointer(buffer))
        if length < 0 { failure = errno }
        count = max(length, 0)
      }
      guard failure == 0 else { throw systemError("read the file", path, number: failure) }
      if start == 0 { bytes = part } else { bytes.append(contentsOf: part) }
      if part.count < chunk { return bytes }
      chunk = 1 << 20
    }
  }

  /// Fills the buffer as far as the file goes; −1 on failure with `errno` set.
  private static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var filled = 0
    while filled < buffer.count {
      // Linux reads at most 2 GiB at a time and says so by a short count.
      let length = systemRead(descriptor, buffer, from: filled)
      if length < 0 {
        if errno == EINTR { continue }
        return -1
      }
      if length == 0 { break }
      filled += length
    }
    return filled
  }
}

private func systemRead(
  _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, from start: Int
) -> Int {
  read(descriptor, buffer.baseAddress.map { $0 + start }, buffer.count - start)
}
