import KerasFormat

extension Tokenizer {
  /// The value of Keras's `Tokenizer.to_json()`; `pythonText()` of it is the same text, but for the
  /// order inside `word_docs` and `index_docs`, which in Keras changes from run to run.
  ///
  /// The five tables are JSON text inside JSON, as Keras has them.
  public func toJSON() -> JSON {
    let indices = indexWord.keys.sorted()
    var index = JSONObject()
    for number in indices { index[String(number)] = indexWord[number].map { .string($0) } }
    var documents = JSONObject()
    for number in indexDocs.keys.sorted() {
      documents[String(number)] = indexDocs[number].map { .integer($0) }
    }
    return [
      "class_name": "Tokenizer",
      "config": [
        "num_words": numWords.map { .integer($0) } ?? .null,
        "filters": .string(filters),
        "lower": .bool(lower),
        "split": .string(split),
        "char_level": .bool(charLevel),
        "oov_token": oovToken.map { .string($0) } ?? .null,
        "document_count": .integer(documentCount),
        "word_counts": Self.text(wordCounts.json),
        "word_docs": Self.text(wordDocs.json),
        "index_docs": Self.text(.object(documents)),
        "index_word": Self.text(.object(index)),
        "word_index": Self.text(wordIndex.json),
      ],
    ]
  }

  private static func text(_ json: JSON) -> JSON { .string(json.pythonText()) }

  /// Reads what Keras's `to_json()` gives, as `tokenizer_from_json` does.
  ///
  /// - Parameter json: The object, or a string that holds its text: programs often write
  ///   `json.dump(tokenizer.to_json(), file)`.
  /// - Throws: ``KerasError/Code/invalidJSON`` where it is something else, with the key.
  public init(json: JSON) throws(KerasError) {
    if let text = json.string {
      try self.init(json: JSON(parsing: text))
      return
    }
    guard let object = json.object, let config = object["config"]?.object,
      object["class_name"]?.string == "Tokenizer"
    else {
      throw KerasError(
        .invalidJSON,
        "found \(json.object?["class_name"].map { "class_name \($0.kind)" } ?? json.kind); "
          + "expected Keras's Tokenizer with \"class_name\": \"Tokenizer\" and a \"config\"",
        hint: "write it with Tokenizer.to_json() of Keras 2.2.4 or newer")
    }
    do {
      try self.init(config: config)
    } catch {
      throw error.inside("config")
    }
  }

  /// Reads the text of a tokenizer file.
  ///
  /// - Throws: ``KerasError/Code/invalidJSON`` with the byte or the key for text that is not
  ///   Keras's `Tokenizer`.
  public init(parsing bytes: [UInt8]) throws(KerasError) {
    try self.init(json: JSON(parsing: bytes))
  }

  private init(config: JSONObject) throws(KerasError) {
    let reader = TokenizerConfig(config)
    try reader.checkKeys()
    let split = try reader.string("split") ?? " "
    let charLevel = try reader.bool("char_level") ?? false
    guard charLevel || !split.isEmpty else {
      throw KerasError(
        .invalidJSON, "the split string is empty; expected at least one character",
        at: .init(path: ["split"]))
    }
    self.init(
      numWords: try reader.integer("num_words"),
      filters: try reader.string("filters") ?? Tokenizer.defaultFilters,
      lower: try reader.bool("lower") ?? true, split: split, charLevel: charLevel,
      oovToken: try reader.string("oov_token"))
    documentCount = try reader.integer("document_count") ?? 0
    wordCounts = try reader.words("word_counts")
    wordDocs = try reader.words("word_docs")
    indexDocs = try reader.numbers("index_docs") { $0.count32 }
    indexWord = try reader.numbers("index_word") { $0.string }
    wordIndex = try reader.words("word_index")
  }
}

extension WordTable {
  fileprivate var json: JSON {
    var object = JSONObject()
    for (position, word) in words.enumerated() { object[word] = .integer(values[position]) }
    return .object(object)
  }
}

extension JSON {
  /// A word's number or count: whole, not negative, and small enough for a token id.
  fileprivate var count32: Int? {
    integer.flatMap { (0...Int(Int32.max)).contains($0) ? $0 : nil }
  }
}

/// Typed reads of a tokenizer's config; a missing setting is `nil`, for Keras's default.
private struct TokenizerConfig {
  private static let keys = [
    "num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count",
    "word_counts", "word_docs", "index_docs", "index_word", "word_index",
  ]

  private let config: JSONObject

  init(_ config: JSONObject) { self.config = config }

  func checkKeys() throws(KerasError) {
    if let key = config.keys.first(where: { !Self.keys.contains($0) }) {
      throw KerasError(
        .invalidJSON, "Keras's Tokenizer has no setting of this name", at: .init(path: [key]))
    }
  }

  func string(_ key: String) throws(KerasError) -> String? {
    try setting(key, "a string") { $0.string }
  }

  func bool(_ key: String) throws(KerasError) -> Bool? {
    try setting(key, "true or false") { $0.bool }
  }

  func integer(_ key: String) throws(KerasError) -> Int? {
    try setting(key, "a whole number of 32 bits") { $0.integer.flatMap(Int32.init(exactly:)) }
      .map(Int.init)
  }

  private func setting<Value>(
    _ key: String, _ expected: String, _ read: (JSON) -> Value?
  ) throws(KerasError) -> Value? {
    guard let value = config[key], !value.isNull else { return nil }
    guard let result = read(value) else { throw wrong(key, value, expected) }
    return result
  }

  /// A table from words to whole numbers that fit a token id.
  func words(_ key: String) throws(KerasError) -> WordTable {
    var table = WordTable()
    let isRead = isFlat(key) { word, value in
      let known = table.count
      guard case .integer(let number) = value, number <= Int(Int32.max) else { return false }
      table.set(word, to: number)
      return table.count > known
    }
    if isRead { return table }
    table = WordTable()
    for (word, value) in try members(key) {
      guard let number = value.count32 else {
        throw wrong(
          key, value, "a whole number from 0 to \(Int32.max) for the word \"\(word.prefix(60))\"")
      }
      table.set(word, to: number)
    }
    return table
  }

  /// A table from whole numbers, which JSON has as strings.
  func numbers<Value>(
    _ key: String, _ read: (JSON) -> Value?
  ) throws(KerasError) -> [Int: Value] {
    var table: [Int: Value] = [:]
    let isRead = isFlat(key) { number, value in
      let json: JSON =
        switch value {
        case .integer(let value): .integer(value)
        case .string(let value): .string(String(decoding: value, as: UTF8.self))
        }
      guard let index = Int(String(decoding: number, as: UTF8.self)), let result = read(json)
      else { return false }
      return table.updateValue(result, forKey: index) == nil
    }
    if isRead { return table }
    table = [:]
    for (number, value) in try members(key) {
      guard let index = Int(number), let result = read(value) else {
        throw wrong(
          key, value, "a word or count under a whole number, not \"\(number.prefix(60))\"")
      }
      table[index] = result
    }
    return table
  }

  /// Whether a table is a flat object of which `body` takes every member.
  private func isFlat(
    _ key: String, _ body: (UnsafeBufferPointer<UInt8>, FlatObject.Value) -> Bool
  ) -> Bool {
    config[key]?.string.map { FlatObject.forEachMember(in: $0, body) } ?? false
  }

  private func members(_ key: String) throws(KerasError) -> [(key: String, value: JSON)] {
    guard let text = config[key]?.string else {
      throw wrong(key, config[key] ?? .null, "a string that holds JSON")
    }
    let table: JSON
    do {
      table = try JSON(parsing: text)
    } catch {
      throw error.inside(key)
    }
    guard let object = table.object else { throw wrong(key, table, "an object") }
    return object.members
  }

  private func wrong(_ key: String, _ value: JSON, _ expected: String) -> KerasError {
    KerasError(.invalidJSON, "found \(value.kind); expected \(expected)", at: .init(path: [key]))
  }
}
