#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Bytes in memory or in an open file, read part by part, so that of a large file no more lies in
/// memory than the arrays that were made of it.
struct ByteRegion: Sendable {
  private enum Source: Sendable {
    case memory([UInt8])
    case file(OpenFile)
  }

  /// Files up to this size are read at once.
  private static let smallSize = 1 << 18

  private let source: Source
  private let offset: Int
  let count: Int

  init(_ bytes: [UInt8]) {
    (source, offset, count) = (.memory(bytes), 0, bytes.count)
  }

  private init(_ source: Source, offset: Int, count: Int) {
    (self.source, self.offset, self.count) = (source, offset, count)
  }

  /// The bytes of the file at `path`. What is no plain file, such as a pipe, is read at once.
  ///
  /// - Throws: as ``FileBytes/read(_:)``.
  init(contentsOf path: String) throws(KerasError) {
    let file = try OpenFile(path)
    if file.isPlain, file.size > Self.smallSize {
      self.init(.file(file), offset: 0, count: file.size)
    } else {
      self.init(try file.readToEnd())
    }
  }

  /// A part of it.
  ///
  /// - Precondition: `range` lies inside.
  subscript(range: Range<Int>) -> ByteRegion {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "a part outside of the bytes")
    return ByteRegion(source, offset: offset + range.lowerBound, count: range.count)
  }

  /// Fills `buffer` with the bytes from `start` on.
  ///
  /// - Precondition: They lie inside.
  /// - Throws: ``KerasError/Code/inputOutput`` where the file cannot be read or has shrunk.
  func read(at start: Int, into buffer: UnsafeMutableRawBufferPointer) throws(KerasError) {
    precondition(start >= 0 && start <= count - buffer.count, "a part outside of the bytes")
    switch source {
    case .memory(let bytes):
      bytes.withUnsafeBytes { all in
        buffer.copyMemory(
          from: .init(rebasing: all[offset + start..<offset + start + buffer.count]))
      }
    case .file(let file): try file.read(at: offset + start, into: buffer)
    }
  }

  /// A part of the bytes.
  func bytes(_ range: Range<Int>) throws(KerasError) -> [UInt8] {
    if case .memory(let bytes) = source, range == 0..<bytes.count { return bytes }
    var failure: KerasError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(KerasError) {
        try read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
        count = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// All of them.
  func bytes() throws(KerasError) -> [UInt8] { try bytes(0..<count) }

  func starts(with magic: [UInt8]) throws(KerasError) -> Bool {
    try bytes(0..<min(count, magic.count)) == magic
  }
}

/// A file that is open for reading until nobody holds it any more.
final class OpenFile: Sendable {
  private let descriptor: Int32
  private let path: String
  /// Bytes, as the system says.
  let size: Int
  /// Whether it is a file, and no pipe or device.
  let isPlain: Bool

  init(_ path: String) throws(KerasError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemError("open the file", path) }
    guard let status = FileStatus(descriptor: descriptor) else {
      defer { _ = close(descriptor) }
      throw systemError("read the file", path)
    }
    guard status.kind != .folder else {
      _ = close(descriptor)
      throw KerasError(.inputOutput, "is a folder, expected a file", at: .init(file: path))
    }
    (self.descriptor, self.path) = (descriptor, path)
    (size, isPlain) = (status.size, status.kind == .file)
  }

  deinit { _ = close(descriptor) }

  /// Fills `buffer` with the bytes from `start` on.
  func read(at start: Int, into buffer: UnsafeMutableRawBufferPointer) throws(KerasError) {
    let filled = try fill(buffer) { pread(descriptor, $0, $1, off_t(start + $2)) }
    guard filled == buffer.count else {
      throw KerasError(
        .inputOutput, "the file has become shorter while it is read", at: .init(file: path))
    }
  }

  /// Everything from the position on that the file has.
  func readToEnd() throws(KerasError) -> [UInt8] {
    // One more byte than the size, so that the end of a file of known size shows in the first read.
    var bytes: [UInt8] = []
    var chunk = max(size + 1, 1 << 16)
    while true {
      var failure: KerasError?
      let part = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
        do throws(KerasError) {
          count = try fill(UnsafeMutableRawBufferPointer(buffer)) { memory, size, _ in
            systemRead(descriptor, memory, size)
          }
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      if bytes.isEmpty { bytes = part } else { bytes.append(contentsOf: part) }
      if part.count < chunk { return bytes }
      chunk = 1 << 20
    }
  }

  /// Calls `read` with what is left of the buffer, and how much is not, until it is full or the
  /// file ends.
  ///
  /// - Returns: How many bytes were read. Linux reads at most 2 GiB at a time and says so by a
  ///   short count.
  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer,
    _ read: (_ memory: UnsafeMutableRawPointer, _ size: Int, _ filled: Int) -> Int
  ) throws(KerasError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var filled = 0
    while filled < buffer.count {
      let length = read(base + filled, buffer.count - filled, filled)
      if length < 0 {
        if errno == EINTR { continue }
        throw systemError("read the file", path)
      }
      if length == 0 { break }
      filled += length
    }
    return filled
  }
}

private func systemRead(_ descriptor: Int32, _ memory: UnsafeMutableRawPointer, _ size: Int) -> Int
{
  read(descriptor, memory, size)
}
