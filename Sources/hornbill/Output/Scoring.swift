import KerasFormat
import KerasRuntime
import Synchronization

/// Scores texts on several cores; the order stays, and the numbers do not depend on the cores.
struct Scoring {
  private let batchSize: Int
  private let crew: Crew
  private let boxes: Boxes

  /// A predictor and the memory of its calls; a class, since an array cannot hold what cannot be
  /// copied.
  private final class Box: @unchecked Sendable {
    // SAFETY: who takes a box from `Boxes` is its only user until it is back.
    private var predictor: Predictor

    init(_ network: Network) { predictor = Predictor(network) }

    func scores(_ texts: [String], batchSize: Int) throws(KerasError) -> [Float] {
      try predictor.predict(texts, batchSize: batchSize)
    }
  }

  /// As many boxes as were ever used at once, kept for what their predictors remember.
  private final class Boxes: Sendable {
    private let network: Network
    private let free = Mutex<[Box]>([])

    init(_ network: Network) { self.network = network }

    func take() -> Box { free.withLock { $0.popLast() } ?? Box(network) }
    func give(_ box: Box) { free.withLock { $0.append(box) } }
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
    boxes = Boxes(network)
  }

  /// Texts to hand over at once: enough for some cores, little enough to stay in memory, and whole
  /// batches; as many for any number of cores, so that what is written before an error is the same.
  var chunkSize: Int { (8192 + batchSize - 1) / batchSize * batchSize }

  /// The model's output for each text.
  ///
  /// - Parameter other: work to be done meanwhile, once.
  func scores(_ texts: [String], beside other: () -> Void = {}) throws(KerasError) -> Scores {
    let starts = Array(stride(from: 0, to: texts.count, by: batchSize))
    var parts = [Result<[Float], KerasError>](repeating: .success([]), count: starts.count)
    parts.withUnsafeMutableBufferPointer { parts in
      let parts = UnsafeMutableBufferPointer(rebasing: parts[...])
      crew.each(1 + starts.count) { index in
        guard index > 0 else { return other() }
        let start = starts[index - 1]
        let box = boxes.take()
        defer { boxes.give(box) }
        parts[index - 1] = Result { () throws(KerasError) in
          do throws(KerasError) {
            return try box.scores(
              Array(texts[start..<min(texts.count, start + batchSize)]), batchSize: batchSize)
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
