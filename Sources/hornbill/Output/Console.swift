import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The three ways out: results to standard output, everything else to standard error, and the end.
enum Console {
  /// One result; the only thing that goes to standard output.
  static func result(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// The same of UTF-8, line ends included.
  static func result(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  /// A remark to the person in front of it.
  static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  static func error(_ text: String) { note("hornbill: \(text)") }

  static func warning(_ text: String) { note("hornbill: warning: \(text)") }

  /// Progress: without a line end, and only where ``isTerminal`` says that somebody watches.
  static func progress(_ text: String) { write(text, to: STDERR_FILENO) }

  /// Whether standard error is a terminal.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Whether colours may be used there.
  static let hasColor = isTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)

  /// All bytes out, however many calls it takes. A reader that has gone away ends the program.
  private static func write(_ text: String, to descriptor: Int32) {
    write(Array(text.utf8), to: descriptor)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { systemWrite(descriptor, $0, from: done) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { fail(descriptor, reason: String(cString: strerror(errno))) }
      done += count
    }
  }

  /// The results have nowhere to go; where standard error itself fails, nobody can be told.
  private static func fail(_ descriptor: Int32, reason: String) -> Never {
    if descriptor == STDOUT_FILENO { error("standard output: cannot write: \(reason)") }
    end(withStatus: 74)
  }

  private static func systemWrite(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, from start: Int
  ) -> Int {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
    #if canImport(Glibc)
      return Glibc.write(descriptor, rest.baseAddress, rest.count)
    #elseif canImport(Musl)
      return Musl.write(descriptor, rest.baseAddress, rest.count)
    #else
      return Darwin.write(descriptor, rest.baseAddress, rest.count)
    #endif
  }
}

/// Ends the program.
func end(withStatus status: Int32) -> Never {
  #if canImport(Glibc)
    Glibc.exit(status)
  #elseif canImport(Musl)
    Musl.exit(status)
  #else
    Darwin.exit(status)
  #endif
}

extension KerasError {
  /// The exit status that the command line promises for this kind of error.
  var exitStatus: Int32 {
    switch code {
    case .invalidArgument: 2
    case .fileNotFound, .inputOutput: 74
    default: 65
    }
  }
}

/// Runs `body` on what somebody typed: what is wrong with it is bad usage, whatever it is.
func asUsage<Value>(
  _ flag: String, _ body: () throws(KerasError) -> Value
) throws(KerasError) -> Value {
  do {
    return try body()
  } catch {
    throw asUsage(flag, error)
  }
}

/// `error` as one about what `flag` was given; the way inside that stays.
func asUsage(_ flag: String, _ error: KerasError) -> KerasError {
  var usage = error
  usage.code = .invalidArgument
  usage.place = KerasError.Place(path: [flag] + error.place.path, offset: error.place.offset)
  return usage
}
