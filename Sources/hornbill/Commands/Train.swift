import ArgumentParser
import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain

/// `hornbill train`: fits a model to labelled data and saves it.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model and save it.",
    discussion: """
      hornbill train --architecture gru --data reviews.tsv --epochs 30 --output gru.keras
      hornbill train gru.keras --data reviews.tsv --epochs 5 --output gru.keras
      hornbill train --architecture gru --validation-split 0.2 --epochs 100 --output gru.keras \\
        --early-stopping 'patience=5,restore-best-weights' --checkpoint run.keras --csv-log log.csv
      hornbill train --resume run.keras --output gru.keras
      """)

  @OptionGroup var setup: TrainingSetup

  @Option(
    help: """
      Go on with a run that stopped, bit for bit: a .keras file that --checkpoint, --backup or an \
      interrupted train wrote. Give the same data; settings and callbacks are those of the run. A file \
      that Keras saved goes on with its optimizer's state, from --initial-epoch.
      """, completion: .file())
  var resume: String?

  @OptionGroup(title: "Callbacks") var callbacks: CallbackOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    if [setup.model, setup.architecture?.text, resume].compactMap({ $0 }).count != 1 {
      throw ValidationError("Give one of a model file, --architecture and --resume.")
    }
    try setup.requireOneOfEach()
    if resume != nil, callbacks.backup != nil {
      throw ValidationError("--backup goes on by itself; leave out --resume.")
    }
  }

  func run() throws {
    try output.checkTargets()
    let checkpoint = try resumed()
    let start = try checkpoint?.model ?? setup.loaded(resume)
    let material = try setup.material(for: start)
    let generation = checkpoint?.model.compilation?.generation ?? setup.generation(of: start)
    // First, so that what is wrong in a flag is said of the flag.
    let settings = try setup.training.settings(
      validation: material.validation, goingOnFrom: checkpoint)
    var model =
      if let checkpoint { checkpoint.model } else {
        try setup.compiled(start, material, generation: generation)
      }
    try output.checkFormats(of: model)

    let interruption = Interruption()
    let reporter = EpochReporter(
      setup.training.verbosity, introduction: material.introduction)
    let kept = KeptCheckpoint()
    // Keras 2.2 shows the epoch before other callbacks have their turn, the others after.
    var all = try callbacks.made(
      goingOnFrom: checkpoint, hparams: hparams(of: model, settings))
    all.insert(reporter, at: generation == .keras2 ? 0 : all.count)
    all += [interruption, kept]
    if setup.training.verbosity != .silent,
      let guesses = try ConstantPredictor.losses(of: model, on: material.training, settings)
    {
      all.append(
        PlateauNotice(guess: guesses.training) { sentence in
          Console.note("hornbill: \(sentence); '\(Self.diagnosis)' finds out why")
        })
    }
    if let test = material.test {
      try model.network.checkBatches(of: test.rows, batchSize: settings.batchSize)
    }
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

  /// The command that looks into this training: what it was given, without what it leaves behind.
  private static var diagnosis: String {
    ShellText.command(
      ["diagnose"]
        + ShellText.without(
          [
            "output", "history", "plot", "early-stopping", "reduce-lr-on-plateau", "checkpoint",
            "csv-log", "tensorboard", "backup", "verbose", "initial-epoch",
          ], flags: ["legacy-weights", "terminate-on-nan"],
          of: Array(CommandLine.arguments.dropFirst(2))
        ).filter { $0 != "--resume" }.map {
          // The run that went on is a model file.
          $0.hasPrefix("--resume=") ? String($0.dropFirst("--resume=".count)) : $0
        })
  }

  /// The run to go on with; `nil` for none, and for a file that Keras saved.
  private func resumed() throws(KerasError) -> Checkpoint? {
    guard let resume else { return nil }
    guard Checkpoint.isCheckpoint(try FileBytes.read(resume)) else {
      Console.note(
        "\(resume): holds no state of training beside the optimizer's; a new run goes on from it")
      return nil
    }
    if setup.generation != nil || !setup.training.compilation.isEmpty {
      throw KerasError(
        .invalidArgument, "a run goes on with its own optimizer, loss, metrics and arithmetic",
        at: .init(path: ["--resume"]), hint: "leave those flags out")
    }
    if setup.training.initialEpoch != 0 {
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
}

/// Keeps where training broke off.
private final class KeptCheckpoint: Callback {
  private(set) var checkpoint: Checkpoint?

  func onInterrupt(_ run: TrainingRun) { checkpoint = run.checkpoint() }
}
