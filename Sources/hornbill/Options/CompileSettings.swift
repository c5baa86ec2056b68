import KerasFormat
import KerasRuntime
import KerasTrain

/// What the flags say about `compile`; `nil` leaves it to the model's file.
struct CompileSettings {
  var optimizer: String?
  var learningRate: Double?
  /// A JSON object.
  var optimizerConfig: String?
  /// A name, `output=name` pairs separated by commas, or JSON.
  var loss: String?
  /// A JSON object or list.
  var lossWeights: String?
  /// Names, separated by commas, or JSON.
  var metrics: String?
  var weightedMetrics: String?
  var backend: Backend?

  /// Whether no flag says anything.
  var isEmpty: Bool {
    optimizer == nil && learningRate == nil && optimizerConfig == nil && loss == nil
      && lossWeights == nil && metrics == nil && weightedMetrics == nil && backend == nil
  }

  /// Compiles `model` as the flags say, over what its file says, over the reviews models' settings:
  /// RMSprop, binary cross-entropy, `acc`.
  func compile(_ model: inout Model, generation: Generation) throws(KerasError) {
    let known = model.compilation
    if let known, isEmpty, known.generation == generation { return }
    let optimizer = try optimizer(over: known?.optimizer, generation)
    let givenLoss = try given("--loss", self.loss, Self.loss)
    let loss: JSON
    if let givenLoss { loss = givenLoss } else { loss = try knownLoss(known, generation) }
    let lossWeights =
      try given("--loss-weights", self.lossWeights) { text throws(KerasError) in
        try JSON(parsing: text)
      } ?? (self.loss == nil ? known?.lossWeights ?? .null : .null)
    let metrics = try given("--metrics", self.metrics, Self.metrics) ?? known?.metrics ?? ["acc"]
    let weighted =
      try given("--weighted-metrics", weightedMetrics, Self.metrics)
      ?? known?.weightedMetrics ?? .null
    // First without metrics, so that what is wrong is said of the right flag.
    func set(_ metrics: JSON, _ weighted: JSON) throws(KerasError) {
      try model.compile(
        optimizer: optimizer, loss: loss, metrics: metrics, weightedMetrics: weighted,
        lossWeights: lossWeights, generation: generation, backend: backend,
        keepingState: self.optimizer == nil && optimizerConfig == nil)
    }
    func setLoss() throws(KerasError) { try set(.null, .null) }
    func setMetrics() throws(KerasError) { try set(metrics, weighted) }
    if self.loss == nil && self.lossWeights == nil {
      try setLoss()
    } else {
      try asUsage(self.loss == nil ? "--loss-weights" : "--loss", setLoss)
    }
    if self.metrics == nil && weightedMetrics == nil {
      try setMetrics()
    } else {
      try asUsage(self.metrics == nil ? "--weighted-metrics" : "--metrics", setMetrics)
    }
  }

  /// What labels of texts are: values, where the loss that is asked for, or else the model's, takes
  /// such; `nil` finds out.
  func labelKind(
    over known: Model.Compilation?, _ generation: Generation
  ) -> LabelledText.LabelKind? {
    let losses: [any Loss]
    if let loss {
      // What is wrong with it is said when it is compiled.
      let asked = (try? Self.loss(loss)).flatMap {
        try? LossRegistry.loss($0, generation: generation)
      }
      losses = asked.map { [$0] } ?? []
    } else {
      losses = known?.losses.compactMap { $0?.loss } ?? []
    }
    return losses.contains(where: LossRegistry.isOfValues) ? .numbers : nil
  }

  private func given(
    _ flag: String, _ text: String?, _ parse: (String) throws(KerasError) -> JSON
  ) throws(KerasError) -> JSON? {
    guard let text else { return nil }
    return try asUsage(flag) { () throws(KerasError) in try parse(text) }
  }

  /// The file's loss, by its name in the generation whose arithmetic is asked for.
  private func knownLoss(
    _ known: Model.Compilation?, _ generation: Generation
  ) throws(KerasError) -> JSON {
    guard let known else { return "binary_crossentropy" }
    return try LossNames.translated(known.loss, to: generation)
  }

  private static func loss(_ text: String) throws(KerasError) -> JSON {
    if let first = text.first, "{[\"".contains(first) { return try JSON(parsing: text) }
    guard text.contains("=") else { return .string(text) }
    var losses: JSONObject = [:]
    for pair in text.split(separator: ",") {
      let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2 else {
        throw KerasError(
          .invalidArgument, "'\(pair)' but output=loss belongs here, such as price=mse,sold=bce")
      }
      losses[sides[0]] = .string(sides[1])
    }
    return .object(losses)
  }

  private static func metrics(_ text: String) throws(KerasError) -> JSON {
    if let first = text.first, "{[\"".contains(first) {
      let json = try JSON(parsing: text)
      // One metric's object is a list of one.
      return json.object?["class_name"] != nil || json.string != nil ? [json] : json
    }
    return .array(
      text.split(whereSeparator: { $0 == "," || $0 == " " }).map { .string(String($0)) })
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
      let isName = error.code == .unknownName && error.place.path.isEmpty
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
