import ArgumentParser
import HornbillReviews
import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain

/// `hornbill demo`: the main job on the bundled reviews, and the question that it all grew from.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: """
      Train the three reviews models on the bundled reviews, save them, score new ones, and watch two of \
      them stand still.
      """)

  @Flag(help: "8 epochs each instead of 25, and a small sweep: well under a minute.")
  var quick = false

  @Option(help: "Passes over the training rows, for each model; default: 25, or 8 with --quick.")
  var epochs: Int?

  @Option(
    help:
      "Which end short reviews are padded at. With --keras 2, post shows a loss that stands still.")
  var padding = PaddingSide.pre

  @Option(help: "The folder for models and pictures; it must exist.", completion: .directory)
  var output = "."

  @Option(name: .customLong("keras"), help: "Whose arithmetic.")
  var generation = Generation.keras3

  @Option(help: "The same seed gives the same results, bit for bit.")
  var seed: UInt64 = 7

  @Option(
    help: """
      0 silent, 1 a bar, 2 a line an epoch, 3 the epoch's number, auto: 1 on a terminal, 0 elsewhere.
      """)
  var verbose = "auto"

  func validate() throws {
    if !EpochReporter.Verbosity.names.contains(verbose) {
      throw ValidationError("--verbose \(verbose) but it must be auto, 0, 1, 2 or 3.")
    }
  }

  private static let newReviews = [
    "Great case, excellent value.",
    "The mic stopped working after a week.",
    "A wonderful film with a superb cast.",
    "The food was cold and the waiter was rude.",
  ]

  func run() async throws {
    for name in ReviewsArchitecture.allCases.flatMap({ ["\($0).keras", "\($0).h5"] })
      + ["curves.svg", "curves.png"] + DiagnosisReport.files
    { try AtomicFile.checkTarget("\(output)/\(name)") }
    try SweepReport.prepareFolder(sweepFolder)
    let reviews = try LabelledText(tsv: BundledReviews.bytes, name: "bundled reviews")
    var text = TextDataset.Settings()
    text.padding = padding
    let set = try TextDataset(reviews, settings: text)
    let share = reviews.labels.filter { $0 == 1 }.count
    Console.result(
      "\(reviews.texts.count) reviews, \(share) of them positive: \(set.training.rows) to learn "
        + "from, \(set.test?.rows ?? 0) held back; vocabulary \(set.pipeline.vocabularySize - 1), "
        + "longest \(set.pipeline.maxLength) words")
    let interruption = Interruption()
    var runs: [(name: String, history: History)] = []
    for architecture in ReviewsArchitecture.allCases {
      let model = try train(architecture, set, interruption, &runs)
      if Interruption.came { throw ExitCode(Interruption.exitStatus) }
      try report(architecture, model, set)
    }
    let figure = LearningCurves.figure(
      runs, loss: BinaryCrossentropy(), title: "The three reviews models")
    for ending in ["svg", "png"] {
      try LearningCurves.write(figure, to: "\(output)/curves.\(ending)")
    }
    Console.result("\nlearning curves: \(output)/curves.svg, \(output)/curves.png")
    try score()
    try await sweepPaddings(reviews, interruption)
    try diagnosePlateau(reviews)
  }

  private func train(
    _ architecture: ReviewsArchitecture, _ set: TextDataset, _ interruption: Interruption,
    _ runs: inout [(name: String, history: History)]
  ) throws(KerasError) -> Model {
    let layers = architecture.layers(
      vocabularySize: set.pipeline.vocabularySize, inputLength: set.pipeline.maxLength,
      generation: generation)
    var model = try Model(
      layers, name: architecture.rawValue, seed: seed, generation: generation)
    model.network.textPipeline = set.pipeline
    try model.compile(optimizer: RMSprop(), loss: BinaryCrossentropy(), metrics: ["acc"])
    var settings = FitSettings()
    settings.epochs = epochs ?? (quick ? 8 : 25)
    settings.batchSize = 128
    settings.validationSplit = 0.2
    settings.seed = seed
    Console.result("\n\(architecture.rawValue): \(model.network.parameterCount) parameters")
    let verbosity = EpochReporter.Verbosity(named: verbose, elsewhere: .silent)
    let history = try model.fit(
      set.training, settings: settings, callbacks: [EpochReporter(verbosity), interruption])
    runs.append((architecture.rawValue, history))
    return model
  }

  private func report(
    _ architecture: ReviewsArchitecture, _ model: Model, _ set: TextDataset
  ) throws(KerasError) {
    if let test = set.test {
      let logs = try model.evaluate(test)
      Console.result(
        "  held back: "
          + logs.map { "\($0.name) \(Numbers.fixed($0.value, 4))" }.joined(separator: ", "))
    }
    let path = "\(output)/\(architecture.rawValue)"
    var written: [String] = []
    for ending in ["keras", "h5"] {
      try model.save("\(path).\(ending)")
      written.append("\(path).\(ending)")
    }
    Console.result("  saved: \(written.joined(separator: ", "))")
  }

  /// Scores texts with the models as they come back from their files.
  private func score() throws(KerasError) {
    var columns: [[Float]] = []
    for architecture in ReviewsArchitecture.allCases {
      let network = try Network(contentsOf: "\(output)/\(architecture.rawValue).keras")
      columns.append(try network.predict(Self.newReviews))
    }
    // Each name over its column of six characters.
    let names = ReviewsArchitecture.allCases.map { ($0.rawValue + "      ").prefix(6) }
    Console.result("\nnew reviews, scored from the saved files (0 negative … 1 positive):")
    Console.result("  \(names.joined(separator: "  "))  review")
    for (row, text) in Self.newReviews.enumerated() {
      let scores = columns.map { Numbers.fixed(Double($0[row]), 4) }
      Console.result("  \(scores.joined(separator: "  "))  \(text)")
    }
  }
}
