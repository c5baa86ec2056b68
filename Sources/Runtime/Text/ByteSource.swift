import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Bytes that come in pieces, from a file, from standard input or from memory, so that a file of
/// any size is read in constant memory.
public struct ByteSource: ~Copyable {
  /// How much of a file is read at once.
  private static let chunkSize = 1 << 16

  /// The name for messages: the path as given, or `nil` for bytes in memory.
  public let file: String?
  /// What is still to be handed over, the next piece last.
  private var memory: [[UInt8]]
  private let descriptor: Int32?
  private let closes: Bool

  /// Bytes in memory.
  public init(_ bytes: [UInt8]) { self.init(pieces: [bytes]) }

  /// Bytes in memory that come in these pieces.
  public init(pieces: [[UInt8]]) {
    file = nil
    memory = pieces.reversed().filter { !$0.isEmpty }
    descriptor = nil
    closes = false
  }

  /// Opens a file; `-` is standard input.
  ///
  /// - Throws: ``KerasError/Code/fileNotFound`` or ``KerasError/Code/inputOutput``.
  public init(path: String) throws(KerasError) {
    file = path == "-" ? "standard input" : path
    memory = []
    closes = path != "-"
    guard path != "-" else {
      descriptor = STDIN_FILENO
      return
    }
    let opened = open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw systemError("open", path) }
    descriptor = opened
  }

  deinit {
    // Nothing was written, so a failing close loses nothing.
    if closes, let descriptor { _ = close(descriptor) }
  }

  /// The next bytes; empty at the end.
  ///
  /// - Throws: ``KerasError/Code/inputOutput`` with the file where it cannot be read.
  public mutating func next() throws(KerasError) -> [UInt8] {
    guard let descriptor else { return memory.popLast() ?? [] }
    var failure: Int32 = 0
    let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkSize) { buffer, count in
      var got = read(descriptor, buffer.baseAddress, buffer.count)
      while got < 0, errno == EINTR { got = read(descriptor, buffer.baseAddress, buffer.count) }
      if got < 0 { failure = errno }
      count = max(got, 0)
    }
    guard failure == 0 else {
      throw systemError("read", file ?? "", number: failure)
    }
    return chunk
  }
}
