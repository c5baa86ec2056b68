/// The words of one preprocessing layer as its canonical config has them, and what Keras reads out
/// of them: whether its special tokens stand in front, and each index's idf weight.
///
/// Indices are given out in the order mask token (only where the output is indices), `N` times the
/// token for unknown words, then the words. A learned vocabulary is stored with the special tokens,
/// one handed to the layer usually without; Keras (`IndexLookup.set_vocabulary`) looks whether they
/// are there.
package struct StoredVocabulary: Sendable {
  /// As stored.
  package let entries: [JSON]
  /// How many of these, the first ones, are special tokens: none or all of them.
  package let specialCount: Int
  /// The first index of unknown words, and of known ones.
  package let oovStart: Int
  package let tokenStart: Int
  /// The idf weights as stored, one for each of `entries`; `nil` where there are none.
  package let idfWeights: [Double]?

  /// The words by themselves.
  package var tokens: ArraySlice<JSON> { entries[specialCount...] }
  /// The number of indices: Keras's `vocabulary_size()`.
  package var size: Int { tokenStart + entries.count - specialCount }

  /// The vocabulary of a config; `nil` where it has none.
  ///
  /// - Throws: ``KerasError`` when the vocabulary, or a number that belongs to it, is of another
  ///   type.
  package init?(_ className: String, _ config: JSONObject) throws(KerasError) {
    guard let vocabulary = config["vocabulary"], !vocabulary.isNull else { return nil }
    try Vocabularies.check(vocabulary)
    entries = vocabulary.array ?? []
    let isText = className == "TextVectorization"
    let mask: JSON = isText ? "" : config["mask_token"] ?? .null
    let oov: JSON =
      isText ? "[UNK]" : config["oov_token"] ?? (className == "StringLookup" ? "[UNK]" : -1)
    let oovCount = isText ? 1 : config["num_oov_indices"]?.integer ?? 1
    guard (0...Vocabularies.maximumWords).contains(oovCount) else {
      throw KerasError(
        .unsupportedConfiguration, "\(oovCount) but 0…\(Vocabularies.maximumWords) belong here",
        at: .init(path: ["num_oov_indices"]))
    }
    oovStart = !mask.isNull && (config["output_mode"]?.string ?? "int") == "int" ? 1 : 0
    tokenStart = oovStart + oovCount
    let isPrefixed =
      entries.count >= tokenStart
      && entries[oovStart..<tokenStart].allSatisfy { Self.isSame($0, oov) }
      && entries[..<oovStart].allSatisfy { Self.isSame($0, mask) }
    specialCount = isPrefixed ? tokenStart : 0
    guard let weights = config["idf_weights"], !weights.isNull else {
      idfWeights = nil
      return
    }
    let numbers = weights.array?.compactMap(\.number)
    guard let numbers, numbers.count == weights.array?.count else {
      throw KerasError(
        .unsupportedConfiguration, "\(weights.kind) but a list of numbers belongs here",
        at: .init(path: ["idf_weights"]))
    }
    guard numbers.count == entries.count else {
      throw KerasError(
        .weightMismatch, "\(numbers.count) weights for a vocabulary of \(entries.count)",
        at: .init(path: ["idf_weights"]))
    }
    idfWeights = numbers
  }

  /// The weight of each index as Keras keeps them, up to `width` of them: unknown words weigh the
  /// mean of the others where nothing is stored for them, and indices without a word nothing.
  package func weights(width: Int) -> [Float]? {
    guard let idfWeights, width >= size else { return nil }
    let front = tokenStart - specialCount
    let mean = idfWeights.reduce(0, +) / Double(max(1, idfWeights.count))
    return Array(repeating: Float(mean), count: front) + idfWeights.map { Float($0) }
      + Array(repeating: 0, count: width - size)
  }

  /// Strings byte by byte, as Python compares them.
  package static func isSame(_ a: JSON, _ b: JSON) -> Bool {
    if let a = a.string, let b = b.string { return a.utf8.elementsEqual(b.utf8) }
    return a.integer != nil && a.integer == b.integer
  }
}
