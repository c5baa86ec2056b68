import KerasFormat

/// Turns texts into sequences of word numbers, as Keras's `preprocessing.text.Tokenizer` (equal in
/// Keras 2.2.4 and 2.15).
///
/// Fitting counts the words of texts and numbers them from 1 by falling count, words of equal count
/// in the order in which they were first seen; 0 is left to padding. With an `oovToken` that token
/// is number 1 and stands for all unknown words, which are dropped without it.
///
///     var tokenizer = Tokenizer(numWords: 10_000, oovToken: "<UNK>")
///     tokenizer.fitOnTexts(["Great case, excellent value."])
///     tokenizer.textsToSequences(["great value!"])  // [[2, 5]]
public struct Tokenizer: Sendable, Equatable {
  /// Keras's default filters: ASCII punctuation without the apostrophe, tab and line feed.
  public static let defaultFilters = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n"

  /// Words numbered from here on count as unknown when texts are converted; `nil` or 0 keeps all.
  /// Fitting always numbers every word.
  public var numWords: Int?
  /// The token for unknown words.
  public let oovToken: String?
  /// Characters (code points) that separate words beside `split`.
  public var filters: String { splitter.filters }
  /// Whether texts are put into lower case first, as Python's `str.lower()`.
  public var lower: Bool { splitter.lower }
  /// The string that separates words.
  public var split: String { splitter.split }
  /// Whether every character is a word. Nothing is filtered then.
  public var charLevel: Bool { splitter.charLevel }

  /// How many texts were fitted on.
  public internal(set) var documentCount = 0
  /// How often each word came, in the order in which they were first seen.
  public internal(set) var wordCounts = WordTable()
  /// In how many texts each word came.
  public internal(set) var wordDocs = WordTable()
  /// Each word's number.
  public internal(set) var wordIndex = WordTable()
  /// Each number's word.
  public internal(set) var indexWord: [Int: String] = [:]
  /// In how many texts the word of each number came.
  public internal(set) var indexDocs: [Int: Int] = [:]

  let splitter: TextSplitter

  /// A tokenizer with Keras's defaults that has seen no text.
  ///
  /// - Precondition: `split` is not empty, unless `charLevel` leaves it without use.
  public init(
    numWords: Int? = nil, filters: String = Tokenizer.defaultFilters, lower: Bool = true,
    split: String = " ", charLevel: Bool = false, oovToken: String? = nil
  ) {
    precondition(charLevel || !split.isEmpty, "the split string is empty")
    self.numWords = numWords
    self.oovToken = oovToken
    splitter = TextSplitter(filters: filters, lower: lower, split: split, charLevel: charLevel)
  }

  /// The number that unknown words take, where there is one.
  private var oovIndex: Int? { oovToken.flatMap { wordIndex[$0] } }

  private func isTooRare(_ index: Int) -> Bool {
    guard let numWords, numWords != 0 else { return false }
    return index >= numWords
  }

  // MARK: - Fitting

  /// Counts the words of `texts` and numbers all words anew. Calls add up.
  public mutating func fitOnTexts(_ texts: [String]) {
    documentCount += texts.count
    // The last text (from 1) in which each word of `wordCounts` came, so that a text counts a word
    // once.
    var lastDocument = [Int](repeating: 0, count: wordCounts.count)
    for (number, var text) in texts.enumerated() {
      text.withUTF8 { utf8 in
        splitter.forEachWord(in: utf8) { word in
          let position = wordCounts.insert(word)
          wordCounts.setValue(wordCounts.values[position] + 1, at: position)
          if position == lastDocument.count { lastDocument.append(0) }
          if lastDocument[position] != number + 1 {
            lastDocument[position] = number + 1
            wordDocs.add(1, to: word)
          }
        }
      }
    }
    numberWords()
  }

  /// Counts in how many sequences each number comes, for ``MatrixMode/tfidf``.
  public mutating func fitOnSequences(_ sequences: [[Int32]]) {
    documentCount += sequences.count
    for sequence in sequences {
      for index in Set(sequence) { indexDocs[Int(index), default: 0] += 1 }
    }
  }

  private mutating func numberWords() {
    let counts = wordCounts.values
    let order = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    wordIndex = WordTable()
    // A text that holds the oov token itself numbers it twice, and the later number stays.
    let vocabulary = (oovToken.map { [$0] } ?? []) + order.map { wordCounts.word(at: $0) }
    for (index, word) in vocabulary.enumerated() { wordIndex.set(word, to: index + 1) }
    indexWord = [:]
    for (position, word) in wordIndex.words.enumerated() {
      indexWord[wordIndex.values[position]] = word
    }
    for (position, word) in wordDocs.words.enumerated() {
      if let index = wordIndex[word] { indexDocs[index] = wordDocs.values[position] }
    }
  }

  // MARK: - Converting

  /// The word numbers of each text.
  public func textsToSequences(_ texts: [String]) -> [[Int32]] {
    texts.map { text in
      var ids: [Int32] = []
      appendTokenIDs(of: text, to: &ids)
      return ids
    }
  }

  /// Appends the word numbers of one text to `ids`.
  ///
  /// It makes no `String` of any word under the default settings, so that a review takes a few
  /// microseconds.
  public func appendTokenIDs(of text: String, to ids: inout [Int32]) {
    let oov = oovIndex
    var text = text
    text.withUTF8 { utf8 in
      splitter.forEachWord(in: utf8) { word in
        if let index = wordIndex.value(of: word), !isTooRare(index) {
          ids.append(Int32(truncatingIfNeeded: index))
        } else if let oov {
          ids.append(Int32(truncatingIfNeeded: oov))
        }
      }
    }
  }

  /// The words of a text, before any is numbered, as Keras's `text_to_word_sequence`.
  public func plainWords(of text: String) -> [String] { splitter.plainWords(of: text) }

  /// The words of each sequence, joined by spaces. Unknown and too rare numbers become the oov
  /// token, or are dropped without one.
  public func sequencesToTexts(_ sequences: [[Int32]]) -> [String] {
    let oov = oovIndex.flatMap { indexWord[$0] }
    return sequences.map { sequence in
      sequence.compactMap { index in
        if let word = indexWord[Int(index)], !isTooRare(Int(index)) { word } else { oov }
      }.joined(separator: " ")
    }
  }
}
