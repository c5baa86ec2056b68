import KerasFormat
import KerasRuntime

/// One batch of training: forward, back, update.
struct TrainingStep: ~Copyable {
  let objective: Objective
  private(set) var updater: Updater
  private let gradients: Parameters<Float>
  private var pass: Pass

  init(objective: Objective, updater: consuming Updater) {
    self.objective = objective
    gradients = Parameters(updater.parameters.layout)
    pass = Pass(generation: objective.generation, isTraining: true, keepsTrace: true)
    pass.step = UInt64(updater.iterations)
    if updater.wantsTableGradients { pass.tableGradients = [] }
    self.updater = updater
  }

  /// Trains on the rows with these indices.
  ///
  /// - Parameter observe: sees loss and output before the update.
  mutating func run(
    _ data: Dataset, rows: ArraySlice<Int>, observe: (Objective.Outcome<Float>) -> Void
  ) throws(KerasError) {
    defer { pass.workspace.reset() }
    let parameters = updater.parameters
    var trace = NetworkTrace<Float>()
    let outcome = try objective.evaluate(
      data, rows: rows, parameters: parameters, trace: &trace, pass: &pass)
    observe(outcome)
    gradients.setZero()
    pass.tableGradients?.removeAll(keepingCapacity: true)
    if let factor = updater.optimizer.options.lossScaleFactor { outcome.scale(by: Float(factor)) }
    objective.network.backward(
      [outcome.gradient], trace: trace, parameters: parameters, gradients: gradients, pass: &pass)
    updater.apply(gradients, occurrences: pass.tableGradients ?? [])
    pass.step += 1
    pass.stepOfRun += 1
  }

  /// What Keras does to the weights when `fit` ends.
  func finish() { updater.finish() }
}

extension Objective.Outcome where S == Float {
  /// Multiplies the gradient of the loss.
  fileprivate func scale(by factor: Float) {
    for i in 0..<output.tensor.count { gradient.pointer[i] *= factor }
  }
}
