import KerasFormat
import KerasRuntime

/// The training loop: epochs of batches, with validation after each epoch, and callbacks around all of
/// it in the order in which each Keras calls them.
struct Trainer {
  let run: TrainingRun
  private let data: Dataset
  private let settings: FitSettings
  private let metrics: [any Metric]
  private let training: Range<Int>
  private let validation: (data: Dataset, rows: Range<Int>)?
  private let targetWidth: Int
  private var callbacks: [any Callback] { run.callbacks }

  init(
    _ model: Model, _ data: Dataset, _ settings: FitSettings, _ callbacks: [any Callback]
  ) throws(KerasError) {
    let compilation = try model.compiled()
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
    metrics = try model.metrics()
    try data.check(for: model.network, loss: compilation.loss)
    try Self.refuseUncomputed(model.network)
    let split = try data.split(validation: settings.validationSplit)
    if let given = settings.validationData {
      try given.check(for: model.network, loss: compilation.loss)
      validation = (given, 0..<given.rows)
    } else {
      validation = split.validation.isEmpty ? nil : (data, split.validation)
    }
    training = split.training
    self.data = data
    self.settings = settings
    targetWidth = compilation.loss.targetWidth(for: model.network.outputShapes[0].last ?? 1)
    run = try TrainingRun(
      model, compilation, data, settings,
      TrainingPlan(
        epochs: settings.epochs, initialEpoch: settings.initialEpoch,
        steps: (training.count + settings.batchSize - 1) / settings.batchSize,
        batchSize: settings.batchSize, trainingRows: training.count,
        validationRows: validation?.rows.count ?? 0),
      callbacks)
  }

  /// The weights as they are now.
  var parameters: Parameters<Float> { run.step.updater.parameters }

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

  /// - Parameter checkpoint: where to go on; else the start, or what a callback asks for.
  func run(from checkpoint: Checkpoint?) throws(KerasError) -> History {
    for callback in callbacks { try callback.onTrainBegin(run) }
    if let checkpoint = checkpoint ?? run.resumption { try run.goOn(from: checkpoint) }
    var shuffle = Shuffle(
      rows: training.count, seed: run.progress.seed, isSeeded: run.progress.isSeeded,
      generation: run.generation)
    // Orders that were drawn before are drawn again and left: so every generation's stream of random
    // numbers is where it was.
    var order = Array(training)
    for _ in 0..<run.progress.ordersDrawn { order = shuffle.next() }
    while run.epoch < settings.epochs && !run.stopTraining {
      let clock = ContinuousClock()
      let start = clock.now
      if run.progress.batch == 0 {
        for callback in callbacks { try callback.onEpochBegin(run.epoch, run) }
        if settings.shuffle {
          order = shuffle.next()
          run.progress.ordersDrawn += 1
        }
        run.averages.reset()
      } else {
        for callback in callbacks { try callback.onEpochResume(run.epoch, run) }
      }
      guard try train(on: order) else { return try interrupted() }
      try endEpoch { (clock.now - start).inSeconds }
      if callbacks.contains(where: \.isInterrupted), run.epoch < settings.epochs {
        return try interrupted()
      }
    }
    run.progress.history.wasStopped = run.stopTraining && run.epoch < settings.epochs
    for callback in callbacks { try callback.onTrainEnd(run) }
    try run.writePendingFiles()
    return run.history
  }

  private func interrupted() throws(KerasError) -> History {
    run.progress.history.wasStopped = true
    for callback in callbacks { try callback.onInterrupt(run) }
    try run.writePendingFiles()
    return run.history
  }

  /// The batches of an epoch from where it stands; `false` when a callback broke it off.
  private func train(on order: [Int]) throws(KerasError) -> Bool {
    let generation = run.generation
    let targetWidth = targetWidth
    // Before Keras 2.15 callbacks see each batch by itself.
    var single = generation <= .keras2 ? Averages(metrics, generation: generation) : nil
    while run.progress.batch < run.plan.steps {
      let batch = run.progress.batch
      let start = batch * settings.batchSize
      let rows = order[start..<min(order.count, start + settings.batchSize)]
      for callback in callbacks { try callback.onTrainBatchBegin(batch, run) }
      single?.reset()
      var averages = run.averages
      try run.step.run(data, rows: rows) { outcome in
        averages.add(outcome, rows: rows.count, targetWidth: targetWidth)
        single?.add(outcome, rows: rows.count, targetWidth: targetWidth)
      }
      run.averages = averages
      run.progress.batch += 1
      if !callbacks.isEmpty {
        var logs = Logs()
        if let single {
          logs = ["batch": Double(batch), "size": Double(rows.count)]
          for (name, value) in single.logs { logs[name] = value }
        } else {
          logs = Logs(averages.logs)
        }
        for callback in callbacks { try callback.onTrainBatchEnd(batch, logs, run) }
        try run.writePendingFiles()
      }
      // Keras 1 goes through the epoch all the same.
      if run.stopTraining && generation > .keras1 { break }
      let isLast = run.progress.batch == run.plan.steps
      if !isLast && callbacks.contains(where: \.isInterrupted) { return false }
    }
    return true
  }

  /// Validates and lets callbacks see the epoch.
  private func endEpoch(_ seconds: () -> Double) throws(KerasError) {
    let measured = run.averages.logs
    var logs: Logs
    if run.generation <= .keras2 {
      // Keras 2.2 does not validate an epoch that was stopped; what it validates comes first.
      let isWhole = !run.stopTraining || run.generation == .keras1
      logs = Logs(isWhole ? try validate() : [])
      for (name, value) in measured { logs[name] = value }
    } else {
      logs = Logs(measured)
      for (name, value) in try validate() { logs[name] = value }
    }
    let epoch = run.epoch
    for callback in callbacks { try callback.onEpochEnd(epoch, &logs, run) }
    run.progress.history.append(epoch: epoch, logs: logs, seconds: seconds())
    run.progress.epoch += 1
    run.progress.batch = 0
    try run.writePendingFiles()
  }

  private func validate() throws(KerasError) -> [(name: String, value: Double)] {
    guard let validation else { return [] }
    var averages = Averages(metrics, prefix: "val_", generation: run.generation)
    try Self.measure(
      run.step.objective, run.step.updater.parameters, validation.data, validation.rows,
      batchSize: settings.batchSize, into: &averages, callbacks: callbacks)
    return averages.logs
  }

  /// Loss and metrics of some rows, nothing learned.
  static func measure(
    _ objective: Objective, _ parameters: Parameters<Float>, _ data: Dataset, _ rows: Range<Int>,
    batchSize: Int, into averages: inout Averages, callbacks: [any Callback]
  ) throws(KerasError) {
    guard batchSize > 0 else {
      throw KerasError(.invalidArgument, "batch size \(batchSize) but it must be 1 or more")
    }
    let order = Array(rows)
    let width = objective.loss.targetWidth(for: objective.network.outputShapes[0].last ?? 1)
    var pass = Pass(generation: objective.generation)
    for callback in callbacks { try callback.onTestBegin() }
    for (batch, start) in stride(from: 0, to: order.count, by: batchSize).enumerated() {
      for callback in callbacks { try callback.onTestBatchBegin(batch) }
      let part = order[start..<min(order.count, start + batchSize)]
      var trace = NetworkTrace<Float>()
      let outcome = try objective.evaluate(
        data, rows: part, parameters: parameters, trace: &trace, pass: &pass)
      averages.add(outcome, rows: part.count, targetWidth: width)
      pass.workspace.reset()
      for callback in callbacks { try callback.onTestBatchEnd(batch, averages.unprefixedLogs) }
    }
    for callback in callbacks { try callback.onTestEnd(averages.unprefixedLogs) }
  }
}

extension Duration {
  /// As a number of seconds.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
