import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

/// `hornbill predict`: scores texts, or computes outputs for raw arrays.
struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Score new reviews, or compute outputs for raw arrays.",
    discussion: """
      hornbill predict gru.keras 'Great case, excellent value.'
      hornbill predict gru.keras --data reviews.txt --format jsonl
      hornbill predict model.h5 --input x.npy --output y.npy
      A model with a TextVectorization or StringLookup of its own reads texts by it; where that \
      names no output_sequence_length, the texts of a batch are padded to its longest, as in Keras.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument { case text, jsonl, csv }

  @OptionGroup var model: ModelOptions

  @Argument(help: "Texts to score.")
  var texts: [String] = []

  @Option(
    help: """
      Texts from a file: .tsv, .csv, .jsonl, or any other with one review a line; - for standard \
      input, one a line. Blank lines are passed over.
      """, completion: .file())
  var data: String?

  @OptionGroup var columns: ColumnOptions

  @Option(help: "text: score<TAB>text. jsonl: objects with text and score. csv: with a header.")
  var format = Format.text

  @Option(help: "Raw input, .npy; once per input of the model, in its order.", completion: .file())
  var input: [String] = []

  @Option(
    help: """
      Where the output for --input goes, .npy; several go to NAME_0.npy, NAME_1.npy, and so on.
      """, completion: .file())
  var output: String?

  @Option(
    parsing: .unconditional,
    help: """
      Rows computed at once, default 32, or more for texts where that changes nothing but the time; \
      without influence on the result where rows are padded alike.
      """)
  var batchSize: Int?

  @Option(parsing: .unconditional, help: "Cores to use; default: all. Results do not depend on it.")
  var threads: Int?

  @Flag(
    help: """
      Take --input as consecutive calls of a stateful model, of the batch size that it was made for \
      or else --batch-size: each call goes on from the states in which the one before ended.
      """)
  var statefulCalls = false

  func validate() throws {
    if statefulCalls, input.isEmpty {
      throw ValidationError("--stateful-calls goes with --input.")
    }
    if let batchSize, batchSize < 1 {
      throw ValidationError("--batch-size \(batchSize) but it must be 1 or more.")
    }
    if let threads, threads < 1 {
      throw ValidationError("--threads \(threads) but it must be 1 or more.")
    }
    if input.isEmpty != (output == nil) {
      throw ValidationError("--input and --output go together.")
    }
    let sources = [!texts.isEmpty, data != nil, !input.isEmpty].filter { $0 }.count
    if sources != 1 { throw ValidationError("Give texts, --data or --input: one of them.") }
  }

  func run() throws {
    let network = try Network(contentsOf: model.model, weights: model.weights, training: false)
    if let output {
      try predictArrays(network, to: output)
      return
    }
    let scoring: Scoring
    do {
      scoring = try Scoring(network, batchSize: batchSize, threads: threads)
    } catch {
      throw error.inFile(model.model)
    }
    if let data {
      try predictFile(scoring, data, ScoreWriter(format, network))
    } else {
      let writer = ScoreWriter(format, network)
      let scores = try scoring.scores(texts)
      writer.header()
      writer.write(texts, scores)
    }
  }

  private func predictArrays(_ network: Network, to output: String) throws(KerasError) {
    let targets = network.outputs.indices.map { index in
      network.outputs.count == 1 ? output : Self.numbered(output, index)
    }
    for target in targets { try AtomicFile.checkTarget(target) }
    let inputs = try DataOptions.inputs(at: input)
    let outputs: [NumericArray]
    do { outputs = try predicted(network, inputs) } catch {
      throw error.inInput(of: [network], at: input)
    }
    for (target, array) in zip(targets, outputs) { try AtomicFile.write(array.npy(), to: target) }
  }

  /// In batches of any size, or as calls of a stateful model one after another.
  private func predicted(
    _ network: Network, _ inputs: [NumericArray]
  ) throws(KerasError) -> [NumericArray] {
    guard statefulCalls else { return try network.predict(inputs, batchSize: batchSize ?? 32) }
    guard network.isStateful else {
      throw KerasError(
        .invalidArgument, "--stateful-calls, but no layer of the model is stateful",
        at: .init(file: model.model))
    }
    var states = RecurrentStates()
    return try network.predict(
      inputs, batchSize: network.fixedBatchSize ?? batchSize ?? 32, continuing: &states)
  }

  /// `Y.npy` → `Y_0.npy`, `Y_1.npy`, ….
  private static func numbered(_ path: String, _ index: Int) -> String {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else {
      return "\(path)_\(index)"
    }
    return "\(path[..<dot])_\(index)\(path[dot...])"
  }

  /// Streams, so that memory does not grow with the file: while a chunk is scored, the scores of the
  /// one before are written and the next one is read.
  private func predictFile(
    _ scoring: Scoring, _ path: String, _ writer: ScoreWriter
  ) throws {
    var reader = try TextReader(path: path, options: columns.reading)
    var chunk = try Self.chunk(from: &reader, scoring.chunkSize)
    guard !chunk.isEmpty else {
      throw KerasError(
        .invalidData, "no rows; expected at least one text", at: .init(file: reader.file))
    }
    var scored: (texts: [String], scores: Scores)?
    var isFirst = true
    defer { if let scored { writer.write(scored.texts, scored.scores) } }
    while !chunk.isEmpty {
      var next = Result<[String], KerasError>.success([])
      let scores = try scoring.scores(chunk) {
        if let scored { writer.write(scored.texts, scored.scores) }
        scored = nil
        next = Result { () throws(KerasError) in
          try Self.chunk(from: &reader, scoring.chunkSize)
        }
      }
      if isFirst { writer.header() }
      isFirst = false
      scored = (chunk, scores)
      chunk = try next.get()
    }
  }

  /// The next texts, `count` at most; none at the end.
  private static func chunk(
    from reader: inout TextReader, _ count: Int
  ) throws(KerasError) -> [String] {
    var texts: [String] = []
    texts.reserveCapacity(count)
    while texts.count < count, let row = try reader.next() { texts.append(row.text) }
    return texts
  }
}
