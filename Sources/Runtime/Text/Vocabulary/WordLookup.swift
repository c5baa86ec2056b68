import KerasFormat

/// Words → indices, as Keras's `StringLookup` gives them.
struct WordLookup: Sendable {
  let settings: LookupSettings
  private let table: WordTable
  private let mask: [UInt8]?

  /// - Parameter mask: the mask token, where there is one.
  init(
    _ settings: LookupSettings, mask: String?, _ reader: borrowing ConfigReader
  ) throws(KerasError) {
    self.settings = settings
    self.mask = mask.map { Array($0.utf8) }
    var table = WordTable()
    for (offset, token) in settings.vocabulary.tokens.enumerated() {
      guard let word = token.string else {
        throw reader.error("vocabulary", "\(token.kind) but words are strings")
      }
      guard table[word] == nil else {
        throw reader.error("vocabulary", "the word \"\(word.prefix(40))\" stands there twice")
      }
      if let mask, StoredVocabulary.isSame(token, .string(mask)) {
        throw reader.error("vocabulary", "the mask token \"\(mask)\" stands among the words")
      }
      table.set(word, to: settings.vocabulary.tokenStart + offset)
    }
    self.table = table
  }

  /// The index of each word; `nil` for one that is masked out.
  func indices(
    of words: some Sequence<some Collection<UInt8>>, row: Int
  ) throws(KerasError) -> [Int?] {
    var indices: [Int?] = []
    for word in words { indices.append(try index(of: Array(word), row: row)) }
    return indices
  }

  private func index(of word: [UInt8], row: Int) throws(KerasError) -> Int? {
    if word == mask { return settings.maskIndex }
    if let index = word.withUnsafeBufferPointer({ table.value(of: $0) }) { return index }
    let unknown = settings.unknownIndex(
      hash: word.withUnsafeBufferPointer { Fingerprint64.of($0) })
    guard let unknown else {
      let text = String(decoding: word.prefix(40), as: UTF8.self)
      throw KerasError(
        .invalidData, "\"\(text)\" is not in the vocabulary, and num_oov_indices=0",
        at: .init(row: row))
    }
    return unknown
  }
}
