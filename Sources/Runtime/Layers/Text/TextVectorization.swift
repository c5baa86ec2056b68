import KerasFormat

/// Texts → indices of words, `(B, 1) → (B, T)`, or a vector a text, `(B, 1) → (B, V)`, by a fixed
/// vocabulary.
///
/// A text is standardized, cut into words and n-grams, and looked up: index 0 is padding, 1 every
/// unknown word. T is `output_sequence_length`, longer texts being cut off, or else the length of
/// the longest text that comes in the same batch. As vectors (`multi_hot`, `count`, `tf_idf`) there
/// is no padding, and index 0 is the unknown words'.
public struct TextVectorization: TextLayer {
  public static let className = "TextVectorization"
  /// T; `nil` for the batch's longest text.
  public let outputSequenceLength: Int?
  private let pieces: TextPieces
  private let lookup: WordLookup
  private let own: JSONObject
  private var input: Shape = [1]
  private var generation = Generation.keras3

  /// A layer with Keras's defaults and the words of `vocabulary`, the most frequent ones first.
  ///
  /// - Throws: ``KerasError`` for words that stand there twice, and for none.
  public init(vocabulary: [String], outputSequenceLength: Int? = nil) throws(KerasError) {
    var reader = ConfigReader(
      [
        "vocabulary": .array(vocabulary.map { .string($0) }),
        "output_sequence_length": outputSequenceLength.map { .integer($0) } ?? .null,
      ], of: "text_vectorization")
    try self.init(from: &reader)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    let settings = try LookupSettings(&config, Self.className)
    lookup = try WordLookup(settings, mask: "", config)
    pieces = TextPieces(
      standardization: try Self.choice("standardize", "lower_and_strip_punctuation", &config),
      split: try Self.choice("split", "whitespace", &config), ngrams: try Self.ngrams(&config))
    outputSequenceLength = try config.optionalInteger("output_sequence_length")
    if let length = outputSequenceLength {
      guard settings.mode == .int else {
        throw config.error("output_sequence_length", "given, but only output_mode=int has one")
      }
      guard (1...1 << 24).contains(length) else {
        throw config.error("output_sequence_length", "\(length) but 1…\(1 << 24) belong here")
      }
    }
    guard settings.mode != .oneHot || pieces.split == nil else {
      throw config.error("output_mode", "one_hot, which Keras cannot compute for words of a text")
    }
    try config.refuse("ragged")
    try TextEncodings.check(&config)
    var own = settings.config
    own["standardize"] = pieces.standardization.map { .string($0.rawValue) } ?? .null
    own["split"] = pieces.split.map { .string($0.rawValue) } ?? .null
    for key in ["ngrams", "output_sequence_length"] where config.hasKey(key) {
      own[key] = config.value(key) ?? .null
    }
    self.own = own
  }

  public var config: JSONObject { own }

  /// A named way, or `null` for none; a missing key is the default.
  private static func choice<Choice: RawRepresentable<String>>(
    _ key: String, _ fallback: String, _ config: inout ConfigReader
  ) throws(KerasError) -> Choice? {
    guard let value = config.value(key) else {
      return config.hasKey(key) ? nil : Choice(rawValue: fallback)
    }
    guard let choice = value.string.flatMap(Choice.init) else {
      throw config.error(
        key, "\(value.kind), which is not supported",
        hint: value.object == nil ? nil : "functions of Python's are never run")
    }
    return choice
  }

  private static func ngrams(_ config: inout ConfigReader) throws(KerasError) -> [Int]? {
    guard let value = config.value("ngrams") else { return nil }
    let lengths: [Int]?
    if let longest = value.integer, (1...1000).contains(longest) {
      lengths = Array(1...longest)
    } else {
      lengths = value.array?.compactMap(\.integer).filter { (1...1000).contains($0) }
    }
    guard let lengths, !lengths.isEmpty, value.array == nil || lengths.count == value.array?.count
    else {
      throw config.error("ngrams", "\(value.kind) but a length, or a list of them, belongs here")
    }
    return lengths
  }

  // MARK: Shape

  public func built(at site: BuildSite) throws(KerasError) -> TextVectorization {
    var layer = self
    layer.input = site.inputs[0]
    layer.generation = site.generation
    return layer
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let shape = inputs[0]
    guard shape == [1] || (pieces.split == nil ? shape.rank == 1 : shape.rank == 0) else {
      throw KerasError(
        .unsupportedConfiguration, "input \(shape) but one text a row belongs here: (None, 1)")
    }
    guard lookup.settings.mode != .int else { return [[outputSequenceLength]] }
    return [try lookup.settings.outputShape(for: [nil], generation)]
  }

  /// Whether every batch comes out with the same extents.
  public var hasFixedLength: Bool { lookup.settings.mode != .int || outputSequenceLength != nil }

  // MARK: Texts

  public func encode(_ rows: [[String]]) throws(KerasError) -> NumericArray {
    try checkWidths(of: rows, input)
    var indices: [[Int?]] = []
    for (row, texts) in rows.enumerated() {
      indices.append(try lookup.indices(of: pieces.pieces(of: texts), row: row))
    }
    let settings = lookup.settings
    guard settings.mode == .int else {
      return NumericArray(
        shape: [rows.count, settings.depth], .float32(settings.vectors(indices)))
    }
    let length = outputSequenceLength ?? indices.map(\.count).max() ?? 0
    var ids: [Int32] = []
    ids.reserveCapacity(rows.count * length)
    for row in indices {
      for index in row.prefix(length) { ids.append(Int32(index ?? 0)) }
      ids += repeatElement(0, count: max(0, length - row.count))
    }
    return NumericArray(shape: [rows.count, length], .int32(ids))
  }
}

/// How the bytes of words are read; Swift's strings are UTF-8.
enum TextEncodings {
  static func check(_ config: inout ConfigReader) throws(KerasError) {
    let name = try config.string("encoding", default: "utf-8")
    guard ["utf-8", "utf8", "ascii"].contains(name.lowercased()) else {
      throw config.error("encoding", "\"\(name)\" but only utf-8 is supported")
    }
  }
}
