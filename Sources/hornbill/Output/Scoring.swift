import KerasFormat
import KerasRuntime

/// Scores texts on several cores; the order stays, and the numbers do not depend on the cores.
struct Scoring {
  private let batchSize: Int
  private let crew: Crew
  /// One for each core, kept from chunk to chunk for what it remembers.
  private let boxes: [Box]

  /// Makes its predictor when a text comes; a class, since an array cannot hold what cannot be
  /// copied.
  private final class Box {
    private let network: Network
    private var predictor: Predictor?

    init(_ network: Network) { self.network = network }

    func scores(_ texts: [String], batchSize: Int) throws(KerasError) -> [Float] {
      var own = predictor.take() ?? Predictor(network)
      let result = Result { () throws(KerasError) in
        try own.predict(texts, batchSize: batchSize)
      }
      predictor = consume own
      return try result.get()
    }
  }

  /// - Parameter batchSize: texts computed at once; by default Keras's 32, or more where that
  ///   changes nothing but the time.
  init(_ network: Network, batchSize: Int?, threads: Int?) throws(KerasError) {
    if !network.readsTexts, let text = network.textInputs.first {
      throw KerasError(
        .unsupportedConfiguration,
        "\(network.inputs.count) inputs, \(text.name) of texts among them, but texts are scored by "
          + "models of one input",
        hint: "give --input once for each, for \(text.name) the array that its \(text.className) "
          + "makes of the texts, and --output")
    }
    guard network.readsTexts else {
      throw KerasError(
        .invalidData, "the model carries no text pipeline, so it cannot read text",
        hint: "give arrays with --input and --output")
    }
    guard network.outputs.count == 1 else {
      throw KerasError(
        .unsupportedConfiguration, "\(network.outputs.count) outputs but scoring takes one",
        hint: "give arrays with --input and --output")
    }
    self.batchSize = batchSize ?? (network.isBatchIndependent ? 256 : 32)
    crew = threads.map { Crew(threads: $0) } ?? .all
    boxes = (0..<crew.threads).map { _ in Box(network) }
  }

  /// Texts to hand over at once: enough for all cores, little enough to stay in memory.
  /// Whole batches, so that each text meets the same others however many cores there are.
  var chunkSize: Int { (2048 + batchSize - 1) / batchSize * batchSize * crew.threads }

  /// The model's output for each text.
  func scores(_ texts: [String]) throws(KerasError) -> Scores {
    let batches = (texts.count + batchSize - 1) / batchSize
    let share = max(1, (batches + crew.threads - 1) / crew.threads) * batchSize
    let starts = Array(stride(from: 0, to: texts.count, by: share))
    var parts = [Result<[Float], KerasError>](repeating: .success([]), count: starts.count)
    parts.withUnsafeMutableBufferPointer { parts in
      let parts = UnsafeMutableBufferPointer(rebasing: parts[...])
      crew.each(starts.count) { index in
        let start = starts[index]
        let own = Array(texts[start..<min(texts.count, start + share)])
        let box = boxes[index]
        parts[index] = Result { () throws(KerasError) in
          do throws(KerasError) {
            return try box.scores(own, batchSize: batchSize)
          } catch {
            throw error.shiftingRows(by: start)
          }
        }
      }
    }
    var values: [Float] = []
    for part in parts { values += try part.get() }
    return Scores(values: values, width: values.count / max(1, texts.count))
  }
}

/// The model's output for some texts, row by row.
struct Scores {
  let values: [Float]
  /// Numbers for each text.
  let width: Int

  subscript(row: Int) -> ArraySlice<Float> { values[row * width..<(row + 1) * width] }
}
