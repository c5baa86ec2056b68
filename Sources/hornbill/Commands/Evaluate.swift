import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

/// `hornbill evaluate`: loss and metrics of a model on labelled data.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure loss and metrics of a model on labelled data.",
    discussion: "hornbill evaluate gru.keras --data held-back.tsv")

  @OptionGroup var model: ModelOptions
  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: "Rows computed at once; it has no influence on the result.")
  var batchSize = 32

  @Option(help: "The loss, where the file has none.")
  var loss: String?

  @Option(help: "Metrics, separated by commas.")
  var metrics: String?

  @Option(name: .customLong("keras"), help: "Whose arithmetic; default: the model file's.")
  var generation: Generation?

  @Option(help: "Cores to use. Results do not depend on it.")
  var threads: Int?

  func validate() throws {
    if batchSize < 1 { throw ValidationError("--batch-size must be 1 or more.") }
  }

  func run() throws {
    var model = try self.model.load()
    var training = TrainingOptions()
    (training.loss, training.metrics) = (loss, metrics)
    try training.compile(&model, generation: generation ?? model.network.generation)
    let rows: Dataset
    if data.isRaw {
      rows = try data.arrays()
    } else {
      guard let pipeline = model.network.textPipeline else {
        throw KerasError(
          .invalidData, "the model carries no text pipeline, so it cannot read text",
          at: .init(file: self.model.model), hint: "give arrays with --x and --y")
      }
      rows = try TextDataset.rows(of: data.texts(), pipeline: pipeline)
    }
    for (name, value) in try model.evaluate(rows, batchSize: batchSize) {
      Console.result("\(name): \(Numbers.fixed(value, 6))")
    }
  }
}
