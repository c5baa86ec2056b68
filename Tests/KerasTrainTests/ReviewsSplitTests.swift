import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Expected values: fixtures/text/uci.json, made by make_tokenizer.py (tf.keras 2.15).
struct ReviewsSplitTests {
  private static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()
  private static let folder = root + "/../shared/data/uci-sentiment"

  @Test(.enabled(if: access(folder, R_OK) == 0))
  func `the UCI reviews give Keras's vocabulary and sequences`() throws {
    let json = try JSON(parsing: FileBytes.read("\(Self.root)/fixtures/text/uci.json"))
    let facts = try #require(json.object)
    let reviews = try LabelledText(paths: [Self.folder])
    let split = try TrainTestSplit(rows: reviews.texts.count, testSize: 0.25, seed: 0)
    let texts = split.train.map { reviews.texts[$0] }
    #expect(texts.count == facts["rows"]?.integer)
    var tokenizer = Tokenizer()
    tokenizer.fitOnTexts(texts)
    #expect(tokenizer.wordIndex.count + 1 == facts["vocabulary"]?.integer)
    #expect(
      Array(tokenizer.wordIndex.words.prefix(10))
        == facts["most_frequent"]?.array?.compactMap(\.string))
    let sequences = tokenizer.textsToSequences(texts)
    #expect(sequences.map(\.count).max() == facts["longest"]?.integer)
    #expect(sequences.map(\.count).reduce(0, +) == facts["tokens"]?.integer)
    var checksum = 0
    for (i, sequence) in sequences.enumerated() {
      for (j, id) in sequence.enumerated() { checksum += (i + 1) * (j + 1) * Int(id) }
    }
    #expect(checksum == facts["checksum"]?.integer)
  }
}
