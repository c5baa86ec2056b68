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
      hornbill train --architecture gru --validation-split 0.2 --epochs 100 --output gru.keras \\
        --early-stopping 'patience=5,restore-best-weights' --checkpoint run.keras --csv-log log.csv
      hornbill train --resume run.keras --output gru.keras
      """)

  @Argument(help: "A model to go on with: .keras, .h5, or a .json definition.", completion: .file())
  var model: String?

  @Option(
    help: "Weights for it: .weights.h5, a legacy weights .h5, or those inside a whole-model file.",
    completion: .file())
  var weights: String?

  @Option(
    help: """
      Go on with a run that stopped, bit for bit: a .keras file that --checkpoint, --backup or an \
      interrupted train wrote. Give the same data; settings and callbacks are those of the run. A file \
      that Keras saved goes on with its optimizer's state, from --initial-epoch.
      """, completion: .file())
  var resume: String?

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
  @OptionGroup(title: "Callbacks") var callbacks: CallbackOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    if [model, architecture?.rawValue, resume].compactMap({ $0 }).count != 1 {
      throw ValidationError("Give one of a model file, --architecture and --resume.")
    }
    if weights != nil && model == nil { throw ValidationError("--weights goes with a model file.") }
    if resume != nil, callbacks.backup != nil {
      throw ValidationError("--backup goes on by itself; leave out --resume.")
    }
  }

  func run() throws {
    try output.checkTargets()
    let checkpoint = try resumed()
    var model = try checkpoint?.model ?? (self.model ?? resume).map(load)
    let material = try prepare(for: model?.network)
    let generation =
      self.generation ?? checkpoint?.model.compilation?.generation ?? model?.network.generation
      ?? .keras3
    if model == nil, let architecture {
      model = try fresh(architecture, material, generation)
    }
    guard var model else { return }
    let settings = try training.settings(
      validation: material.validation, goingOnFrom: checkpoint)
    if checkpoint == nil {
      if let pipeline = material.pipeline { model.network.textPipeline = pipeline }
      try training.compilation.compile(&model, generation: generation)
    }
    try output.checkFormats(of: model)

    let interruption = Interruption()
    let reporter = EpochReporter(training.verbosity, introduction: material.introduction)
    let kept = KeptCheckpoint()
    // Keras 2.2 shows the epoch before other callbacks have their turn, the others after.
    var all = try callbacks.made(
      goingOnFrom: checkpoint, hparams: hparams(of: model, settings))
    all.insert(reporter, at: generation == .keras2 ? 0 : all.count)
    all += [interruption, kept]
    let history = try located {
      () throws(KerasError) in
      try model.fit(
        material.training, settings: settings, callbacks: all, resumingFrom: checkpoint)
    }
    try output.write(model, history, checkpoint: kept.checkpoint)
    if Interruption.came {
      let count = history.epochs.count
      Console.note("stopped after \(count) whole epoch\(count == 1 ? "" : "s"); the model is saved")
      throw ExitCode(Interruption.exitStatus)
    }
    if let test = material.test {
      let logs = try model.evaluate(test, batchSize: settings.batchSize)
      let values = logs.map { "\($0.name): \(Numbers.log($0.value))" }.joined(separator: " - ")
      Console.result("\(test.rows) held-back row\(test.rows == 1 ? "" : "s") - \(values)")
    }
  }

  /// The run to go on with; `nil` for none, and for a file that Keras saved.
  private func resumed() throws(KerasError) -> Checkpoint? {
    guard let resume else { return nil }
    guard Checkpoint.isCheckpoint(try FileBytes.read(resume)) else {
      Console.note(
        "\(resume): holds no state of training beside the optimizer's; a new run goes on from it")
      return nil
    }
    if generation != nil || !training.compilation.isEmpty {
      throw KerasError(
        .invalidArgument, "a run goes on with its own optimizer, loss, metrics and arithmetic",
        at: .init(path: ["--resume"]), hint: "leave those flags out")
    }
    if training.initialEpoch != 0 {
      throw KerasError(
        .invalidArgument, "a run goes on where it stopped", at: .init(path: ["--initial-epoch"]),
        hint: "leave it out")
    }
    return try Checkpoint(contentsOf: resume)
  }

  /// An error about a run to go on with names its file.
  private func located(
    _ body: () throws(KerasError) -> History
  ) throws(KerasError) -> History {
    do {
      return try body()
    } catch {
      let isAboutRun = error.hint?.hasPrefix("a run goes on") ?? false
      guard isAboutRun, let file = resume else { throw error }
      throw error.inFile(file)
    }
  }

  /// The settings that TensorBoard lists beside each run.
  private func hparams(of model: Model, _ settings: FitSettings) -> JSONObject {
    guard let compilation = model.compilation, callbacks.tensorboard != nil else { return [:] }
    var hparams: JSONObject = [
      "model": .string(model.network.name),
      "optimizer": .string(type(of: compilation.optimizer).className),
      "learning_rate": (compilation.optimizer.learningRate as? Double).map(JSON.number)
        ?? .string(compilation.optimizer.learningRate.serialized.pythonText()),
      "batch_size": .integer(settings.batchSize), "epochs": .integer(settings.epochs),
      "loss": compilation.loss.string.map(JSON.string) ?? .string(compilation.loss.pythonText()),
      "keras": .string(compilation.generation.rawValue),
    ]
    if let seed = settings.seed { hparams["seed"] = .number(Double(seed)) }
    return hparams
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

/// Keeps where training broke off.
private final class KeptCheckpoint: Callback {
  private(set) var checkpoint: Checkpoint?

  func onInterrupt(_ run: TrainingRun) { checkpoint = run.checkpoint() }
}
