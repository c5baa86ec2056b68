import ArgumentParser
import KerasFormat
import KerasRuntime
import KerasTrain

/// How to train: Keras's arguments of `compile` and `fit`, by their names.
struct TrainingOptions: ParsableArguments {
  @Option(help: "Passes over the training rows.")
  var epochs = 1

  @Option(help: "The epoch to count from.")
  var initialEpoch = 0

  @Option(help: "Rows in one update.")
  var batchSize = 32

  @Option(help: "The last fraction of the training rows, validated on after each epoch.")
  var validationSplit = 0.0

  @Flag(inversion: .prefixedNo, help: "Visit the rows in a new order each epoch.")
  var shuffle = true

  @Option(help: "rmsprop, sgd or adam.")
  var optimizer: String?

  @Option(help: "The optimizer's learning rate; default: the optimizer's own.")
  var learningRate: Double?

  @Option(help: "The optimizer's other settings, a JSON object such as '{\"momentum\": 0.9}'.")
  var optimizerConfig: String?

  @Option(help: "binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy or mse.")
  var loss: String?

  @Option(help: "Metrics, separated by commas.")
  var metrics: String?

  @Option(help: "The same seed gives the same weights, order and results, bit for bit.")
  var seed: UInt64?

  @Option(help: "Cores to use. Results do not depend on it.")
  var threads: Int?

  @Option(help: "auto, 0 silent, 1 a bar, 2 a line an epoch, 3 the epoch's number.")
  var verbose = "auto"

  func validate() throws {
    if batchSize < 1 { throw ValidationError("--batch-size must be 1 or more.") }
    if epochs < 0 { throw ValidationError("--epochs cannot be negative.") }
    if !(0..<1).contains(validationSplit) {
      throw ValidationError("--validation-split is within 0..<1.")
    }
    if let threads, threads < 1 { throw ValidationError("--threads must be 1 or more.") }
    if !["auto", "0", "1", "2", "3"].contains(verbose) {
      throw ValidationError("--verbose is auto, 0, 1, 2 or 3.")
    }
  }

  var verbosity: EpochReporter.Verbosity {
    Int(verbose).flatMap(EpochReporter.Verbosity.init(rawValue:))
      ?? (Console.isTerminal ? .bar : .line)
  }

  func settings(validation: Dataset?) -> FitSettings {
    var settings = FitSettings()
    settings.batchSize = batchSize
    settings.epochs = epochs
    settings.initialEpoch = initialEpoch
    settings.validationSplit = validation == nil ? validationSplit : 0
    settings.validationData = validation
    settings.shuffle = shuffle
    settings.seed = seed
    return settings
  }

  /// Compiles `model` as the flags say, over what its file says, over the reviews models' settings:
  /// RMSprop, binary cross-entropy, `acc`.
  func compile(_ model: inout Model, generation: Generation) throws(KerasError) {
    let known = model.compilation
    let isUnchanged =
      optimizer == nil && learningRate == nil && optimizerConfig == nil && loss == nil
      && metrics == nil
    if let known, isUnchanged, known.generation == generation { return }
    let optimizer = try optimizer(over: known?.optimizer, generation)
    let loss: any Loss =
      if let name = self.loss {
        try asUsage("--loss") { () throws(KerasError) in try LossRegistry.loss(.string(name)) }
      } else {
        known?.loss ?? BinaryCrossentropy()
      }
    let metrics =
      self.metrics.map { $0.split(separator: ",").map(String.init) }
      ?? known?.metrics.array?.compactMap(\.string) ?? ["acc"]
    try asUsage("--metrics") { () throws(KerasError) in
      try model.compile(
        optimizer: optimizer, loss: loss, metrics: metrics, generation: generation,
        keepingState: self.optimizer == nil && optimizerConfig == nil)
    }
  }

  private func optimizer(
    over known: (any Optimizer)?, _ generation: Generation
  ) throws(KerasError) -> any Optimizer {
    var config: JSONObject = [:]
    if let text = optimizerConfig {
      config = try asUsage("--optimizer-config") { () throws(KerasError) in
        guard let object = try JSON(parsing: text).object else {
          throw KerasError(.invalidArgument, "not an object")
        }
        return object
      }
    }
    if let rate = learningRate { config["learning_rate"] = .number(rate) }
    if optimizer == nil, optimizerConfig == nil, var optimizer = known {
      if let rate = learningRate { optimizer.learningRate = rate }
      return optimizer
    }
    let name = optimizer ?? known.map { type(of: $0).className } ?? "rmsprop"
    return try asUsage("--optimizer") { () throws(KerasError) in
      try OptimizerRegistry.optimizer(name, config: config, generation: generation)
    }
  }
}
