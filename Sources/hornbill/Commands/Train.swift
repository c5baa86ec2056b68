import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

extension ReviewsArchitecture: ExpressibleByArgument {}

/// `hornbill train`: fits a model to labelled data and saves it.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model and save it.",
    discussion: """
      hornbill train --architecture gru --data reviews.tsv --epochs 30 --output gru.keras
      hornbill train gru.keras --data reviews.tsv --epochs 5 --output gru.keras
      """)

  @Argument(help: "A model to go on with: .keras, .h5, or a .json definition.", completion: .file())
  var model: String?

  @Option(
    help: "Weights for it: .weights.h5, a legacy weights .h5, or those inside a whole-model file.",
    completion: .file())
  var weights: String?

  @Option(help: "Build one of the reviews models instead.")
  var architecture: ReviewsArchitecture?

  @Option(help: "Whether the embedding of a fresh model masks padding: true or false.")
  var maskZero = false

  @Option(
    name: .customLong("keras"),
    help: "Whose arithmetic; default: the model file's, else 3.")
  var generation: Generation?

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Text") var text: TextOptions
  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    if (model == nil) == (architecture == nil) {
      throw ValidationError("Give either a model file or --architecture.")
    }
    if weights != nil && model == nil { throw ValidationError("--weights goes with a model file.") }
  }

  func run() throws {
    try output.checkTargets()
    var model = try self.model.map(load)
    let material = try prepare(for: model?.network)
    let generation = self.generation ?? model?.network.generation ?? .keras3
    if model == nil, let architecture {
      model = try fresh(architecture, material, generation)
    }
    guard var model else { return }
    if let pipeline = material.pipeline { model.network.textPipeline = pipeline }
    try training.compilation.compile(&model, generation: generation)
    try output.checkFormats(of: model)

    let interruption = Interruption()
    let reporter = EpochReporter(training.verbosity, introduction: material.introduction)
    let history = try model.fit(
      material.training, settings: try training.settings(validation: material.validation),
      callbacks: [reporter, interruption])
    try output.write(model, history, generation: generation)
    if Interruption.came {
      let count = history.epochs.count
      Console.note("stopped after \(count) whole epoch\(count == 1 ? "" : "s"); the model is saved")
      throw ExitCode(Interruption.exitStatus)
    }
    if let test = material.test {
      let logs = try model.evaluate(test, batchSize: training.batchSize)
      let values = logs.map { "\($0.name): \(Numbers.log($0.value))" }.joined(separator: " - ")
      Console.result("\(test.rows) held-back row\(test.rows == 1 ? "" : "s") - \(values)")
    }
  }

  /// The model to go on with; a definition without weights starts with fresh ones.
  private func load(_ path: String) throws(KerasError) -> Model {
    let record = try ModelFile.read(path, weights: weights)
    let isFresh = record.layers.allSatisfy(\.weights.isEmpty)
    do {
      return try Model(record, weights: isFresh ? .fresh(seed: freshSeed) : .stored)
    } catch {
      throw error.inFile(path)
    }
  }

  private var freshSeed: UInt64 { training.seed ?? UInt64.random(in: 1...UInt64(UInt32.max)) }

  /// What a run works on.
  private struct Material {
    var training: Dataset
    var validation: Dataset?
    var test: Dataset?
    var pipeline: TextPipeline?
    /// What there is, in one line.
    var introduction: String?
  }

  private func prepare(for network: Network?) throws(KerasError) -> Material {
    let pipeline = network?.textPipeline
    if data.isRaw {
      return Material(training: try data.arrays(), validation: try data.validationArrays())
    }
    if let network, network.textLayer != nil { return try prepare(readBy: network) }
    let texts = try data.texts(labels: pipeline?.labelKind)
    var settings = text.settings
    if !data.testData.isEmpty { settings.testSplit = 0 }
    let set = try TextDataset(texts, settings: settings, pipeline: pipeline)
    var material = Material(training: set.training, test: set.test, pipeline: set.pipeline)
    if !data.testData.isEmpty {
      let held = try LabelledText(
        paths: data.testData, options: data.columns.reading, labels: texts.labelKind)
      material.test = try TextDataset.rows(of: held, pipeline: set.pipeline)
    }
    material.introduction =
      "\(set.training.rows) rows to train on, \(material.test?.rows ?? 0) held back; "
      + "V = \(set.pipeline.vocabularySize), length \(set.pipeline.maxLength)"
    return material
  }

  /// Texts for a model that turns them into numbers itself.
  private func prepare(readBy network: Network) throws(KerasError) -> Material {
    var settings = text.settings
    if !data.testData.isEmpty { settings.testSplit = 0 }
    let sets = try TextDataset.sets(
      of: try data.texts(labels: .integers), for: network, settings: settings)
    var material = Material(training: sets.training, test: sets.test)
    if !data.testData.isEmpty {
      let held = try LabelledText(
        paths: data.testData, options: data.columns.reading, labels: .integers)
      material.test = try TextDataset.rows(of: held, for: network)
    }
    material.introduction =
      "\(material.training.rows) rows to train on, \(material.test?.rows ?? 0) held back; "
      + "the model's own \(network.textLayer.map { type(of: $0).className } ?? "") reads them"
    return material
  }

  private func fresh(
    _ architecture: ReviewsArchitecture, _ material: Material, _ generation: Generation
  ) throws(KerasError) -> Model {
    let ids = material.training.inputs[0]
    guard let pipeline = material.pipeline else {
      // Raw ids: the vocabulary is what the arrays show.
      let largest = ids.doubles().max() ?? 0
      guard ids.shape.count == 2, largest >= 0, largest < Double(Int32.max) else {
        throw KerasError(
          .invalidData,
          "an array \(ids.shape) with a maximum of \(largest) but token ids belong here",
          at: .init(file: data.x[0]))
      }
      return try fresh(architecture, Int(largest) + 1, ids.shape[1], generation)
    }
    return try fresh(architecture, pipeline.vocabularySize, pipeline.maxLength, generation)
  }

  private func fresh(
    _ architecture: ReviewsArchitecture, _ vocabularySize: Int, _ length: Int,
    _ generation: Generation
  ) throws(KerasError) -> Model {
    let layers = architecture.layers(
      vocabularySize: vocabularySize, inputLength: length, maskZero: maskZero,
      generation: generation)
    return try Model(layers, name: architecture.rawValue, seed: freshSeed, generation: generation)
  }
}
