import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

extension ReviewsArchitecture: ExpressibleByArgument {}

/// What to train, on what and how: the flags that every verb shares which trains.
struct TrainingSetup: ParsableArguments {
  @Argument(help: "A model to go on with: .keras, .h5, or a .json definition.", completion: .file())
  var model: String?

  @Option(
    help: "Weights for it: .weights.h5, a legacy weights .h5, or those inside a whole-model file.",
    completion: .file())
  var weights: String?

  @Option(help: "Build one of the reviews models instead.")
  var architecture: Listed<ReviewsArchitecture>?

  @Option(help: "Whether the embedding of a fresh model masks padding: true or false.")
  var maskZero = false

  @Option(
    name: .customLong("keras"),
    help: "Whose arithmetic; default: the model file's, else 3.")
  var generation: Generation?

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Text") var text: TextOptions
  @OptionGroup(title: "Training") var training: TrainingOptions

  func validate() throws {
    if weights != nil && model == nil { throw ValidationError("--weights goes with a model file.") }
    if maskZero && architecture == nil && model != nil {
      throw ValidationError(
        "--mask-zero goes with --architecture; a model file says itself whether it masks.")
    }
  }

  /// Refuses lists where one training is meant.
  func requireOneOfEach() throws {
    for (flag, list) in [
      ("--architecture", architecture?.text), ("--optimizer", training.optimizer?.text),
      ("--learning-rate", training.learningRate?.text),
    ] {
      if let list, list.contains(",") {
        throw ValidationError(
          "\(flag) \(list) but one belongs here; 'hornbill sweep' compares several.")
      }
    }
  }

  /// Whose arithmetic training follows.
  func generation(of model: Model?) -> Generation {
    generation ?? model?.network.generation ?? .keras3
  }

  /// The model file to start from, or `other`; `nil` for a fresh architecture. A definition without
  /// weights starts with fresh ones.
  func loaded(_ other: String? = nil) throws(KerasError) -> Model? {
    guard let path = model ?? other else { return nil }
    let record = try ModelFile.read(path, weights: weights)
    let isFresh = record.layers.allSatisfy(\.weights.isEmpty)
    do {
      return try Model(record, weights: isFresh ? .fresh(seed: freshSeed) : .stored)
    } catch {
      throw error.inFile(path)
    }
  }

  /// `start`, or the architecture with fresh weights, compiled, with its text pipeline.
  func compiled(
    _ start: Model?, _ material: TrainingMaterial, generation: Generation
  ) throws(KerasError) -> Model {
    var model: Model
    if let start {
      model = start
    } else {
      model = try fresh(architecture?.values.first ?? .ffnn, material, generation)
    }
    if let pipeline = material.pipeline { model.network.textPipeline = pipeline }
    try training.compilation.compile(&model, generation: generation)
    return model
  }

  private var freshSeed: UInt64 { training.seed ?? UInt64.random(in: 1...UInt64(UInt32.max)) }

  private func fresh(
    _ architecture: ReviewsArchitecture, _ material: TrainingMaterial, _ generation: Generation
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
