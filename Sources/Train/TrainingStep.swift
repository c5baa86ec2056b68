import KerasFormat
import KerasRuntime

/// One batch of training: forward, back, update.
struct TrainingStep: ~Copyable {
  let objective: Objective
  var updater: Updater
  /// Zero between batches.
  private let gradients: Parameters<Float>
  private var pass: Pass

  /// What the layers draw from; to be saved with the weights, and put back to go on from there.
  var streams: RandomStreams {
    get { pass.streams }
    set { pass.streams = newValue }
  }
  /// Steps of this run, which Keras 2.2's running statistics count.
  var stepOfRun: Int {
    get { pass.stepOfRun }
    set { pass.stepOfRun = newValue }
  }

  /// What the stateful layers carry to the next batch, in validation too; `nil` where none does.
  var states: RecurrentStates? {
    get { pass.states }
    set { pass.states = newValue }
  }

  /// On copies: the network's own arrays may be shared.
  init(
    _ network: Network, _ objective: Objective, _ compilation: Model.Compilation, _ crew: Crew
  ) throws(KerasError) {
    self.objective = objective
    updater = Updater(
      compilation, network: network, parameters: Parameters(copying: network.parameters),
      constraints: try ConstraintRegistry.constraints(of: network), crew: crew)
    gradients = Parameters(updater.parameters.layout)
    pass = Pass(generation: objective.generation, isTraining: true, keepsTrace: true)
    pass.crew = crew
    pass.states = objective.freshStates
    if updater.wantsTableGradients { pass.tableGradients = [] }
  }

  /// Trains on the rows with these indices.
  ///
  /// - Parameter observe: sees loss and output before the update.
  mutating func run(
    _ data: Dataset, rows: ArraySlice<Int>,
    observe: (Objective.Outcome<Float>) throws(KerasError) -> Void
  ) throws(KerasError) {
    defer { pass.workspace.reset() }
    pass.states = objective.states(after: pass.states)
    let parameters = updater.parameters
    var trace = NetworkTrace<Float>()
    let outcome = try objective.evaluate(
      data, rows: rows, parameters: parameters, trace: &trace, pass: &pass)
    try observe(outcome)
    pass.tableGradients?.removeAll(keepingCapacity: true)
    objective.backward(
      outcome, trace: trace, parameters: parameters, gradients: gradients, pass: &pass)
    updater.apply(gradients, occurrences: pass.tableGradients ?? [])
    pass.stepOfRun += 1
  }

  /// What Keras does to the weights when `fit` ends.
  func finish() { updater.finish() }
}
