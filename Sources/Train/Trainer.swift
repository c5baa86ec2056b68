import KerasFormat
import KerasRuntime

/// The training loop: epochs of batches, with validation after each epoch.
struct Trainer: ~Copyable {
  private(set) var step: TrainingStep
  private let data: Dataset
  private let settings: FitSettings
  private let metrics: [any Metric]
  private let training: Range<Int>
  private let validation: (data: Dataset, rows: Range<Int>)?
  private let targetWidth: Int

  init(_ model: Model, _ data: Dataset, _ settings: FitSettings) throws(KerasError) {
    let compilation = try model.compiled()
    let metrics = try model.metrics()
    guard settings.batchSize > 0 else {
      throw KerasError(
        .invalidArgument, "batch size \(settings.batchSize) but it must be 1 or more")
    }
    guard settings.epochs >= 0 else {
      throw KerasError(.invalidArgument, "\(settings.epochs) epochs but it cannot be negative")
    }
    guard settings.initialEpoch >= 0 else {
      throw KerasError(
        .invalidArgument, "initial epoch \(settings.initialEpoch) but it cannot be negative")
    }
    try data.check(for: model.network, loss: compilation.loss)
    try Self.refuseUncomputed(model.network)
    let split = try data.split(validation: settings.validationSplit)
    if let given = settings.validationData {
      try given.check(for: model.network, loss: compilation.loss)
      validation = (given, 0..<given.rows)
    } else {
      validation = split.validation.isEmpty ? nil : (data, split.validation)
    }
    self.metrics = metrics
    training = split.training
    self.data = data
    self.settings = settings
    targetWidth = compilation.loss.targetWidth(for: model.network.outputShapes[0].last ?? 1)
    // The run works on copies: the model's own arrays may be shared.
    step = TrainingStep(
      objective: Objective(
        network: model.network, loss: compilation.loss, generation: compilation.generation),
      updater: Updater(
        compilation, network: model.network,
        parameters: Parameters(copying: model.network.parameters)))
  }

  /// Regularizers and constraints change what is learned; until they are computed, a model that has
  /// one is not trained.
  private static func refuseUncomputed(_ network: Network) throws(KerasError) {
    for layer in network.definition.layers {
      // A penalty on what comes out of a layer, and Keras 1's dropout of words.
      for key in ["activity_regularizer", "legacy_dropout"]
      where holds(key, .object(layer.config)) {
        throw KerasError(
          .unsupportedConfiguration, "training with it is not supported",
          at: .init(path: [layer.name, key]))
      }
    }
    for node in network.nodes {
      for index in node.weights {
        let spec = network.parameters.layout.specs[index]
        for (what, value) in [
          ("regularizer", spec.settings.regularizer), ("constraint", spec.settings.constraint),
        ] where !value.isNull {
          throw KerasError(
            .unsupportedConfiguration, "training with a \(what) is not supported",
            at: .init(path: [node.name, spec.name]))
        }
      }
    }
  }

  /// Whether a config, or that of a layer inside, says something under `key`.
  private static func holds(_ key: String, _ value: JSON) -> Bool {
    if let object = value.object {
      return object.members.contains { $0.key == key && !$0.value.isNull || holds(key, $0.value) }
    }
    return value.array?.contains { holds(key, $0) } ?? false
  }

  // MARK: - Epochs

  mutating func run(_ callbacks: [any Callback]) throws(KerasError) -> History {
    var history = History()
    let seed = settings.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    var shuffle = Shuffle(
      rows: training.count, seed: seed, isSeeded: settings.seed != nil,
      generation: step.objective.generation)
    let plan = TrainingPlan(
      epochs: settings.epochs, initialEpoch: settings.initialEpoch,
      steps: (training.count + settings.batchSize - 1) / settings.batchSize,
      batchSize: settings.batchSize, trainingRows: training.count,
      validationRows: validation?.rows.count ?? 0)
    for callback in callbacks { callback.trainingBegan(plan) }
    for epoch in settings.initialEpoch..<max(settings.initialEpoch, settings.epochs) {
      for callback in callbacks { callback.epochBegan(epoch) }
      let clock = ContinuousClock()
      let start = clock.now
      let order = settings.shuffle ? shuffle.next() : Array(training)
      guard var logs = try train(on: order, callbacks) else {
        history.wasStopped = true
        break
      }
      logs += try validate()
      let seconds = (clock.now - start).inSeconds
      history.append(epoch: epoch, logs: logs, seconds: seconds)
      for callback in callbacks { callback.epochEnded(epoch, logs: logs, seconds: seconds) }
      if callbacks.contains(where: \.wantsToStop) {
        history.wasStopped = epoch + 1 < settings.epochs
        break
      }
    }
    step.finish()
    for callback in callbacks { callback.trainingEnded(history) }
    return history
  }

  /// One epoch; `nil` when a callback stopped it between two batches.
  private mutating func train(
    on order: [Int], _ callbacks: [any Callback]
  ) throws(KerasError) -> [(name: String, value: Double)]? {
    var averages = Averages(metrics, generation: step.objective.generation)
    let targetWidth = targetWidth
    for (batch, start) in stride(from: 0, to: order.count, by: settings.batchSize).enumerated() {
      let rows = order[start..<min(order.count, start + settings.batchSize)]
      try step.run(data, rows: rows) { outcome in
        averages.add(outcome, rows: rows.count, targetWidth: targetWidth)
      }
      if !callbacks.isEmpty {
        let logs = averages.logs
        for callback in callbacks { callback.batchEnded(batch, logs: logs) }
      }
      let isLast = start + settings.batchSize >= order.count
      if !isLast && callbacks.contains(where: \.wantsToStop) { return nil }
    }
    return averages.logs
  }

  private func validate() throws(KerasError) -> [(name: String, value: Double)] {
    guard let validation else { return [] }
    var averages = Averages(metrics, prefix: "val_", generation: step.objective.generation)
    try Self.measure(
      step.objective, step.updater.parameters, validation.data, validation.rows,
      batchSize: settings.batchSize, into: &averages)
    return averages.logs
  }

  /// Loss and metrics of some rows, nothing learned.
  static func measure(
    _ objective: Objective, _ parameters: Parameters<Float>, _ data: Dataset, _ rows: Range<Int>,
    batchSize: Int, into averages: inout Averages
  ) throws(KerasError) {
    guard batchSize > 0 else {
      throw KerasError(.invalidArgument, "batch size \(batchSize) but it must be 1 or more")
    }
    let order = Array(rows)
    let width = objective.loss.targetWidth(for: objective.network.outputShapes[0].last ?? 1)
    var pass = Pass(generation: objective.generation)
    for start in stride(from: 0, to: order.count, by: batchSize) {
      let part = order[start..<min(order.count, start + batchSize)]
      var trace = NetworkTrace<Float>()
      let outcome = try objective.evaluate(
        data, rows: part, parameters: parameters, trace: &trace, pass: &pass)
      averages.add(outcome, rows: part.count, targetWidth: width)
      pass.workspace.reset()
    }
  }
}

extension Duration {
  /// As a number of seconds.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
