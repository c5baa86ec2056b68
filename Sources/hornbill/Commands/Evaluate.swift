import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

/// `hornbill evaluate`: loss and metrics of a model on labelled data.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure loss and metrics of a model on labelled data.",
    discussion: "hornbill evaluate gru.keras --data held-back.tsv")

  @OptionGroup var model: ModelOptions
  @OptionGroup(title: "Data") var data: DataOptions

  @Option(
    parsing: .unconditional, help: "Rows computed at once; it has no influence on the result.")
  var batchSize = 32

  @OptionGroup var objective: ObjectiveOptions

  @Option(name: .customLong("keras"), help: "Whose arithmetic; default: the model file's.")
  var generation: Generation?

  @Option(
    parsing: .unconditional,
    help: "Cores to use, default all; results do not depend on it.")
  var threads: Int?

  func validate() throws {
    if batchSize < 1 {
      throw ValidationError("--batch-size \(batchSize) but it must be 1 or more.")
    }
    if let threads, threads < 1 {
      throw ValidationError("--threads \(threads) but it must be 1 or more.")
    }
    if !data.validationX.isEmpty || !data.testData.isEmpty {
      throw ValidationError("Only train takes --validation-x, --validation-y and --test-data.")
    }
  }

  func run() throws {
    var model = try self.model.load()
    let settings = CompileSettings(
      loss: objective.loss, lossWeights: objective.lossWeights, metrics: objective.metrics,
      weightedMetrics: objective.weightedMetrics)
    let arithmetic = generation ?? model.network.generation
    let rows: Dataset
    if data.isRaw {
      rows = try data.arrays()
    } else {
      guard model.network.readsTexts else {
        throw KerasError(
          .invalidData, "the model carries no text pipeline, so it cannot read text",
          at: .init(file: self.model.model), hint: "give arrays with --x and --y")
      }
      let numbers = settings.labelKind(over: model.compilation, arithmetic)
      let kind = model.network.textPipeline?.labelKind(or: numbers) ?? numbers ?? .integers
      rows = try TextDataset.rows(of: try data.texts(labels: kind), for: model.network)
    }
    try settings.compile(&model, generation: arithmetic)
    let crew = threads.map { Crew(threads: $0) } ?? .all
    for (name, value) in try model.evaluate(rows, batchSize: batchSize, crew: crew) {
      Console.result("\(name): \(Numbers.fixed(value, 6))")
    }
  }
}
