import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

/// `hornbill predict`: scores texts, or computes outputs for raw arrays.
struct Predict: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score new reviews, or compute outputs for raw arrays.",
    discussion: """
      hornbill predict gru.keras 'Great case, excellent value.'
      hornbill predict gru.keras --data reviews.txt --format jsonl
      hornbill predict model.h5 --input x.npy --output y.npy
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument { case text, jsonl, csv }

  @OptionGroup var model: ModelOptions

  @Argument(help: "Texts to score.")
  var texts: [String] = []

  @Option(
    help: "Texts from a file, one a line, or .tsv, .csv, .jsonl; - for standard input.",
    completion: .file())
  var data: String?

  @OptionGroup var columns: ColumnOptions

  @Option(help: "text: score<TAB>text. jsonl and csv hold the same.")
  var format = Format.text

  @Option(help: "Raw input, .npy; once per input of the model, in its order.", completion: .file())
  var input: [String] = []

  @Option(help: "Where the outputs for --input go, .npy.", completion: .file())
  var output: String?

  @Option(help: "Rows computed at once; it has no influence on the result.")
  var batchSize = 32

  @Option(help: "Cores to use; default: all. Results do not depend on it.")
  var threads: Int?

  func validate() throws {
    if batchSize < 1 { throw ValidationError("--batch-size must be 1 or more.") }
    if let threads, threads < 1 { throw ValidationError("--threads must be 1 or more.") }
    if input.isEmpty != (output == nil) {
      throw ValidationError("--input and --output go together.")
    }
    let sources = [!texts.isEmpty, data != nil, !input.isEmpty].filter { $0 }.count
    if sources != 1 { throw ValidationError("Give texts, --data or --input: one of them.") }
  }

  func run() async throws {
    let network = try Network(contentsOf: model.model, weights: model.weights)
    if let output {
      try predictArrays(network, to: output)
    } else if let data {
      try await predictFile(network, data)
    } else {
      let writer = ScoreWriter(format, network)
      writer.header()
      let scores = try await Scoring(network, batchSize: batchSize, threads: threads).scores(texts)
      writer.write(texts, scores)
    }
  }

  private func predictArrays(_ network: Network, to output: String) throws(KerasError) {
    var inputs: [NumericArray] = []
    for path in input { inputs.append(try DataOptions.array(at: path)) }
    let outputs: [NumericArray]
    do {
      outputs = try network.predict(inputs, batchSize: batchSize)
    } catch {
      throw error.inFile(input[0])
    }
    for (index, array) in outputs.enumerated() {
      let path = outputs.count == 1 ? output : Self.numbered(output, index)
      try AtomicFile.write(array.npy(), to: path)
    }
  }

  /// `Y.npy` → `Y_0.npy`, `Y_1.npy`, ….
  private static func numbered(_ path: String, _ index: Int) -> String {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else {
      return "\(path)_\(index)"
    }
    return "\(path[..<dot])_\(index)\(path[dot...])"
  }

  /// Streams: reads a chunk, scores it, writes it, so that memory does not grow with the file.
  private func predictFile(_ network: Network, _ path: String) async throws {
    let scoring = try Scoring(network, batchSize: batchSize, threads: threads)
    let writer = ScoreWriter(format, network)
    var reader = try TextReader(path: path, options: columns.reading)
    writer.header()
    var isAtEnd = false
    while !isAtEnd {
      var chunk: [String] = []
      while chunk.count < scoring.chunkSize {
        guard let row = try reader.next() else {
          isAtEnd = true
          break
        }
        chunk.append(row.text)
      }
      writer.write(chunk, try await scoring.scores(chunk))
    }
  }
}
