import KerasFormat
import KerasRuntime
import KerasTrain

/// What the flags say about `compile`; `nil` leaves it to the model's file.
struct CompileSettings {
  var optimizer: String?
  var learningRate: Double?
  /// A JSON object.
  var optimizerConfig: String?
  var loss: String?
  /// Names, separated by commas.
  var metrics: String?

  /// Whether no flag says anything.
  var isEmpty: Bool {
    optimizer == nil && learningRate == nil && optimizerConfig == nil && loss == nil
      && metrics == nil
  }

  /// Compiles `model` as the flags say, over what its file says, over the reviews models' settings:
  /// RMSprop, binary cross-entropy, `acc`.
  func compile(_ model: inout Model, generation: Generation) throws(KerasError) {
    let known = model.compilation
    if let known, isEmpty, known.generation == generation { return }
    let optimizer = try optimizer(over: known?.optimizer, generation)
    let loss: any Loss =
      if let name = self.loss {
        try asUsage("--loss") { () throws(KerasError) in try LossRegistry.loss(.string(name)) }
      } else {
        known?.loss ?? BinaryCrossentropy()
      }
    let given = metrics.map {
      $0.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
    }
    let names = given ?? known?.metrics.array?.compactMap(\.string) ?? ["acc"]
    func set() throws(KerasError) {
      try model.compile(
        optimizer: optimizer, loss: loss, metrics: names, generation: generation,
        keepingState: self.optimizer == nil && optimizerConfig == nil)
    }
    if given == nil { try set() } else { try asUsage("--metrics", set) }
  }

  private func optimizer(
    over known: (any Optimizer)?, _ generation: Generation
  ) throws(KerasError) -> any Optimizer {
    if let rate = learningRate, !(rate.isFinite && rate >= 0) {
      throw KerasError(
        .invalidArgument, "\(rate) but a rate is zero or positive",
        at: .init(path: ["--learning-rate"]))
    }
    if optimizer == nil, optimizerConfig == nil, var optimizer = known {
      if let rate = learningRate { optimizer.learningRate = rate }
      return optimizer
    }
    var config = try givenConfig()
    if let rate = learningRate { config["learning_rate"] = .number(rate) }
    let name = optimizer ?? known.map { type(of: $0).className } ?? "rmsprop"
    do {
      return try OptimizerRegistry.optimizer(name, config: config, generation: generation)
    } catch {
      let isName = error.code == .unknownName
      throw asUsage(isName ? "--optimizer" : "--optimizer-config", error)
    }
  }

  private func givenConfig() throws(KerasError) -> JSONObject {
    guard let text = optimizerConfig else { return [:] }
    return try asUsage("--optimizer-config") { () throws(KerasError) in
      let json = try JSON(parsing: text)
      guard let object = json.object else {
        throw KerasError(
          .invalidArgument, "found \(json.kind); expected an object such as {\"momentum\": 0.9}")
      }
      return object
    }
  }
}
