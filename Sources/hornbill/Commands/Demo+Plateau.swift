import ArgumentParser
import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain

extension Demo {
  /// Where the sweep's report goes.
  var sweepFolder: String { "\(output)/sweep" }

  /// The original question in small: the recurrent models in Keras 2's arithmetic, padded behind
  /// the words or in front of them, at several rates. Behind them they stand still.
  func sweepPaddings(_ reviews: LabelledText, _ interruption: Interruption) async throws {
    let paddings: [PaddingSide] = [.post, .pre]
    var sets: [String: TextDataset] = [:]
    for padding in paddings {
      var text = TextDataset.Settings()
      text.padding = padding
      sets[padding.rawValue] = try TextDataset(reviews, settings: text)
    }
    let sweep = Sweep(
      axes: [
        .init("architecture", quick ? ["gru"] : ["gru", "lstm"]),
        .init("padding", paddings.map(\.rawValue)),
        .init(Sweep.learningRate, quick ? ["0.001", "0.01"] : Sweep.defaultRates),
      ], seeds: [seed])
    Console.result(
      "\nstanding still: \(sweep.runs.count) trainings in Keras 2's arithmetic, padded behind the words "
        + "(post) and in front of them (pre)")
    let progress = SweepProgress(
      sweep, EpochReporter.Verbosity(named: verbose, elsewhere: .silent))
    let (made, epochs) = (sets, 40)
    let result = try await sweep.run(
      isInterrupted: { Interruption.came }, report: { progress.take($0) },
      prepare: { run throws(KerasError) in try Self.job(run, made, epochs: epochs) })
    progress.end()
    if Interruption.came { throw ExitCode(Interruption.exitStatus) }
    try SweepReport(
      result, title: "The plateau",
      lead:
        "\(reviews.texts.count) reviews, Keras 2's arithmetic, \(epochs) epochs; padded behind the "
        + "words (post) or in front of them (pre).",
      command: ShellText.command(Array(CommandLine.arguments.dropFirst()))
    ).write(to: sweepFolder)
    Console.result(result.table.text + "\n")
    for line in result.verdict { Console.result(line) }
    Console.result("\nreport: \(sweepFolder)/report.html")
  }

  private static func job(
    _ run: Sweep.Run, _ sets: [String: TextDataset], epochs: Int
  ) throws(KerasError) -> Sweep.Job {
    guard let architecture = run["architecture"].flatMap(ReviewsArchitecture.init(rawValue:)),
      let set = run["padding"].flatMap({ sets[$0] }),
      let rate = run[Sweep.learningRate].flatMap(Double.init)
    else { throw KerasError(.invalidArgument, run.name) }
    let layers = architecture.layers(
      vocabularySize: set.pipeline.vocabularySize, inputLength: set.pipeline.maxLength,
      generation: .keras2)
    var model = try Model(
      layers, name: architecture.rawValue, seed: run.seed, generation: .keras2)
    try model.compile(
      optimizer: RMSprop(learningRate: rate), loss: BinaryCrossentropy(), metrics: ["acc"])
    var settings = FitSettings()
    (settings.epochs, settings.batchSize, settings.seed) = (epochs, 128, run.seed)
    settings.validationData = set.test
    return Sweep.Job(model: model, data: set.training, settings: settings)
  }
}
