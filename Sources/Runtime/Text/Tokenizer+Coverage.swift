extension Tokenizer {
  /// How many words of some texts a tokenizer knows.
  public struct Coverage: Sendable, Equatable {
    /// Words in all texts.
    public var words = 0
    /// Those that were not in the texts it was fitted on.
    public var unknown = 0
    /// Those that were, but are rarer than ``Tokenizer/numWords`` keeps.
    public var tooRare = 0

    /// Share of the words that become no token of their own.
    public var lostShare: Double { words == 0 ? 0 : Double(unknown + tooRare) / Double(words) }
    /// Share of the words that were not in the texts it was fitted on.
    public var unknownShare: Double { words == 0 ? 0 : Double(unknown) / Double(words) }
  }

  /// How many words of `texts` it knows.
  public func coverage(of texts: [String]) -> Coverage {
    var coverage = Coverage()
    let limit = numWords.flatMap { $0 == 0 ? nil : $0 } ?? Int.max
    for var text in texts {
      text.withUTF8 { utf8 in
        splitter.forEachWord(in: utf8) { word in
          coverage.words += 1
          guard let index = wordIndex.value(of: word) else {
            coverage.unknown += 1
            return
          }
          if index >= limit { coverage.tooRare += 1 }
        }
      }
    }
    return coverage
  }
}
