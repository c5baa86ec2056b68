import KerasFormat

/// Reads the records of a ``DelimitedText`` one by one, in memory that does not grow with the file.
public struct DelimitedReader: ~Copyable {
  /// A wall against an open quote that would swallow the rest of a huge file into memory.
  private static let maximumRecordSize = 64 << 20

  private enum State {
    case recordStart, blankLine, fieldStart, unquoted, quoted, quoteInQuoted
  }

  private let options: DelimitedText.Options
  /// For each byte whether it is ASCII and always data: no quote, separator or line end.
  private let isPlain: [Bool]
  private var source: ByteSource
  private var chunk: [UInt8] = []
  private var position = 0
  /// Bytes before `chunk`.
  private var offset = 0
  private var line = 1
  private var atStart = true
  /// Whether the byte before was a CR, so that an LF now belongs to the same line end.
  private var isAfterCR = false
  private var utf8 = UTF8Check()
  private var width: Int?

  /// By default fields are separated by tabs, with pandas's quotes.
  public init(_ source: consuming ByteSource, options: DelimitedText.Options = .tabs) {
    self.source = source
    self.options = options
    let marks = [options.separator ?? 0x0A, 0x0A, 0x0D, UInt8(ascii: "\"")]
    isPlain = (0...UInt8.max).map { $0 < 0x80 && !marks.contains($0) }
  }

  /// The name of the file, for messages.
  public var file: String? { source.file }

  /// The next record, or `nil` at the end.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` with file, line and byte; reading errors.
  public mutating func next() throws(KerasError) -> DelimitedText.Record? {
    var builder = RecordBuilder(line: line)
    var state = State.recordStart
    while let byte = try nextByte() {
      guard builder.size <= Self.maximumRecordSize else {
        throw error(
          "the record has more than \(Self.maximumRecordSize) bytes", line: builder.line,
          hint: "a stray quote can swallow lines; read with quoting none")
      }
      let isLineEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      let endsCRLF = isAfterCR && byte == UInt8(ascii: "\n")
      isAfterCR = byte == UInt8(ascii: "\r")
      if endsCRLF, state == .recordStart { continue }
      if isLineEnd, !endsCRLF { line += 1 }
      if state == .recordStart || state == .blankLine {
        if isLineEnd {
          guard options.skipsBlankLines else { return try finish(builder) }
          builder = RecordBuilder(line: line)
          state = .recordStart
          continue
        }
        let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
        if options.skipsBlankLines, isBlank, byte != options.separator {
          state = .blankLine
          builder.append(byte)
          continue
        }
        state = state == .blankLine ? .unquoted : .fieldStart
      }
      if isLineEnd {
        if state != .quoted { return try finish(builder) }
        builder.append(byte)
        if !endsCRLF { builder.swallowedLineEnds += 1 }
        continue
      }
      switch state {
      case .quoted:
        if byte == UInt8(ascii: "\"") {
          state = .quoteInQuoted
        } else {
          builder.append(byte)
          appendPlainBytes(to: &builder)
        }
      case .quoteInQuoted where byte == UInt8(ascii: "\""):
        builder.append(byte)
        state = .quoted
      case .fieldStart where byte == UInt8(ascii: "\"") && options.quoting == .minimal:
        state = .quoted
      default:
        if byte == options.separator {
          builder.endField()
          state = .fieldStart
        } else {
          builder.append(byte)
          appendPlainBytes(to: &builder)
          state = .unquoted
        }
      }
    }
    switch state {
    case .recordStart, .blankLine: return nil
    case .quoted:
      throw error(
        "the quoted field that starts in this record is still open at the end of the text",
        line: builder.line, hint: "close the quote, or read with quoting none")
    default: return try finish(builder)
    }
  }

  // MARK: - Bytes

  /// The next byte, checked to be part of valid UTF-8.
  private mutating func nextByte() throws(KerasError) -> UInt8? {
    while position == chunk.count {
      offset += chunk.count
      position = 0
      chunk = try source.next()
      if chunk.isEmpty {
        guard utf8.isComplete else { throw invalidUTF8() }
        return nil
      }
    }
    let byte = chunk[position]
    if byte >= 0x80 || !utf8.isComplete {
      guard utf8.accept(byte) else { throw invalidUTF8() }
    }
    position += 1
    if atStart {
      atStart = false
      if byte == 0xEF, try skipByteOrderMark() { return try nextByte() }
    }
    return byte
  }

  /// Appends what is data in any field, up to the next byte that may mean something.
  private mutating func appendPlainBytes(to builder: inout RecordBuilder) {
    guard utf8.isComplete else { return }
    let start = position
    let end = chunk.withUnsafeBufferPointer { bytes in
      var end = start
      while end < bytes.count, isPlain[Int(bytes[end])] { end += 1 }
      return end
    }
    builder.append(chunk[start..<end])
    position = end
  }

  /// Passes over the rest of a byte order mark whose first byte was just read.
  private mutating func skipByteOrderMark() throws(KerasError) -> Bool {
    while chunk.count - position < 2 {
      let more = try source.next()
      if more.isEmpty { return false }
      chunk += more
    }
    guard chunk[position] == 0xBB, chunk[position + 1] == 0xBF else { return false }
    position += 2
    utf8 = UTF8Check()
    return true
  }

  // MARK: - Records

  private mutating func finish(
    _ builder: consuming RecordBuilder
  ) throws(KerasError) -> DelimitedText.Record {
    let record = builder.record()
    let expected = width ?? record.fields.count
    width = expected
    guard record.fields.count <= expected else {
      throw error(
        "\(record.fields.count) fields; the first record has \(expected)", line: record.line,
        hint: "put a field that holds separators in quotes")
    }
    return record
  }

  private func invalidUTF8() -> KerasError {
    KerasError(
      .invalidData, "the text is not valid UTF-8",
      at: .init(file: file, offset: offset + position, line: line),
      hint: "save the file as UTF-8")
  }

  private func error(_ message: String, line: Int, hint: String) -> KerasError {
    KerasError(.invalidData, message, at: .init(file: file, line: line), hint: hint)
  }
}

/// The fields of one record while they are read.
private struct RecordBuilder {
  let line: Int
  var swallowedLineEnds = 0
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  init(line: Int) { self.line = line }

  var size: Int { bytes.count }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }
  mutating func append(_ more: ArraySlice<UInt8>) { bytes.append(contentsOf: more) }
  mutating func endField() { ends.append(bytes.count) }

  /// The record, its last field ended. The bytes were checked to be UTF-8.
  consuming func record() -> DelimitedText.Record {
    endField()
    var start = 0
    let fields = ends.map { end in
      defer { start = end }
      return String(decoding: bytes[start..<end], as: UTF8.self)
    }
    return DelimitedText.Record(fields: fields, line: line, swallowedLineEnds: swallowedLineEnds)
  }
}

/// Checks UTF-8 byte by byte: no overlong form, no surrogate, nothing above U+10FFFF.
private struct UTF8Check {
  private var missing = 0
  /// What the next byte may be.
  private var allowed: ClosedRange<UInt8> = 0x80...0xBF

  /// Whether no character is half read.
  var isComplete: Bool { missing == 0 }

  mutating func accept(_ byte: UInt8) -> Bool {
    if missing > 0 {
      guard allowed.contains(byte) else { return false }
      missing -= 1
      allowed = 0x80...0xBF
      return true
    }
    switch byte {
    case 0..<0x80: return true
    case 0xC2...0xDF: missing = 1
    case 0xE0...0xEF:
      missing = 2
      if byte == 0xE0 { allowed = 0xA0...0xBF }
      if byte == 0xED { allowed = 0x80...0x9F }
    case 0xF0...0xF4:
      missing = 3
      if byte == 0xF0 { allowed = 0x90...0xBF }
      if byte == 0xF4 { allowed = 0x80...0x8F }
    default: return false
    }
    return true
  }
}
