import KerasFormat
import KerasRuntime

/// Labelled texts made ready to train on: split, tokenized, padded, with the pipeline that does the
/// same to new texts.
public struct TextDataset: Sendable {
  /// How texts become rows; Keras's names and defaults.
  public struct Settings: Sendable {
    /// Only the most frequent words, the others are dropped or become the out-of-vocabulary token.
    public var numWords: Int?
    /// What stands for words that are not known; `nil` drops them.
    public var oovToken: String?
    /// T; `nil` takes the longest training row.
    public var maxLength: Int?
    /// On which side short rows are filled with 0.
    public var padding = PaddingSide.pre
    /// On which side long rows lose words.
    public var truncating = PaddingSide.pre
    /// The share of rows held back, in the order of scikit-learn's `train_test_split`.
    public var testSplit = 0.25
    /// What the split is drawn with, as scikit-learn's `random_state`.
    public var splitSeed: UInt32 = 0

    /// All words, rows as long as the longest, filled in front, a quarter of them held back.
    public init() {}
  }

  /// What the rows went through, and what new texts go through.
  public let pipeline: TextPipeline
  /// The rows to train on: ids `(N, T)` and one label each.
  public let training: Dataset
  /// What the training rows were before they were encoded.
  public let trainingTexts: [String]
  /// The rows held back; `nil` where none are.
  public let test: Dataset?

  /// Splits, fits the vocabulary on the training rows alone, and encodes.
  ///
  /// - Parameter pipeline: an already fitted one, which is then used as it is.
  /// - Throws: ``KerasError/Code/invalidArgument`` for a share or a length that cannot be,
  ///   ``KerasError/Code/invalidData`` where no row or no word is left to train on.
  public init(
    _ data: LabelledText, settings: Settings = Settings(), pipeline fitted: TextPipeline? = nil
  ) throws(KerasError) {
    let (train, test) = try Self.split(data.texts.count, settings)
    let texts = train.map { data.texts[$0] }
    if let fitted {
      pipeline = fitted
    } else {
      pipeline = try Self.fit(texts, settings, labelNames: data.labelNames)
    }
    training = try Self.encoded(data, train, pipeline)
    trainingTexts = texts
    self.test = test.isEmpty ? nil : try Self.encoded(data, test, pipeline)
  }

  /// All rows of `data` through a fitted pipeline.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` where there are no rows.
  public static func rows(
    of data: LabelledText, pipeline: TextPipeline
  ) throws(KerasError) -> Dataset {
    try encoded(data, Array(data.texts.indices), pipeline)
  }

  /// All rows of `data` as a network takes texts: through its own text layer, or its pipeline.
  ///
  /// - Throws: ``KerasError`` where the network cannot read texts, or its text layer pads each
  ///   batch to a length of its own.
  public static func rows(
    of data: LabelledText, for network: Network
  ) throws(KerasError) -> Dataset {
    guard let layer = network.textLayer else {
      guard let pipeline = network.textPipeline else {
        throw KerasError(
          .invalidData, "the model carries no text pipeline, so it cannot read text")
      }
      return try rows(of: data, pipeline: pipeline)
    }
    if let vectorization = layer as? TextVectorization, !vectorization.hasFixedLength {
      throw KerasError(
        .unsupportedConfiguration,
        "the model's TextVectorization pads each batch to its longest text",
        hint: "give it an output_sequence_length, which makes rows alike")
    }
    return try encoded(data, Array(data.texts.indices), network)
  }

  /// Labelled texts for a network that has a text layer of its own: what to train on, and what is
  /// held back, `nil` where nothing is.
  ///
  /// - Throws: ``KerasError`` where the network cannot read the texts, as ``rows(of:for:)`` has it,
  ///   or where the split leaves no row to train on.
  public static func sets(
    of data: LabelledText, for network: Network, settings: Settings = Settings()
  ) throws(KerasError) -> (training: Dataset, test: Dataset?) {
    // The whole is looked at first: whether the network can take it at all.
    _ = try rows(of: data, for: network)
    let (train, test) = try split(data.texts.count, settings)
    return (
      try encoded(data, train, network), test.isEmpty ? nil : try encoded(data, test, network)
    )
  }

  private static func encoded(
    _ data: LabelledText, _ rows: [Int], _ network: Network
  ) throws(KerasError) -> Dataset {
    var dataset = try Dataset(
      inputs: [try network.encoded(rows.map { data.texts[$0] })],
      targets: NumericArray(shape: [rows.count], .float32(rows.map { Float(data.values[$0]) })))
    dataset.source = .texts(rows.map { data.places[$0] })
    return dataset
  }

  private static func split(
    _ rows: Int, _ settings: Settings
  ) throws(KerasError) -> (train: [Int], test: [Int]) {
    guard settings.testSplit != 0 else { return (Array(0..<rows), []) }
    let split = try TrainTestSplit(
      rows: rows, testSize: settings.testSplit, seed: settings.splitSeed)
    return (split.train, split.test)
  }

  private static func fit(
    _ texts: [String], _ settings: Settings, labelNames: [String]?
  ) throws(KerasError) -> TextPipeline {
    var tokenizer = Tokenizer(numWords: settings.numWords, oovToken: settings.oovToken)
    tokenizer.fitOnTexts(texts)
    guard !tokenizer.wordIndex.isEmpty else {
      throw KerasError(
        .invalidData, "no words in \(texts.count) training texts: nothing to learn from")
    }
    let longest = tokenizer.textsToSequences(texts).map(\.count).max() ?? 0
    let length = settings.maxLength ?? max(1, longest)
    guard length > 0 else {
      throw KerasError(.invalidArgument, "a maximum length of \(length) but it must be 1 or more")
    }
    return TextPipeline(
      tokenizer: tokenizer, maxLength: length, padding: settings.padding,
      truncating: settings.truncating, labelNames: labelNames)
  }

  private static func encoded(
    _ data: LabelledText, _ rows: [Int], _ pipeline: TextPipeline
  ) throws(KerasError) -> Dataset {
    let (ids, count, length) = pipeline.encode(rows.map { data.texts[$0] })
    var dataset = try Dataset(
      inputs: [NumericArray(shape: [count, length], .int32(ids))],
      targets: NumericArray(shape: [rows.count], .float32(rows.map { Float(data.values[$0]) })))
    dataset.source = .texts(rows.map { data.places[$0] })
    return dataset
  }
}

extension TextPipeline {
  /// V: one more than the largest token id that it gives, for the padding id 0.
  public var vocabularySize: Int {
    let words = tokenizer.wordIndex.count + 1
    return tokenizer.numWords.map { min(words, $0) } ?? words
  }
}
