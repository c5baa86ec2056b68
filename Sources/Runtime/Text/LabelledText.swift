import KerasFormat

/// Texts with their labels, read from files to train on or to measure with.
///
///     let reviews = try LabelledText(paths: ["reviews/"])
///     reviews.texts.count  // 2748
public struct LabelledText: Sendable, Equatable {
  /// What labels must be, where another set has settled it.
  public enum LabelKind: Sendable, Equatable {
    /// Whole numbers, such as classes.
    case integers
    /// Numbers of any kind, as values to come close to.
    case numbers
    /// The names by number; another name is an error.
    case names([String])
  }

  /// The texts in the order of files and rows.
  public private(set) var texts: [String] = []
  /// A whole number for each text: the label itself, or its place in ``labelNames``. Empty where
  /// labels are ``LabelKind/numbers`` that are not all whole.
  public private(set) var labels: [Int] = []
  /// The same as numbers of any kind, one for each text.
  public private(set) var values: [Double] = []
  /// The labels' names, sorted by code points; `nil` where all labels are whole numbers.
  public private(set) var labelNames: [String]?
  /// Where each text stands: file and line.
  public private(set) var places: [KerasError.Place] = []
  /// The files that were read, in order.
  public private(set) var files: [String] = []
  /// What a reader should know: rows that a quote swallowed, texts that pandas would drop.
  public private(set) var warnings: [String] = []

  /// Reads files, or the `.tsv`, `.txt`, `.csv` and `.jsonl` files of folders sorted by name.
  ///
  /// Labels are whole numbers (`1`, `" 0"`, `1.0`) where every one is; else all are names and are
  /// numbered in sorted order.
  ///
  /// - Parameter labels: What the labels of a set read before were; `nil` finds out.
  /// - Throws: ``KerasError`` with the file and line: an empty file, a column or label that is
  ///   missing, text that is not UTF-8, a field too many, an open quote.
  public init(
    paths: [String], options: TextReader.Options = .init(), labels kind: LabelKind? = nil
  ) throws(KerasError) {
    var found: [String] = []
    for path in paths {
      for file in try TextFormat.files(at: path) {
        try read(file, options: options, labels: &found)
        files.append(file)
      }
    }
    try number(found, as: kind)
  }

  /// Reads `text<TAB>label` lines from memory.
  ///
  /// - Parameter name: what messages call them.
  /// - Throws: ``KerasError/Code/invalidData`` with `name` and the line: no rows, a label that is
  ///   missing, text that is not UTF-8, a field too many, an open quote.
  public init(tsv bytes: [UInt8], name: String) throws(KerasError) {
    let reader = try TextReader(ByteSource(bytes), format: .tsv, needsLabels: true)
    var found: [String] = []
    try read(reader, of: name, expecting: Self.expected(.tsv, .init()), labels: &found)
    files = [name]
    try number(found, as: nil)
  }

  /// What the labels of this set are, for reading another that must fit it.
  public var labelKind: LabelKind {
    labelNames.map { .names($0) } ?? (labels.count == texts.count ? .integers : .numbers)
  }

  // MARK: - Reading

  private mutating func read(
    _ file: String, options: TextReader.Options, labels: inout [String]
  ) throws(KerasError) {
    let format = TextFormat(path: file)
    let reader = try TextReader(
      path: file, format: format == .lines ? .tsv : format, options: options, needsLabels: true)
    try read(reader, of: file, expecting: Self.expected(format, options), labels: &labels)
  }

  private mutating func read(
    _ reader: consuming TextReader, of file: String, expecting expected: String,
    labels: inout [String]
  ) throws(KerasError) {
    let before = texts.count
    var missing: [Int] = []
    while let row = try reader.next() {
      guard let label = row.label, !label.allSatisfy(\.isWhitespace) else {
        throw KerasError(
          .invalidData, "the row has no label; expected \(expected)",
          at: .init(file: file, line: row.line))
      }
      if row.swallowedLineEnds > 0 {
        warnings.append(
          "\(file), line \(row.line): a quoted field runs over \(row.swallowedLineEnds) line ends, "
            + "as pandas reads it; quoting none takes every line for a row")
      }
      if Self.missingValues.contains(row.text) { missing.append(row.line) }
      texts.append(row.text)
      labels.append(label)
      places.append(.init(file: file, line: row.line))
    }
    guard texts.count > before else {
      throw KerasError(
        .invalidData, "the file has no rows; expected \(expected)",
        at: .init(file: file))
    }
    if !missing.isEmpty {
      let lines = missing.prefix(5).map(String.init).joined(separator: ", ")
      warnings.append(
        "\(file), line \(lines)\(missing.count > 5 ? ", …" : ""): \(missing.count) texts that "
          + "pandas would take for missing values (NA, null, empty, …) are kept as texts")
    }
  }

  private static func expected(_ format: TextFormat, _ options: TextReader.Options) -> String {
    switch format {
    case .tsv, .lines: "text, a tab, and a label on each line"
    case .csv, .jsonl: "\"\(options.textColumn)\" and \"\(options.labelColumn)\" in each row"
    }
  }

  /// What pandas' `read_csv` takes for a missing value by default.
  static let missingValues: Set<String> = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
  ]

  // MARK: - Labels

  private mutating func number(
    _ found: [String], as kind: LabelKind?
  ) throws(KerasError) {
    switch kind {
    case .integers:
      for (row, label) in found.enumerated() {
        guard let value = Self.integer(label) else {
          throw KerasError(
            .invalidData, "the label is \"\(label.prefix(60))\"; expected a whole number",
            at: places[row])
        }
        labels.append(value)
      }
    case .names(let names):
      try look(up: found, in: names)
    case .numbers:
      values = try found.enumerated().map { row, label throws(KerasError) in
        guard let value = Self.number(label) else {
          throw KerasError(
            .invalidData, "the label is \"\(label.prefix(60))\"; expected a number", at: places[row]
          )
        }
        return value
      }
      labels = values.compactMap { Int(exactly: $0) }
      if labels.count < values.count { labels = [] }
      return
    case nil:
      let whole = found.compactMap(Self.integer)
      if whole.count == found.count {
        labels = whole
      } else {
        let names = Set(found).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        try look(up: found, in: names)
      }
    }
    values = labels.map(Double.init)
  }

  /// The same with values instead of classes, where the classes' names are numbers: labels such as
  /// 1.5 and 2.5, of a model that is to come close to them. Where no name is one, classes stay.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` at the first row without a number where others have.
  public func valued() throws(KerasError) -> LabelledText {
    guard let names = labelNames else { return self }
    let numbers = names.map(Self.number)
    guard numbers.contains(where: { $0 != nil }) else { return self }
    var result = self
    result.values = []
    for (row, label) in labels.enumerated() {
      guard let number = numbers[label] else {
        throw KerasError(
          .invalidData, "the label is \"\(names[label].prefix(60))\"; expected a number",
          at: places[row])
      }
      result.values.append(number)
    }
    (result.labels, result.labelNames) = ([], nil)
    return result
  }

  private mutating func look(up found: [String], in names: [String]) throws(KerasError) {
    var numbers: [String: Int] = [:]
    for (number, name) in names.enumerated() { numbers[name] = number }
    for (row, label) in found.enumerated() {
      guard let number = numbers[label] else {
        throw KerasError(
          .invalidData,
          "the label is \"\(label.prefix(60))\"; expected one of \(names.joined(separator: ", "))",
          at: places[row])
      }
      labels.append(number)
    }
    labelNames = names
  }

  /// A whole number as pandas reads one, blanks around it left out.
  private static func integer(_ label: String) -> Int? {
    let text = decimal(label)
    return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
  }

  private static func number(_ label: String) -> Double? {
    Double(decimal(label)).flatMap { $0.isFinite ? $0 : nil }
  }

  /// A number's characters without the blanks around them; empty for what is no decimal number.
  private static func decimal(_ label: String) -> Substring {
    var text = label[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    // Swift reads hexadecimal too, pandas does not.
    return text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) ? text : ""
  }
}
