import KerasFormat

/// All that turns a text into a model's input: the fitted tokenizer and how its sequences are
/// padded and cut. It is saved inside the model's file.
///
///     let pipeline = TextPipeline(tokenizer: tokenizer, maxLength: 40)
///     let batch = pipeline.encode(["Great case, excellent value."])  // 1 × 40 ids
public struct TextPipeline: Sendable, Equatable {
  /// The version of the stored form that this package writes.
  public static let currentVersion = 1

  /// From words to ids, fitted.
  public var tokenizer: Tokenizer
  /// The width T of every row.
  public var maxLength: Int
  /// On which side short rows are filled with 0.
  public var padding: PaddingSide
  /// On which side long rows lose words.
  public var truncating: PaddingSide
  /// The classes by label number, where the labels were names.
  public var labelNames: [String]?
  /// The version of the stored form that this one came from.
  public private(set) var version = TextPipeline.currentVersion

  /// - Precondition: `maxLength` is 1 or more.
  public init(
    tokenizer: Tokenizer, maxLength: Int, padding: PaddingSide = .pre,
    truncating: PaddingSide = .pre, labelNames: [String]? = nil
  ) {
    precondition(maxLength > 0, "a sequence cannot have \(maxLength) places")
    self.tokenizer = tokenizer
    self.maxLength = maxLength
    self.padding = padding
    self.truncating = truncating
    self.labelNames = labelNames
  }

  /// The texts' token ids, B × T row by row.
  public func encode(_ texts: [String]) -> (ids: [Int32], rows: Int, length: Int) {
    // Most of a row is padding, which is there already.
    var ids = [Int32](repeating: 0, count: texts.count * maxLength)
    var words: [Int32] = []
    words.reserveCapacity(64)
    for (row, text) in texts.enumerated() {
      words.removeAll(keepingCapacity: true)
      tokenizer.appendTokenIDs(of: text, to: &words)
      let taken = truncating == .pre ? words.suffix(maxLength) : words.prefix(maxLength)
      let start = row * maxLength + (padding == .pre ? maxLength - taken.count : 0)
      for (place, id) in taken.enumerated() { ids[start + place] = id }
    }
    return (ids, texts.count, maxLength)
  }

  /// Appends the token ids of one text, padded or cut to ``maxLength``, to `ids`.
  public func appendRow(of text: String, to ids: inout [Int32]) {
    let start = ids.count
    tokenizer.appendTokenIDs(of: text, to: &ids)
    pad(&ids, from: start, length: maxLength, padding: padding, truncating: truncating)
  }

  // MARK: - Storing

  /// The form that lies inside a model's file. The tokenizer is in Keras's own form.
  public func toJSON() -> JSON {
    [
      "version": .integer(Self.currentVersion),
      "tokenizer": tokenizer.toJSON(),
      "max_length": .integer(maxLength),
      "padding": .string(padding.rawValue),
      "truncating": .string(truncating.rawValue),
      "label_names": labelNames.map { .array($0.map { .string($0) }) } ?? .null,
    ]
  }

  /// - Throws: ``KerasError/Code/invalidJSON`` with the key that is missing or wrong.
  public init(json: JSON) throws(KerasError) {
    guard let object = json.object else {
      throw KerasError(.invalidJSON, "found \(json.kind); expected a text pipeline, an object")
    }
    let version = object["version"]
    guard version?.integer == Self.currentVersion else {
      throw Self.wrong("version", version, "\(Self.currentVersion)")
    }
    guard let length = object["max_length"]?.integer, (1...Int(Int32.max)).contains(length) else {
      throw Self.wrong("max_length", object["max_length"], "a whole number from 1")
    }
    let names = object["label_names"] ?? .null
    let labelNames = names.array?.compactMap(\.string)
    guard names.isNull || (labelNames != nil && labelNames?.count == names.array?.count) else {
      throw Self.wrong("label_names", names, "a list of strings, or null")
    }
    guard let tokenizer = object["tokenizer"] else {
      throw Self.wrong("tokenizer", nil, "Keras's Tokenizer")
    }
    do {
      self.tokenizer = try Tokenizer(json: tokenizer)
    } catch {
      throw error.inside("tokenizer")
    }
    maxLength = length
    padding = try Self.side("padding", in: object)
    truncating = try Self.side("truncating", in: object)
    self.labelNames = labelNames
  }

  private static func side(
    _ key: String, in object: JSONObject
  ) throws(KerasError) -> PaddingSide {
    guard let side = object[key]?.string.flatMap(PaddingSide.init) else {
      throw wrong(key, object[key], "\"pre\" or \"post\"")
    }
    return side
  }

  private static func wrong(_ key: String, _ value: JSON?, _ expected: String) -> KerasError {
    KerasError(
      .invalidJSON, "found \(value?.kind ?? "nothing"); expected \(expected)",
      at: .init(path: [key]))
  }
}
