import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

/// What `train` leaves behind.
struct OutputOptions: ParsableArguments {
  @Option(
    help: "Where to save the model: .keras, .h5, .weights.h5 or .json. May repeat.",
    completion: .file())
  var output: [String] = []

  @Flag(help: "Write an .h5 as Keras 2's save_weights does.")
  var legacyWeights = false

  @Option(help: "Write Keras's history dictionary, with times, as JSON.", completion: .file())
  var history: String?

  @Option(help: "Draw the learning curves: .svg or .png.", completion: .file())
  var plot: String?

  func validate() throws {
    if output.isEmpty { throw ValidationError("Say where to save the model: --output FILE.") }
    for path in output where ModelFile.Container(path: path) == nil {
      throw ValidationError("'\(path)' must end in .keras, .h5, .hdf5, .weights.h5 or .json.")
    }
    if legacyWeights, !output.contains(where: { ModelFile.Container(path: $0) == .h5 }) {
      throw ValidationError("--legacy-weights goes with an --output that ends in .h5.")
    }
    if let plot, !plot.lowercased().hasSuffix(".svg"), !plot.lowercased().hasSuffix(".png") {
      throw ValidationError("--plot '\(plot)' must end in .svg or .png.")
    }
  }

  /// Finds out before hours of training whether the results can be written.
  func checkTargets() throws(KerasError) {
    for path in output + [history, plot].compactMap({ $0 }) { try AtomicFile.checkTarget(path) }
  }

  /// Finds out as early whether the formats that were asked for can hold `model`.
  func checkFormats(of model: Model) throws(KerasError) {
    let record = model.record
    for path in output {
      try ModelOutput.check(record, for: path, generation: nil, legacyWeights: legacyWeights)
    }
  }

  /// - Parameter checkpoint: where a run broke off: `.keras` files hold that too, so that it can go
  ///   on.
  func write(
    _ model: Model, _ history: History, checkpoint: Checkpoint?
  ) throws(KerasError) {
    for path in output {
      if let checkpoint, ModelFile.Container(path: path) == .keras {
        try checkpoint.write(to: path)
        Console.note("\(path): holds the state of training; go on with --resume \(path)")
        continue
      }
      let notes = try ModelOutput.write(
        model.record, to: path, generation: nil, legacyWeights: legacyWeights)
      for note in notes { Console.note("\(path): \(note)") }
    }
    if let path = self.history {
      try AtomicFile.write(Array(history.json.pythonText(indent: 2).utf8) + [10], to: path)
    }
    if let path = plot {
      let figure = LearningCurves.figure(
        [(model.network.name, history)], loss: model.compilation?.losses.first??.loss,
        title: "Learning curves: \(model.network.name)")
      try LearningCurves.write(figure, to: path)
    }
  }
}

/// Writing a model with what belongs beside it.
enum ModelOutput {
  /// Writes `record`, and beside a `.json` or `.weights.h5`, which cannot carry it, the tokenizer
  /// as Keras's own `tokenizer.json`.
  static func write(
    _ record: ModelRecord, to path: String, generation: Generation?, legacyWeights: Bool
  ) throws(KerasError) -> [ConversionNote] {
    let options = ModelFile.WriteOptions(generation: generation, legacyWeights: legacyWeights)
    var notes = try ModelFile.write(record, to: path, options: options)
    let container = ModelFile.Container(path: path)
    if !carriesText(container, legacyWeights), let json = record.textPipeline {
      let pipeline = try TextPipeline(json: json)
      let text = pipeline.tokenizer.toJSON().pythonText()
      let target = tokenizerPath(beside: path)
      try AtomicFile.write(Array(text.utf8), to: target)
      notes.append(ConversionNote(message: "its tokenizer is in \(target)"))
    }
    return notes
  }

  /// Goes all the way to the bytes without writing them.
  static func check(
    _ record: ModelRecord, for path: String, generation: Generation?, legacyWeights: Bool
  ) throws(KerasError) {
    guard let container = ModelFile.Container(path: path) else { return }
    do {
      _ = try ModelFile.encode(
        record, container: container,
        options: .init(generation: generation, legacyWeights: legacyWeights))
    } catch {
      throw error.inFile(path)
    }
    if !carriesText(container, legacyWeights), record.textPipeline != nil {
      try AtomicFile.checkTarget(tokenizerPath(beside: path))
    }
  }

  private static func carriesText(_ container: ModelFile.Container?, _ legacyWeights: Bool) -> Bool
  {
    container == .keras || container == .h5 && !legacyWeights
  }

  private static func tokenizerPath(beside path: String) -> String {
    (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "") + "tokenizer.json"
  }
}
