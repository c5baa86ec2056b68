import KerasFormat

/// A recurrent network that takes one time step after another: for streams, where a step's output
/// is wanted before the next step is known.
///
/// After some steps the output is what ``Network/predict(_:batchSize:)`` gives for the sequence of
/// these steps, to the bit; of a network that gives out sequences, its last step. Whether layers are
/// `stateful` makes no difference. One thread uses it at a time.
///
///     var predictor = try StepPredictor(Network(contentsOf: "gru.keras", training: false))
///     for id in ids { print(try predictor.step(id)) }
///     predictor.reset()
///
/// The network must be a straight line of layers from one input to one output: recurrent ones, such
/// as compute each step by itself (``Layer/computesStepsAlike``), and behind the last sequence any.
public struct StepPredictor: ~Copyable {
  public let network: Network
  /// Numbers of one step: 1 for a token id.
  public let features: Int
  /// The whole output of the last step, in Keras's order; zeros before the first one.
  public private(set) var output: [Float]
  private let takesIDs: Bool
  /// Of a batch of one row of one step.
  private let shape: Extents
  private let steppers: [any Stepper]
  private var pass: Pass
  /// Where stages keep their states.
  private var memory: Pass
  private let start: UnsafeMutablePointer<Float>
  private let id: UnsafeMutablePointer<Int32>

  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` naming the first layer that needs more
  ///   than one step, or that does not stand in a line.
  public init(_ network: Network) throws(KerasError) {
    let graph = network.graph
    guard graph.inputs.count == 1, graph.outputs.count == 1, graph.textPlaces.isEmpty,
      let input = graph.inputs.first
    else {
      throw KerasError(
        .unsupportedConfiguration,
        "\(graph.inputs.count) inputs and \(graph.outputs.count) outputs, "
          + "but steps go from one input of numbers to one output")
    }
    let shape = graph.nodes[input].outputShapes[0]
    // Rows of numbers that no embedding looks up are vectors, without steps.
    let takesIDs =
      shape.rank == 1
      && graph.nodes.contains { node in
        node.layer is Embedding && node.inputs.first?.node == input
      }
    guard takesIDs || shape.rank == 2, let features = takesIDs ? 1 : shape.last else {
      throw KerasError(
        .unsupportedConfiguration,
        "an input \(shape) but steps need token ids for an Embedding, or (steps, features)",
        at: .init(path: [graph.nodes[input].name]))
    }
    var memory = Pass(generation: network.generation)
    var steppers: [any Stepper] = []
    var (last, hasSteps) = (input, true)
    for (index, node) in graph.nodes.enumerated() where index != input {
      do {
        try Self.checkLine(node, behind: last)
        let call = StepCall(
          node: node, index: index, weights: network.parameters.all[node.weights],
          specs: graph.specs[node.weights])
        let stepper = try call.stepper(takingSteps: hasSteps, &memory)
        steppers.append(stepper)
        hasSteps = hasSteps && stepper.givesSequences
      } catch {
        throw error.inside(node.name)
      }
      last = index
    }
    guard graph.outputs[0] == Graph.Edge(node: last, output: 0) else {
      throw KerasError(
        .unsupportedConfiguration, "an output from the middle, but steps go through all layers")
    }
    let extents = graph.outputShapes[0].extents.dropFirst(hasSteps ? 1 : 0)
    self.network = network
    self.features = features
    self.steppers = steppers
    output = [Float](repeating: 0, count: extents.reduce(1) { $0 * ($1 ?? 1) })
    self.takesIDs = takesIDs
    self.shape = takesIDs ? [1, 1] : [1, 1, features]
    start = memory.workspace.zeros(Float.self, count: features)
    id = memory.workspace.zeros(Int32.self, count: 1)
    pass = Pass(generation: network.generation)
    self.memory = memory
  }

  private static func checkLine(_ node: Graph.Node, behind last: Int) throws(KerasError) {
    guard node.inputs == [Graph.Edge(node: last, output: 0)], node.mask == nil, !node.isMaskHidden
    else {
      throw KerasError(
        .unsupportedConfiguration, "it does not stand in a line with the layer before it",
        hint: "compute whole sequences")
    }
    guard !node.computesInFloat64 else {
      throw KerasError(
        .unsupportedConfiguration, "steps are not computed in float64",
        hint: "compute whole sequences")
    }
  }

  /// Back to before the first step.
  public mutating func reset() {
    for stepper in steppers { stepper.reset() }
    for index in output.indices { output[index] = 0 }
  }

  /// Takes a step with a token id.
  ///
  /// - Returns: the first number of ``output``.
  /// - Throws: ``KerasError/Code/shapeMismatch`` where steps have features,
  ///   ``KerasError/Code/invalidData`` for an id that the embedding does not have; the states are
  ///   then as before.
  @discardableResult
  public mutating func step(_ id: Int32) throws(KerasError) -> Float {
    guard takesIDs else {
      throw KerasError(
        .shapeMismatch, "a token id but the model takes \(features) features a step")
    }
    self.id.pointee = id
    return try advance(Signal(Tensor(ids: self.id, shape: shape)))
  }

  /// Takes a step with features, as many as ``features``.
  ///
  /// - Returns: the first number of ``output``.
  /// - Throws: ``KerasError/Code/shapeMismatch`` for another number of them.
  @discardableResult
  @specialized(where Features == [Float])
  @specialized(where Features == ArraySlice<Float>)
  @specialized(where Features == UnsafeBufferPointer<Float>)
  public mutating func step<Features: Collection<Float>>(
    _ features: Features
  ) throws(KerasError) -> Float {
    guard features.count == self.features else {
      throw KerasError(
        .shapeMismatch, "\(features.count) features but the model takes \(self.features) a step")
    }
    var next = start
    for feature in features {
      next.pointee = feature
      next += 1
    }
    return try advance(Signal(Tensor(start, shape: shape)))
  }

  private mutating func advance(_ input: Signal<Float>) throws(KerasError) -> Float {
    defer {
      pass.workspace.reset()
      pass.leaveAll()
    }
    var signal = input
    for stepper in steppers {
      do { signal = try stepper.step(signal, &pass) } catch { throw error.inside(stepper.name) }
    }
    let values = signal.tensor.reals(in: &pass.workspace)
    output.withUnsafeMutableBufferPointer { output in
      guard let start = output.baseAddress else { return }
      start.update(from: values, count: output.count)
    }
    return values[0]
  }
}
