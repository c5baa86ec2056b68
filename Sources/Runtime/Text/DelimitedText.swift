import KerasFormat

/// Tables as text, by the rules of pandas' C parser (`read_csv`), on bytes.
///
/// - A record ends at LF, CRLF or a lone CR, nowhere else: not at U+0085 or U+2028.
/// - A quote opens a quoted field only as its first byte. Inside, separators and line ends are data
///   and `""` is one quote. Behind the closing quote all is literal up to the next separator.
/// - Lines of nothing but blanks are skipped. A UTF-8 byte order mark in front is dropped.
/// - The first record sets the width: a wider one is an error, a narrower one comes as it is.
/// - A quote that is still open at the end is an error, as is what is not UTF-8.
public struct DelimitedText: Sendable, Equatable {
  /// What quotes mean, by the name on the command line; pandas's `quoting` 0 and 3.
  public enum Quoting: String, Sendable, CaseIterable {
    /// Quotes around a field are no part of it, or they are data.
    case minimal, none
  }

  /// How the text is cut.
  public struct Options: Sendable, Equatable {
    /// One ASCII byte between fields; `nil` makes each line one field.
    public var separator: UInt8?
    /// What quotes mean.
    public var quoting: Quoting
    /// Whether lines of nothing but spaces and tabs are left out.
    public var skipsBlankLines: Bool

    /// By default tabs, pandas's quotes, and no blank lines.
    public init(
      separator: UInt8? = UInt8(ascii: "\t"), quoting: Quoting = .minimal,
      skipsBlankLines: Bool = true
    ) {
      self.separator = separator
      self.quoting = quoting
      self.skipsBlankLines = skipsBlankLines
    }

    /// What `.tsv` files are.
    public static let tabs = Options()
    /// What `.csv` files are.
    public static let commas = Options(separator: UInt8(ascii: ","))
    /// Every line one field, empty ones too, quotes without meaning.
    public static let lines = Options(separator: nil, quoting: .none, skipsBlankLines: false)
  }

  /// One record.
  public struct Record: Sendable, Equatable {
    /// The fields as data, quotes around them taken off.
    public var fields: [String]
    /// The line on which it starts, from 1.
    public var line: Int
    /// Line ends that are data, inside quoted fields.
    public var swallowedLineEnds: Int
  }

  /// All records in order.
  public var records: [Record] = []

  /// The records whose quoted fields hold line ends: often a stray quote that swallowed rows.
  public var swallowing: [Record] { records.filter { $0.swallowedLineEnds > 0 } }

  /// Reads a whole text.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` with line and byte.
  public init(parsing bytes: [UInt8], options: Options = .tabs) throws(KerasError) {
    var reader = DelimitedReader(ByteSource(bytes), options: options)
    while let record = try reader.next() { records.append(record) }
  }
}
