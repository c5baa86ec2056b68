import KerasFormat
import KerasRuntime

/// The training loop: epochs of batches, with validation after each epoch.
struct Trainer: ~Copyable {
  private(set) var step: TrainingStep
  private let data: Dataset
  private let settings: FitSettings
  private let metrics: CompiledMetrics
  private let training: Range<Int>
  private let validation: (data: Dataset, rows: Range<Int>)?

  init(_ model: Model, _ data: Dataset, _ settings: FitSettings) throws(KerasError) {
    let compilation = try model.compiled()
    let metrics = try model.metrics()
    let objective = try model.objective()
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
    try data.check(for: objective)
    let constraints = try ConstraintRegistry.constraints(of: model.network)
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
    self.metrics = metrics
    training = split.training
    self.data = weighted
    self.settings = settings
    // The run works on copies: the model's own arrays may be shared.
    step = TrainingStep(
      objective: objective,
      updater: Updater(
        compilation, network: model.network,
        parameters: Parameters(copying: model.network.parameters), constraints: constraints))
  }

  // MARK: - Epochs

  mutating func run(_ callbacks: [any Callback]) throws(KerasError) -> History {
    var history = History()
    let seed = settings.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    let generation = step.objective.generation
    let start = try step.objective.network.randomStart(seed: seed, generation: generation)
    step.streams = start.streams
    var shuffle = try Shuffle(
      rows: training.count, mode: settings.shuffle, batchSize: settings.batchSize,
      generation: generation,
      state: Shuffle.State(seed: seed, isSeeded: settings.seed != nil, start: start.numpy))
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
      let order = shuffle.next()
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
    var averages = Averages(metrics, objective: step.objective)
    for (batch, start) in stride(from: 0, to: order.count, by: settings.batchSize).enumerated() {
      let rows = order[start..<min(order.count, start + settings.batchSize)]
      try step.run(data, rows: rows) { outcome throws(KerasError) in
        try averages.add(outcome, rows: rows.count)
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

  private mutating func validate() throws(KerasError) -> [(name: String, value: Double)] {
    guard let validation else { return [] }
    var averages = Averages(metrics, objective: step.objective, prefix: "val_")
    // Recurrent layers of Keras 3 and 1 draw masks in these batches too, and go on from there.
    var pass = Pass(generation: step.objective.generation)
    pass.streams = step.streams
    try Self.measure(
      step.objective, step.updater.parameters, validation.data, validation.rows,
      batchSize: settings.batchSize, into: &averages, &pass)
    step.streams = pass.streams
    return averages.logs
  }

  /// Loss and metrics of some rows, nothing learned.
  static func measure(
    _ objective: Objective, _ parameters: Parameters<Float>, _ data: Dataset, _ rows: Range<Int>,
    batchSize: Int, into averages: inout Averages, _ pass: inout Pass
  ) throws(KerasError) {
    guard batchSize > 0 else {
      throw KerasError(.invalidArgument, "batch size \(batchSize) but it must be 1 or more")
    }
    let order = Array(rows)
    for start in stride(from: 0, to: order.count, by: batchSize) {
      let part = order[start..<min(order.count, start + batchSize)]
      var trace = NetworkTrace<Float>()
      let outcome = try objective.evaluate(
        data, rows: part, parameters: parameters, trace: &trace, pass: &pass)
      try averages.add(outcome, rows: part.count)
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
