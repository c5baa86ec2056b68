import KerasFormat

/// Reads texts, and their labels where there are any, from one file of any ``TextFormat``, row by
/// row and in constant memory.
///
///     var reader = try TextReader(path: "reviews.csv")
///     while let row = try reader.next() { score(row.text) }
public struct TextReader: ~Copyable {
  /// How files are read.
  public struct Options: Sendable, Equatable {
    /// What quotes mean in `.tsv` and `.csv`.
    public var quoting: DelimitedText.Quoting
    /// The column or key of the text, in `.csv` and `.jsonl`.
    public var textColumn: String
    /// The column or key of the label, in the same.
    public var labelColumn: String

    /// By default pandas's quotes, and the columns `text` and `label`.
    public init(
      quoting: DelimitedText.Quoting = .minimal, textColumn: String = "text",
      labelColumn: String = "label"
    ) {
      self.quoting = quoting
      self.textColumn = textColumn
      self.labelColumn = labelColumn
    }
  }

  /// One row.
  public struct Row: Sendable, Equatable {
    /// The text, as it stands in the file.
    public var text: String
    /// As it stands in the file; `nil` where the row has none.
    public var label: String?
    /// From 1.
    public var line: Int
    /// Line ends inside the row's quoted fields.
    public var swallowedLineEnds: Int
  }

  /// How the file is read.
  public let format: TextFormat
  private let options: Options
  private var records: DelimitedReader
  private var textIndex = 0
  private var labelIndex: Int? = 1

  /// Opens a file; `-` is standard input.
  ///
  /// - Parameter format: `nil` goes by the file's extension, and takes a `.txt` file whose first
  ///   line has no tab for one text a line, unless `needsLabels`.
  /// - Throws: What opening and the header's reading throw; ``KerasError/Code/invalidData`` for a
  ///   `.csv` file without the column.
  public init(
    path: String, format: TextFormat? = nil, options: Options = Options(),
    needsLabels: Bool = false
  ) throws(KerasError) {
    var resolved = format ?? TextFormat(path: path)
    if format == nil, !needsLabels, TextFormat.fileExtension(path) == "txt",
      try !Self.hasTab(path, options)
    {
      resolved = .lines
    }
    try self.init(
      ByteSource(path: path), format: resolved, options: options, needsLabels: needsLabels)
  }

  /// Reads from an opened source.
  ///
  /// - Throws: ``KerasError`` where the header cannot be read; ``KerasError/Code/invalidData`` for
  ///   a `.csv` file without the column.
  public init(
    _ source: consuming ByteSource, format: TextFormat, options: Options = Options(),
    needsLabels: Bool = false
  ) throws(KerasError) {
    self.format = format
    self.options = options
    switch format {
    case .tsv:
      records = DelimitedReader(source, options: .init(quoting: options.quoting))
    case .csv:
      records = DelimitedReader(
        source, options: .init(separator: UInt8(ascii: ","), quoting: options.quoting))
      try readHeader(needsLabels: needsLabels)
    case .jsonl:
      records = DelimitedReader(source, options: .init(separator: nil, quoting: .none))
    case .lines:
      // A line of nothing but blanks is no text here either.
      records = DelimitedReader(source, options: .init(separator: nil, quoting: .none))
    }
  }

  private static func hasTab(_ path: String, _ options: Options) throws(KerasError) -> Bool {
    var lines = DelimitedReader(
      try ByteSource(path: path), options: .init(separator: nil, quoting: .none))
    return try lines.next()?.fields[0].utf8.contains(UInt8(ascii: "\t")) ?? false
  }

  /// The file's name, for messages.
  public var file: String? { records.file }

  /// The next row, or `nil` at the end.
  ///
  /// - Throws: ``KerasError`` with file and line: ``KerasError/Code/invalidData`` for a row without
  ///   its text, text that is not UTF-8, a field too many or an open quote,
  ///   ``KerasError/Code/invalidJSON`` in a `.jsonl` file, ``KerasError/Code/inputOutput`` where
  ///   the file cannot be read.
  public mutating func next() throws(KerasError) -> Row? {
    guard let record = try records.next() else { return nil }
    if format == .jsonl { return try row(ofObject: record) }
    func field(_ index: Int?) -> String? {
      index.flatMap { $0 < record.fields.count ? record.fields[$0] : nil }
    }
    guard let text = field(textIndex) else {
      throw KerasError(
        .invalidData,
        "\(record.fields.count) fields; the text is field \(textIndex + 1) by the header",
        at: .init(file: file, line: record.line))
    }
    return Row(
      text: text, label: field(labelIndex), line: record.line,
      swallowedLineEnds: record.swallowedLineEnds)
  }

  private mutating func readHeader(needsLabels: Bool) throws(KerasError) {
    guard let header = try records.next() else { return }
    func column(_ name: String) throws(KerasError) -> Int {
      if let index = header.fields.firstIndex(of: name) { return index }
      throw KerasError(
        .invalidData,
        "no column \"\(name)\"; the header names \(header.fields.joined(separator: ", "))",
        at: .init(file: file, line: header.line),
        hint: "the first line of a .csv file names its columns; say which are text and label")
    }
    textIndex = try column(options.textColumn)
    labelIndex =
      needsLabels
      ? try column(options.labelColumn) : header.fields.firstIndex(of: options.labelColumn)
  }

  private func row(ofObject record: DelimitedText.Record) throws(KerasError) -> Row {
    let place = KerasError.Place(file: file, line: record.line)
    let json: JSON
    do {
      json = try JSON(parsing: record.fields[0])
    } catch {
      var outer = error
      outer.place.file = file
      outer.place.line = record.line
      throw outer
    }
    guard let object = json.object else {
      throw KerasError(.invalidData, "found \(json.kind); expected an object", at: place)
    }
    guard let text = object[options.textColumn]?.string else {
      let found = object[options.textColumn].map { "\($0.kind) under" } ?? "no"
      throw KerasError(
        .invalidData, "found \(found) key \"\(options.textColumn)\"; expected a text", at: place)
    }
    let label: String?
    switch object[options.labelColumn] {
    case nil, .null: label = nil
    case .bool(let value): label = value ? "1" : "0"
    case .integer(let value): label = String(value)
    case .number(let value): label = String(value)
    case .string(let value): label = value
    case let value?:
      throw KerasError(
        .invalidData,
        "found \(value.kind) under key \"\(options.labelColumn)\"; expected a number or a name",
        at: place)
    }
    return Row(text: text, label: label, line: record.line, swallowedLineEnds: 0)
  }
}
