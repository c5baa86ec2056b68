import ArgumentParser
import KerasFormat
import KerasRuntime

/// `hornbill convert`: between containers and Keras generations.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert between containers and Keras generations.",
    discussion: """
      hornbill convert old.h5 new.keras
      hornbill convert model.keras model.h5 --keras 2
      hornbill convert model.json model.keras --weights model.weights.h5
      """)

  @Argument(help: "The model to read: .keras, .h5 or .json.", completion: .file())
  var input: String

  @Argument(help: "The file to write: .keras, .h5, .weights.h5 or .json.", completion: .file())
  var output: String

  @Option(
    help: "Weights for it: .weights.h5, a legacy weights .h5, or those inside a whole-model file.",
    completion: .file())
  var weights: String?

  @Option(
    name: .customLong("keras"),
    help: """
      The generation to write: 2, 2.15 or 3; default: 3, for .h5 and .json the one that was read.
      """)
  var generation: Generation?

  @Flag(help: "Write the .h5 as Keras 2's save_weights does.")
  var legacyWeights = false

  func validate() throws {
    if ModelFile.Container(path: output) == nil {
      throw ValidationError("'\(output)' must end in .keras, .h5, .hdf5, .weights.h5 or .json.")
    }
    if generation == .keras1 {
      throw ValidationError("Files of Keras 1 are read, not written; --keras takes 2, 2.15 or 3.")
    }
    if legacyWeights, ModelFile.Container(path: output) != .h5 {
      throw ValidationError("--legacy-weights writes an .h5, but the output is '\(output)'.")
    }
  }

  func run() throws {
    try AtomicFile.checkTarget(output)
    let record = try ModelFile.read(input, weights: weights)
    // Built, so that nothing is written that does not fit together; and named as Keras names it.
    let source: Network.WeightSource =
      record.layers.allSatisfy(\.weights.isEmpty) ? .zeros : .stored
    var built: ModelRecord
    do {
      built = try Network(record, weights: source).record
    } catch {
      throw error.inFile(input)
    }
    // A model of text layers alone has none, and is whole without.
    if case .zeros = source, !built.layers.allSatisfy(\.weights.isEmpty) {
      guard ModelFile.Container(path: output) == .json else {
        throw KerasError(
          .weightMismatch, "a definition without weights", at: .init(file: input),
          hint: "give them with --weights, or write a .json")
      }
      for index in built.layers.indices { built.layers[index].weights = [] }
    }
    let notes = try ModelOutput.write(
      built, to: output, generation: generation, legacyWeights: legacyWeights)
    for note in notes { Console.note("\(output): \(note)") }
  }
}
