import ArgumentParser
import KerasFormat
import KerasLaboratory
import KerasTrain

/// `hornbill sweep`: the same training at several learning rates, with several seeds, side by side.
struct SweepVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Compare the same training at several learning rates, models and settings.",
    discussion: """
      hornbill sweep --architecture gru,lstm --epochs 50 --report rates
      hornbill sweep --architecture gru --learning-rate 0.001,0.01 --vary padding=pre,post \\
        --data reviews --keras 2 --max-length 50 --batch-size 128 --report padding
      --architecture, --optimizer and --learning-rate take several values, separated by commas; without \
      --learning-rate there are 0.0001, 0.001, 0.01, 0.05 and 0.1. Runs are validated on \
      --validation-split, or else on the rows held back. --epochs is 50 here.
      """)

  @OptionGroup var setup: TrainingSetup
  @OptionGroup(title: "Sweep") var sweep: SweepOptions

  func validate() throws {
    if (setup.model == nil) == (setup.architecture == nil) {
      throw ValidationError("Give either a model file or --architecture.")
    }
    if setup.training.initialEpoch != 0 {
      throw ValidationError("--initial-epoch goes with train; here each run starts at 0.")
    }
    if let epochs = setup.training.epochs, epochs < 1 {
      throw ValidationError("--epochs \(epochs) but a run needs one or more.")
    }
    let config = setup.training.optimizerConfig.flatMap { try? JSON(parsing: $0).object }
    if let rate = config?["learning_rate"], setup.training.learningRate == nil {
      throw ValidationError(
        "--optimizer-config has the learning rate \(rate.pythonText()), in whose place each run "
          + "has its own; give rates as --learning-rate.")
    }
    for axis in try axes {
      // 0.01 and 1e-2 are one rate.
      let values = axis.values.map { Double($0).map { "\($0)" } ?? $0 }
      if let twice = values.first(where: { value in values.count { $0 == value } > 1 }) {
        throw ValidationError("--\(axis.name) has \(twice) twice.")
      }
    }
  }

  private static let defaultEpochs = 50

  func run() async throws {
    let plan = Sweep(axes: try axes, seeds: seeds)
    var variants: [[Sweep.Run.Setting]: Variant] = [:]
    for settings in plan.settings {
      variants[settings] = try variant(settings, sharing: Array(variants.values))
    }
    // A model is made of each setting before hours of training, so that what cannot be is said now.
    for run in plan.runs.prefix(plan.settings.count) { _ = try variants[run.settings]?.job(run) }
    try SweepReport.prepareFolder(sweep.report)
    let interruption = Interruption()
    let verbosity = setup.training.verbosity
    if verbosity != .silent { introduce(plan, variants[plan.settings[0]]?.material) }
    let progress = SweepProgress(plan, verbosity)
    let made = variants
    let result = try await plan.run(
      keptIn: "\(sweep.report)/runs", tensorBoard: sweep.tensorboard,
      threads: setup.training.threads, isInterrupted: { Interruption.came },
      report: { progress.take($0) },
      prepare: { run throws(KerasError) in
        guard let variant = made[run.settings] else {
          throw KerasError(.invalidArgument, run.name)
        }
        return try variant.job(run)
      })
    progress.end()
    withExtendedLifetime(interruption) {}
    try report(result, variants)
    if Interruption.came { throw ExitCode(Interruption.exitStatus) }
  }

  // MARK: - What is compared

  private var seeds: [UInt64] {
    let first = setup.training.seed ?? 1
    return (0..<UInt64(sweep.seeds)).map { first &+ $0 }
  }

  private var axes: [Sweep.Axis] {
    get throws {
      func listed(_ name: String, _ text: String?) -> [Sweep.Axis] {
        text.map { [Sweep.Axis(name, $0.split(separator: ",").map(String.init))] } ?? []
      }
      let optimizers = listed("optimizer", setup.training.optimizer?.text)
      return listed("architecture", setup.architecture?.text)
        + optimizers.filter { $0.values.count > 1 } + (try sweep.axes)
        + listed(
          Sweep.learningRate,
          setup.training.learningRate?.text ?? Sweep.defaultRates.joined(separator: ","))
    }
  }

  /// The flags of one setting, and its rows.
  private struct Variant: Sendable {
    let setup: TrainingSetup
    let material: TrainingMaterial
    /// What of the settings may change the rows.
    let key: [Sweep.Run.Setting]

    func job(_ run: Sweep.Run) throws(KerasError) -> Sweep.Job {
      var setup = setup
      setup.training.seed = run.seed
      let start = try setup.loaded()
      var settings = try setup.training.settings(
        validation: material.validation, goingOnFrom: nil)
      settings.epochs = setup.training.epochs ?? SweepVerb.defaultEpochs
      if settings.validationSplit == 0, settings.validationData == nil {
        settings.validationData = material.test
      }
      let model = try setup.compiled(
        start, material, generation: setup.generation(of: start))
      return Sweep.Job(model: model, data: material.training, settings: settings)
    }
  }

  /// This command as it would be with `settings` alone.
  private func variant(
    _ settings: [Sweep.Run.Setting], sharing others: [Variant]
  ) throws -> Variant {
    // Before a `--`, behind everything else: the last of several counts.
    let given = Array(CommandLine.arguments.dropFirst(2))
    let end = given.firstIndex(of: "--") ?? given.count
    let own = try settings.flatMap(SweepOptions.arguments)
    let setup = try Self.parse(given[..<end] + own + given[end...]).setup
    let neutral = ["architecture", "optimizer", Sweep.learningRate]
    let key = settings.filter { !neutral.contains($0.axis) }
    if let other = others.first(where: { $0.key == key }) {
      return Variant(setup: setup, material: other.material, key: key)
    }
    let start = try setup.loaded()
    return Variant(setup: setup, material: try setup.material(for: start), key: key)
  }

  // MARK: - Words

  private func introduce(_ plan: Sweep, _ material: TrainingMaterial?) {
    let extents = plan.axes.filter { $0.values.count > 1 }.map { "\($0.values.count) × \($0.name)" }
    let seeds = "\(plan.seeds.count) seed\(plan.seeds.count == 1 ? "" : "s")"
    Console.note("\(plan.runs.count) runs: \((extents + [seeds]).joined(separator: ", "))")
    if let introduction = material?.introduction { Console.note(introduction) }
  }

  private func report(
    _ result: SweepResult, _ variants: [[Sweep.Run.Setting]: Variant]
  ) throws(KerasError) {
    guard let first = result.runs.first else {
      Console.note("stopped before any run ended")
      return
    }
    let words = [
      setup.architecture?.text.split(separator: ",").joined(separator: ", ") ?? setup.model,
      variants[first.run.settings]?.material.introduction,
      "\(result.sweep.seeds.count) seed\(result.sweep.seeds.count == 1 ? "" : "s")",
    ]
    try SweepReport(
      result, lead: words.compactMap { $0 }.joined(separator: "; ") + ".",
      command: ShellText.command(Array(CommandLine.arguments.dropFirst()))
    ).write(to: sweep.report)
    Console.result(result.table.text + "\n")
    for line in result.verdict { Console.result(line) }
    Console.result("\nreport: \(sweep.report)/report.html")
    if !result.isWhole {
      Console.note("stopped; \(result.runs.count) runs are kept, the same command goes on")
    }
  }
}
