import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain

/// The rows that all works are measured on: the UCI reviews where they are, else made-up ones of
/// the same size.
struct ReviewsData {
  let dataset: Dataset
  let vocabulary: Int
  /// The tokenizer that made them; `nil` for made-up rows.
  var pipeline: TextPipeline?
  /// The training texts.
  var texts: [String] = []

  /// Rows of the three files in the order yelp, amazon, imdb, split seed 1000.
  /// - Parameters:
  ///   - folder: where the files lie.
  ///   - padding: the side on which short rows are padded and long ones cut.
  init(folder: String, length: Int, padding: PaddingSide) throws(KerasError) {
    let files = ["yelp", "amazon_cells", "imdb"].map { "\(folder)/\($0)_labelled.txt" }
    var settings = TextDataset.Settings()
    settings.maxLength = length
    settings.padding = padding
    settings.truncating = padding
    settings.splitSeed = 1000
    let labelled = try LabelledText(paths: files)
    let set = try TextDataset(labelled, settings: settings)
    dataset = set.training
    vocabulary = set.pipeline.vocabularySize
    pipeline = set.pipeline
    let split = try TrainTestSplit(rows: labelled.texts.count, testSize: 0.25, seed: 1000)
    texts = split.train.map { labelled.texts[$0] }
  }

  /// Rows of random ids, all places filled.
  init(rows: Int, length: Int, vocabulary: Int) throws(KerasError) {
    var generator = SplitMix(state: UInt64(rows &* 31 &+ length))
    let ids = (0..<rows * length).map { _ in Int32(generator.next(below: vocabulary - 1) + 1) }
    let labels = (0..<rows).map { _ in Float(generator.next(below: 2)) }
    dataset = try Dataset(
      inputs: [NumericArray(shape: [rows, length], .int32(ids))],
      targets: NumericArray(shape: [rows], .float32(labels)))
    self.vocabulary = vocabulary
  }

  /// The reviews, or made-up rows of their size where the folder is not there.
  static func reviews(
    folder: String?, length: Int, padding: PaddingSide = .post
  ) throws(KerasError) -> ReviewsData {
    if let folder, FileManager.default.fileExists(atPath: folder) {
      return try ReviewsData(folder: folder, length: length, padding: padding)
    }
    return try ReviewsData(rows: 2061, length: length, vocabulary: 4603)
  }
}

/// Numbers that look random and are the same everywhere (splitmix64, Steele et al. 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// Evenly within -1..<1.
  mutating func float() -> Float { Float(Int64(bitPattern: next()) >> 40) / Float(1 << 23) }
}
