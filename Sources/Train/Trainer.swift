import KerasFormat
import KerasRuntime

/// The training loop: epochs of batches, with validation after each epoch, and callbacks around all
/// of it in the order in which each Keras calls them.
struct Trainer {
  let run: TrainingRun
  private let data: Dataset
  private let settings: FitSettings
  private let metrics: CompiledMetrics
  private let training: Range<Int>
  private let validation: (data: Dataset, rows: Range<Int>)?
  private var callbacks: [any Callback] { run.callbacks }

  init(
    _ model: Model, _ data: Dataset, _ settings: FitSettings, _ callbacks: [any Callback]
  ) throws(KerasError) {
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
    let objective = try model.objective()
    try model.network.graph.refuseTrainingInOtherTypes()
    try data.check(for: objective)
    let classWeights = try ClassWeights(
      settings.classWeight, byOutput: settings.classWeights, objective: objective)
    let weighted = try classWeights.applied(to: data)
    try weighted.check(for: objective)
    let split = try data.split(validation: settings.validationSplit)
    if let given = settings.validationData {
      try given.check(for: objective)
      validation = (given, 0..<given.rows)
    } else {
      validation =
        split.validation.isEmpty
        ? nil : (classWeights.reachesValidation ? weighted : data, split.validation)
    }
    training = split.training
    for count in [training.count, validation?.rows.count ?? 0] {
      try model.network.checkBatches(of: count, batchSize: settings.batchSize)
    }
    self.data = weighted
    self.settings = settings
    run = try TrainingRun(
      model, objective, metrics, weighted, settings,
      TrainingPlan(
        epochs: settings.epochs, initialEpoch: settings.initialEpoch,
        steps: (training.count + settings.batchSize - 1) / settings.batchSize,
        batchSize: settings.batchSize, trainingRows: training.count,
        validationRows: validation?.rows.count ?? 0),
      callbacks)
  }

  /// The weights as they are now.
  var parameters: Parameters<Float> { run.step.updater.parameters }

  // MARK: - Epochs

  /// - Parameter checkpoint: where to go on; else the start, or what a callback asks for.
  func run(from checkpoint: Checkpoint?) throws(KerasError) -> History {
    for callback in callbacks { try callback.onTrainBegin(run) }
    if let checkpoint = checkpoint ?? run.resumption { try run.goOn(from: checkpoint) }
    var shuffle = try Shuffle(
      rows: training.count, mode: settings.shuffle, batchSize: settings.batchSize,
      generation: run.generation,
      state: Shuffle.State(
        seed: run.progress.seed, isSeeded: run.progress.isSeeded, start: run.numpyStart))
    // Orders that were drawn before are drawn again and left: so every generation's stream of
    // random numbers is where it was.
    var order = Array(training)
    for _ in 0..<run.progress.ordersDrawn { order = shuffle.next() }
    while run.epoch < settings.epochs && !run.stopTraining {
      let clock = ContinuousClock()
      let start = clock.now
      if run.progress.batch == 0 {
        for callback in callbacks { try callback.onEpochBegin(run.epoch, run) }
        order = shuffle.next()
        run.progress.ordersDrawn += 1
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
    run.step.finish()
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
    // Before Keras 2.15 callbacks see each batch by itself.
    var single =
      generation <= .keras2
      ? Averages(metrics, objective: run.step.objective, isTraining: true) : nil
    while run.progress.batch < run.plan.steps {
      let batch = run.progress.batch
      let start = batch * settings.batchSize
      let rows = order[start..<min(order.count, start + settings.batchSize)]
      for callback in callbacks { try callback.onTrainBatchBegin(batch, run) }
      single?.reset()
      var averages = run.averages
      try run.step.run(data, rows: rows) { outcome throws(KerasError) in
        try averages.add(outcome, rows: rows.count)
        try single?.add(outcome, rows: rows.count)
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
    var averages = Averages(metrics, objective: run.step.objective, prefix: "val_")
    // Recurrent layers of Keras 3 and 1 draw masks in these batches too, and go on from there.
    var pass = Pass(generation: run.generation)
    pass.crew = settings.crew
    pass.streams = run.step.streams
    pass.states = run.step.states
    try Self.measure(
      run.step.objective, run.step.updater.parameters, validation.data, validation.rows,
      batchSize: settings.batchSize, into: &averages, callbacks: callbacks, &pass)
    run.step.streams = pass.streams
    run.step.states = pass.states
    return averages.logs
  }

  /// Loss and metrics of some rows, nothing learned.
  static func measure(
    _ objective: Objective, _ parameters: Parameters<Float>, _ data: Dataset, _ rows: Range<Int>,
    batchSize: Int, into averages: inout Averages, callbacks: [any Callback],
    _ pass: inout Pass
  ) throws(KerasError) {
    guard batchSize > 0 else {
      throw KerasError(.invalidArgument, "batch size \(batchSize) but it must be 1 or more")
    }
    let order = Array(rows)
    for callback in callbacks { try callback.onTestBegin() }
    for (batch, start) in stride(from: 0, to: order.count, by: batchSize).enumerated() {
      for callback in callbacks { try callback.onTestBatchBegin(batch) }
      let part = order[start..<min(order.count, start + batchSize)]
      pass.states = objective.states(after: pass.states)
      var trace = NetworkTrace<Float>()
      let outcome = try objective.evaluate(
        data, rows: part, parameters: parameters, trace: &trace, pass: &pass)
      try averages.add(outcome, rows: part.count)
      pass.workspace.reset()
      for callback in callbacks { try callback.onTestBatchEnd(batch, averages.unprefixedLogs) }
    }
    for callback in callbacks { try callback.onTestEnd(averages.unprefixedLogs) }
  }
}

extension Network {
  /// Refuses rows that make no whole batches for a stateful model, as Keras does: its layers carry
  /// states from row to row of batches.
  ///
  /// - Throws: ``KerasError/Code/invalidData``.
  package func checkBatches(of rows: Int, batchSize: Int) throws(KerasError) {
    guard isStateful, batchSize > 0, rows % batchSize != 0 else { return }
    throw KerasError(
      .invalidData,
      "\(rows) rows make no whole batches of \(batchSize), but a stateful model needs them",
      hint: "choose a batch size that divides the rows")
  }
}

extension Duration {
  /// As a number of seconds.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
