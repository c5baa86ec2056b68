import KerasFormat
import KerasRuntime

/// One batch of training: forward, back, update.
struct TrainingStep: ~Copyable {
  let objective: Objective
  var updater: Updater
  private let gradients: Parameters<Float>
  private var pass: Pass

  /// On copies: the model's own arrays may be shared.
  init(_ model: Model, _ compilation: Model.Compilation) {
    objective = Objective(
      network: model.network, loss: compilation.loss, generation: compilation.generation)
    updater = Updater(
      compilation, network: model.network,
      parameters: Parameters(copying: model.network.parameters))
    gradients = Parameters(updater.parameters.layout)
    pass = Pass(generation: objective.generation, isTraining: true, keepsTrace: true)
    pass.step = UInt64(updater.iterations)
  }

  /// How often layers have drawn random numbers, and the steps of this run: what a run that goes on
  /// must know.
  var dropoutStep: UInt64 {
    get { pass.step }
    set { pass.step = newValue }
  }
  var stepOfRun: Int {
    get { pass.stepOfRun }
    set { pass.stepOfRun = newValue }
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
    objective.network.backward(
      [outcome.gradient], trace: trace, parameters: parameters, gradients: gradients, pass: &pass)
    updater.apply(gradients)
    pass.step += 1
    pass.stepOfRun += 1
  }
}
