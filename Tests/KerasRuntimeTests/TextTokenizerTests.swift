import KerasFormat
import KerasRuntime
import Testing

/// Expected values: fixtures/text/make_tokenizer.py (tf.keras 2.15 and Keras 2.2.4).
struct TextTokenizerTests {
  private func tokenizer(_ settings: JSON) -> Tokenizer {
    Tokenizer(
      numWords: settings["num_words"].integer,
      filters: settings["filters"].string ?? Tokenizer.defaultFilters,
      lower: settings["lower"].bool ?? true, split: settings["split"].string ?? " ",
      charLevel: settings["char_level"].bool ?? false, oovToken: settings["oov_token"].string)
  }

  @Test(arguments: ["tk", "k2"])
  func `fitting and converting equal Keras's under every setting`(generation: String) throws {
    let fixture = try TextFixture.json("tokenizer_\(generation).json")
    let cases = try #require(fixture["cases"].object)
    #expect(cases.count == (generation == "tk" ? 15 : 3))
    for (name, expected) in cases.members {
      var ours = tokenizer(expected["settings"])
      ours.fitOnTexts(fixture["texts"].strings)
      let theirs = try Tokenizer(parsing: Array(#require(expected["json"].string).utf8))
      #expect(ours == theirs, "\(name)")
      #expect(
        ours.wordCounts.words.map { Array($0.utf8) }
          == theirs.wordCounts.words.map { Array($0.utf8) }, "\(name)")
      #expect(
        ours.wordIndex.words.map { Array($0.utf8) }
          == theirs.wordIndex.words.map { Array($0.utf8) },
        "\(name)")
      let sequences = ours.textsToSequences(fixture["new"].strings)
      #expect(sequences == expected["sequences"].sequences, "\(name)")
      #expect(
        ours.sequencesToTexts(sequences + [[1, 0, 2, 100000]]).map { Array($0.utf8) }
          == expected["texts"].strings.map { Array($0.utf8) }, "\(name)")
      ours.fitOnTexts(["again again plot plot plot plot fresh", fixture["new"].strings[2]])
      let refitted = try #require(expected["refitted"].string)
      #expect(try ours == Tokenizer(parsing: Array(refitted.utf8)), "\(name), fitted twice")
    }
  }

  @Test(arguments: Tokenizer.MatrixMode.allCases)
  func `matrices equal Keras's`(mode: Tokenizer.MatrixMode) throws {
    let fixture = try TextFixture.json("tokenizer_tk.json")
    let new = fixture["new"].strings
    for (name, expected) in try #require(fixture["cases"].object).members {
      var ours = tokenizer(expected["settings"])
      ours.fitOnTexts(fixture["texts"].strings)
      let matrix = try ours.textsToMatrix(Array(new[..<6] + new.suffix(5)), mode: mode)
      let theirs = expected["matrices"][mode.rawValue]
      #expect(matrix.shape == theirs["shape"].integers, "\(name)")
      var filled = [Double](repeating: 0, count: matrix.values.count)
      for entry in theirs["entries"].array ?? [] {
        let parts = try #require(entry.array)
        let (row, column) = (try #require(parts[0].integer), try #require(parts[1].integer))
        filled[row * matrix.shape[1] + column] = try #require(parts[2].number)
      }
      // Two logarithms, each right to one unit in the last place in either library.
      for (index, pair) in zip(matrix.values, filled).enumerated()
      where abs(pair.0 - pair.1) > 4 * pair.1.ulp {
        Issue.record("\(name) at \(index): expected \(pair.1), got \(pair.0)")
      }
    }
  }

  @Test func `the JSON text is Keras's, character by character`() throws {
    let fixture = try TextFixture.json("tokenizer_tk.json")
    for (name, expected) in try #require(fixture["cases"].object).members {
      let theirs = try JSON(parsing: #require(expected["json"].string))
      var ours = tokenizer(expected["settings"])
      ours.fitOnTexts(fixture["texts"].strings)
      let json = ours.toJSON()
      #expect(json["config"].object?.keys == theirs["config"].object?.keys)
      // word_docs and index_docs follow the order of a Python set, which no run repeats.
      for key in theirs["config"].object?.keys ?? []
      where !["word_docs", "index_docs"].contains(key) {
        // With the oov token in the corpus Keras lists its number first; ours are in order.
        if name == "oov_in_corpus", key == "index_word" { continue }
        #expect(json["config"][key] == theirs["config"][key], "\(name) \(key)")
      }
      #expect(try Tokenizer(json: json) == ours)
      #expect(try Tokenizer(json: .string(json.pythonText())) == ours, "JSON text inside JSON")
    }
  }

  @Test func `lower case is Python's`() throws {
    let fixture = try TextFixture.json("tokenizer_tk.json")
    func lower(_ text: String) -> String {
      var tokenizer = Tokenizer(filters: "", split: "\u{1}")
      tokenizer.fitOnTexts([text])
      return tokenizer.wordCounts.words.joined()
    }
    for pair in fixture["sigmas"].array ?? [] {
      #expect(Array(lower(pair.strings[0]).utf8) == Array(pair.strings[1].utf8), "\(pair)")
    }
    let table = try #require(fixture["lower"].object)
    #expect(table.count > 1300)
    for value in UInt32(0)..<0x110000 {
      guard let scalar = Unicode.Scalar(value), value != 1 else { continue }
      let text = String(Character(scalar))
      // Letters of a Unicode newer than that Python's 14.0 have no lower case there.
      if let age = scalar.properties.age, age.major > 14 { continue }
      let expected = table[String(value, radix: 16, uppercase: true)]?.string ?? text
      if Array(lower(text).utf8) != Array(expected.utf8) {
        Issue.record("U+\(String(value, radix: 16)): expected \(expected), got \(lower(text))")
      }
    }
  }

  @Test func `looking up bytes gives what looking up words gives`() throws {
    var texts = try TextFixture.json("tokenizer_tk.json")["new"].strings
    if TextFixture.hasUCI {
      for name in ["amazon_cells", "imdb", "yelp"] {
        let bytes = try TextFixture.bytes("\(TextFixture.uciFolder)/\(name)_labelled.txt")
        texts += bytes.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
      }
    }
    for (lower, charLevel) in [(true, false), (false, false), (true, true), (false, true)] {
      var tokenizer = Tokenizer(
        numWords: 500, lower: lower, charLevel: charLevel, oovToken: "<UNK>")
      tokenizer.fitOnTexts(texts)
      for text in texts {
        let plain = tokenizer.plainWords(of: text).map { word in
          tokenizer.wordIndex[word].map { $0 < 500 ? Int32($0) : 1 } ?? 1
        }
        #expect(tokenizer.textsToSequences([text]) == [plain])
      }
    }
  }

  @Test func `words that differ only in their code points stay apart`() {
    var tokenizer = Tokenizer()
    tokenizer.fitOnTexts(["caf\u{E9} cafe\u{301} cafe\u{301}"])
    #expect(tokenizer.wordIndex["cafe\u{301}"] == 1)
    #expect(tokenizer.wordIndex["caf\u{E9}"] == 2)
    #expect(tokenizer.textsToSequences(["caf\u{E9}\r\ncafe\u{301}"]) == [[1]])
    #expect(tokenizer.textsToSequences(["caf\u{E9}\ncafe\u{301}"]) == [[2, 1]])
  }

  @Test func `sequences alone are enough for tfidf`() throws {
    var tokenizer = Tokenizer(numWords: 4)
    tokenizer.fitOnSequences([[1, 2, 1], [2, 3]])
    #expect(tokenizer.documentCount == 2)
    #expect(tokenizer.indexDocs == [1: 1, 2: 2, 3: 1])
  }

  // MARK: - Errors

  private func message(_ body: () throws(KerasError) -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test func `a matrix without a width says what to do`() {
    #expect(
      message { () throws(KerasError) in _ = try Tokenizer().textsToMatrix(["a"]) }
        == "the tokenizer knows no word, so the matrix has no width; "
        + "set numWords, or fit the tokenizer on texts first")
    #expect(
      message { () throws(KerasError) in
        _ = try Tokenizer(numWords: 5).textsToMatrix(["a"], mode: .tfidf)
      }
        == "mode tfidf weighs words by the texts they came in, and no text was fitted; "
        + "fit the tokenizer on texts first")
    #expect(
      message { () throws(KerasError) in
        _ = try Tokenizer(numWords: 5).sequencesToMatrix([[1], [-2]])
      } == "line 2: the word number is -2; expected 0 or more")
  }

  @Test func `another program's tokenizer file is told apart`() {
    #expect(
      message { () throws(KerasError) in
        _ = try Tokenizer(parsing: Array(#"{"version": "1.0", "model": {}}"#.utf8))
      }
        == "found an object; expected Keras's Tokenizer with \"class_name\": \"Tokenizer\" "
        + "and a \"config\"; write it with Tokenizer.to_json() of Keras 2.2.4 or newer")
  }

  @Test(arguments: [
    (
      "word_index", JSON.string(#"{"a": 0.5}"#),
      "config/word_index: found 0.5; expected a whole number from 0 to 2147483647 for the word \"a\""
    ),
    (
      "word_counts", JSON.string("[1]"),
      "config/word_counts: found a list; expected an object"
    ),
    ("word_docs", JSON.null, "config/word_docs: found null; expected a string that holds JSON"),
    (
      "index_word", JSON.string(#"{"x": "a"}"#),
      "config/index_word: found \"a\"; expected a word or count under a whole number, not \"x\""
    ),
    ("lower", JSON.string("yes"), "config/lower: found \"yes\"; expected true or false"),
    (
      "split", JSON.string(""),
      "config/split: the split string is empty; expected at least one character"
    ),
    ("analyser", JSON.null, "config/analyser: Keras's Tokenizer has no setting of this name"),
    (
      "num_words", JSON.integer(1 << 40),
      "config/num_words: found 1099511627776; expected a whole number of 32 bits"
    ),
  ])
  func `a damaged table is named`(key: String, value: JSON, expected: String) throws {
    var object = try #require(Tokenizer().toJSON().object)
    var config = try #require(object["config"]?.object)
    config[key] = value
    object["config"] = .object(config)
    #expect(
      message { () throws(KerasError) in _ = try Tokenizer(json: .object(object)) } == expected)
  }
}
