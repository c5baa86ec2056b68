import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

extension Backend: ExpressibleByArgument {}

/// How to train: Keras's arguments of `compile` and `fit`, by their names.
struct TrainingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      Passes over the training rows, counted from the first; see --initial-epoch. Default: 1, for sweep 50, \
      for diagnose 10; with train --resume what the run had.
      """)
  var epochs: Int?

  @Option(
    parsing: .unconditional,
    help: "The epoch to start at, counted from 0: training goes from there to --epochs.")
  var initialEpoch = 0

  @Option(parsing: .unconditional, help: "Rows in one update of the weights; default: 32.")
  var batchSize: Int?

  @Option(
    parsing: .unconditional,
    help: """
      Share of the training rows, the last ones, to validate on after each epoch; default: 0, for \
      diagnose of arrays 0.2.
      """)
  var validationSplit: Double?

  @Flag(inversion: .prefixedNo, help: "Visit the rows in a new order each epoch; default: yes.")
  var shuffle: Bool?

  @Option(
    help: """
      sgd, rmsprop, adam, adamw, adagrad, adadelta, adamax, nadam, ftrl, lion or lamb; default: the model \
      file's, else rmsprop. Keras 1 and 2 have no adamw, ftrl and lion; Keras 3 alone has lamb.
      """)
  var optimizer: Listed<String>?

  @Option(
    parsing: .unconditional,
    help: """
      The learning rate; default: the model file's, else the optimizer's own, for sweep 0.0001, 0.001, \
      0.01, 0.05 and 0.1.
      """)
  var learningRate: Listed<Double>?

  @Option(
    help: """
      The optimizer's other settings in its Keras's words, a JSON object: '{"momentum": 0.9, "clipnorm": 1}'. \
      A schedule is '{"learning_rate": {"class_name": "ExponentialDecay", "config": {...}}}'; there are \
      ExponentialDecay, PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay, CosineDecay and \
      CosineDecayRestarts.
      """)
  var optimizerConfig: String?

  @OptionGroup var objective: ObjectiveOptions

  @Option(
    help: """
      Keras 3's backend: on tensorflow it squares the gradients of each occurrence of an id, on jax and \
      torch their sum; default: their sum.
      """)
  var backend: Backend?

  @Option(
    help: """
      What a row counts for by its class, a JSON object such as '{"0": 1, "1": 5}'; by the outputs' \
      names where there are several.
      """)
  var classWeight: String?

  @Option(
    help: """
      The same seed gives the same weights, order and results, bit for bit; default: a new one, for \
      sweep and diagnose 1.
      """)
  var seed: UInt64?

  @Option(
    parsing: .unconditional,
    help: "Cores to use, default all; results do not depend on it.")
  var threads: Int?

  @Option(
    help: """
      0 silent, 1 a bar, 2 a line an epoch, 3 the epoch's number, auto: 1 on a terminal, 2 elsewhere.
      """)
  var verbose = "auto"

  @Flag(help: "The same as --verbose 0.")
  var quiet = false

  func validate() throws {
    if let batchSize, batchSize < 1 {
      throw ValidationError("--batch-size \(batchSize) but it must be 1 or more.")
    }
    if let epochs, epochs < 0 {
      throw ValidationError("--epochs \(epochs) but it cannot be negative.")
    }
    if initialEpoch < 0 {
      throw ValidationError("--initial-epoch \(initialEpoch) but it cannot be negative.")
    }
    if let validationSplit, !(0..<1).contains(validationSplit) {
      throw ValidationError(
        "--validation-split \(validationSplit) but it must be 0 or more and below 1.")
    }
    if let threads, threads < 1 {
      throw ValidationError("--threads \(threads) but it must be 1 or more.")
    }
    if !EpochReporter.Verbosity.names.contains(verbose) {
      throw ValidationError("--verbose \(verbose) but it must be auto, 0, 1, 2 or 3.")
    }
  }

  var verbosity: EpochReporter.Verbosity {
    quiet ? .silent : .init(named: verbose, elsewhere: .line)
  }

  var compilation: CompileSettings {
    CompileSettings(
      optimizer: optimizer?.values.first, learningRate: learningRate?.values.first,
      optimizerConfig: optimizerConfig,
      loss: objective.loss, lossWeights: objective.lossWeights, metrics: objective.metrics,
      weightedMetrics: objective.weightedMetrics, backend: backend)
  }

  /// - Parameter checkpoint: a run to go on with; what no flag says is as it was there.
  func settings(
    validation: Dataset?, goingOnFrom checkpoint: Checkpoint?
  ) throws(KerasError) -> FitSettings {
    var settings = checkpoint?.settings ?? FitSettings()
    if let classWeight {
      (settings.classWeight, settings.classWeights) = try asUsage("--class-weight") {
        () throws(KerasError) in try ClassWeightText.parsed(classWeight)
      }
    }
    if let batchSize { settings.batchSize = batchSize }
    if let epochs { settings.epochs = epochs }
    settings.initialEpoch = initialEpoch
    if let validationSplit { settings.validationSplit = validationSplit }
    if validation != nil { settings.validationSplit = 0 }
    settings.validationData = validation
    if let shuffle { settings.shuffle = Shuffling(shuffle) }
    if let seed { settings.seed = seed }
    if let threads { settings.crew = Crew(threads: threads) }
    settings.report = { Console.note($0) }
    settings.warn = { Console.warning($0) }
    return settings
  }
}
