import ArgumentParser
import KerasFormat
import KerasRuntime

/// `hornbill convert`: between containers and Keras generations.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
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
      The generation to write: 1, 2, 2.15 or 3; default: 3, for .h5 and .json the one that was read.
      """)
  var generation: Generation?

  @Flag(help: "Write the .h5 as Keras 2's save_weights does.")
  var legacyWeights = false

  @Flag(
    help: """
      Write the file although the other generation's Keras computes something else of this model.
      """)
  var allowDifferences = false

  func validate() throws {
    if ModelFile.Container(path: output) == nil {
      throw ValidationError("'\(output)' must end in .keras, .h5, .hdf5, .weights.h5 or .json.")
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
    let network: Network
    do {
      network = try Network(record, weights: source)
    } catch {
      throw error.inFile(input)
    }
    var built = network.record
    // A model of text layers alone has none, and is whole without.
    if case .zeros = source, !built.layers.allSatisfy(\.weights.isEmpty) {
      guard ModelFile.Container(path: output) == .json else {
        throw KerasError(
          .weightMismatch, "a definition without weights", at: .init(file: input),
          hint: "give them with --weights, or write a .json")
      }
      for index in built.layers.indices { built.layers[index].weights = [] }
    }
    try checkComputation(network)
    let notes = try ModelOutput.write(
      built, to: output, generation: generation, legacyWeights: legacyWeights)
    for note in notes { Console.note("\(output): \(note)") }
  }

  /// Refuses, or notes, what the other generation would compute otherwise.
  private func checkComputation(_ network: Network) throws(KerasError) {
    let target = ModelFile.generation(
      of: network.record, writtenTo: output, options: .init(generation: generation))
    let found: ConversionProbe.Difference?
    do {
      found = try ConversionProbe(network).largestDifference(
        writtenAs: target, in: ModelFile.Container(path: output), legacyWeights: legacyWeights,
        name: output)
    } catch {
      throw error.inFile(input)
    }
    guard let found, found.size > 1e-5 else { return }
    let message =
      "Keras \(target.rawValue) computes something else of this model: on rows with padding "
      + "\(found)"
    guard allowDifferences else {
      throw KerasError(
        .unsupportedConfiguration, message, at: .init(file: input),
        hint: "masks and states follow each generation's own rules; --allow-differences writes it "
          + "all the same")
    }
    Console.note("\(output): \(message)")
  }
}
