import KerasFormat

/// Layers and the edges between them, ready to run: the body of a ``Network``, and of a model
/// inside a model. A sequential model is the same graph, a straight line.
public struct Graph: Sendable {
  /// One call of one layer; a class, since a batch passes by all of them and copies none.
  public final class Node: Sendable {
    public let name: String
    public let layer: any Layer
    /// Where its inputs come from: nodes of lower index, and which of their outputs.
    public let inputs: [Edge]
    /// A tensor that the model gives it as its first input's mask, where it does.
    public let mask: Edge?
    /// Whether a mask goes past it without being looked at, as past a recurrent layer with initial
    /// states in Keras 3, or a layer called with `mask=None` in Keras 2.
    public let isMaskHidden: Bool
    /// Whether it is called with `training=False`, whatever the model is called with.
    public let isNeverTraining: Bool
    /// Its weights among the graph's.
    public let weights: Range<Int>
    public let outputShapes: [Shape]
    /// Keras's `trainable`; a layer without is left as it is by training.
    public let isTrainable: Bool
    /// The types that it computes in and keeps its weights in.
    public let policy: DTypePolicy
    /// Its layer's `activity_regularizer`, serialized; a wrapper's is that of the layer inside.
    public let activityRegularizer: JSON
    /// Which of its inputs a mask comes with, and which of its outputs one leaves with.
    public let receivesMasks: [Bool]
    public let emitsMasks: [Bool]

    init(
      name: String, layer: any Layer, inputs: [Edge], mask: Edge?, isMaskHidden: Bool,
      isNeverTraining: Bool, weights: Range<Int>, outputShapes: [Shape], isTrainable: Bool,
      policy: DTypePolicy,
      activityRegularizer: JSON, receivesMasks: [Bool], emitsMasks: [Bool]
    ) {
      (self.name, self.layer, self.inputs, self.mask) = (name, layer, inputs, mask)
      (self.isMaskHidden, self.weights, self.outputShapes) = (isMaskHidden, weights, outputShapes)
      (self.isTrainable, self.policy) = (isTrainable, policy)
      self.isNeverTraining = isNeverTraining
      self.activityRegularizer = activityRegularizer
      (self.receivesMasks, self.emitsMasks) = (receivesMasks, emitsMasks)
    }

    /// Whether a mask reaches it.
    public var receivesMask: Bool { receivesMasks.contains(true) }

    /// The same call of another layer.
    func with(_ layer: any Layer) -> Node { with(layer: layer, weights: weights) }

    func withWeights(_ weights: Range<Int>) -> Node { with(layer: layer, weights: weights) }

    private func with(layer: any Layer, weights: Range<Int>) -> Node {
      Node(
        name: name, layer: layer, inputs: inputs, mask: mask, isMaskHidden: isMaskHidden,
        isNeverTraining: isNeverTraining, weights: weights, outputShapes: outputShapes,
        isTrainable: isTrainable, policy: policy, activityRegularizer: activityRegularizer,
        receivesMasks: receivesMasks, emitsMasks: emitsMasks)
    }
  }

  /// One output of a node.
  public struct Edge: Sendable, Equatable {
    public let node: Int
    public let output: Int
  }

  /// In an order in which each node's inputs come before it.
  public let nodes: [Node]
  /// The nodes that data enters by, and the outputs that come out, in the model's order.
  public let inputs: [Int]
  public let outputs: [Edge]
  /// The weights of all layers, layer after layer in Keras's order; a shared layer has them once.
  public let specs: [WeightSpec]
  /// Whether any layer, or layer inside one, computes in float64.
  let hasFloat64: Bool
  /// For each node the first one that calls the same layer: a layer has its states once, however
  /// often it is called.
  private let firstCalls: [Int]
  /// For each node which of the graph's inputs it is, if any.
  private let inputPositions: [Int?]
  /// For each node whether its layer can take words from an embedding as they lie in its table, and
  /// its input comes straight from one.
  private let canTakeWords: [Bool]
  /// The text layers of the graph and of the models inside it.
  let textPlaces: [TextPlace]

  init(nodes: [Node], inputs: [Int], outputs: [Edge], specs: [WeightSpec]) {
    (self.nodes, self.inputs, self.outputs, self.specs) = (nodes, inputs, outputs, specs)
    hasFloat64 = nodes.contains(where: \.computesInFloat64)
    var first: [String: Int] = [:]
    for (index, node) in nodes.enumerated() where first[node.name] == nil {
      first[node.name] = index
    }
    firstCalls = nodes.map { first[$0.name] ?? 0 }
    inputPositions = nodes.indices.map { inputs.firstIndex(of: $0) }
    canTakeWords = nodes.map { node in
      guard let edge = node.inputs.first, nodes[edge.node].layer is Embedding else { return false }
      return (node.layer as? any WordLayer)?.takesWords ?? false
    }
    textPlaces = Self.textPlaces(nodes, inputs)
    isStateful = nodes.contains { $0.layer.isStateful }
  }

  /// Whether its one input takes rows of so many numbers, which are no texts.
  func takesRows(of width: Int) -> Bool {
    guard inputs.count == 1, textPlaces.isEmpty else { return false }
    let extents = nodes[inputs[0]].outputShapes[0].extents
    return extents.count == 1 && (extents[0] ?? width) == width
  }

  public var inputShapes: [Shape] { inputs.map { nodes[$0].outputShapes[0] } }
  public var outputShapes: [Shape] { outputs.map { nodes[$0.node].outputShapes[$0.output] } }
  /// Whether any layer, or layer inside one, carries states from call to call.
  let isStateful: Bool

  var outputMasks: [Bool] { outputs.map { nodes[$0.node].emitsMasks[$0.output] } }
}

// MARK: - One batch

extension Graph {
  /// One batch through all layers.
  ///
  /// - Parameters:
  ///   - inputs: one signal per input of the graph, all with the same batch extent.
  ///   - trace: what each node took and gave.
  /// - Returns: one signal per output of the graph, in the memory of `pass.workspace`.
  @specialized(where S == Float)
  func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout [Trace<S>],
    pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    trace.removeAll(keepingCapacity: true)
    trace.reserveCapacity(nodes.count)
    for (index, node) in nodes.enumerated() {
      var signals = Signals<S>()
      // In the model's order of inputs, which need not be the order of its layers.
      if let position = inputPositions[index] { signals.append(inputs[position]) }
      for edge in node.inputs {
        if !takesWords(index, from: edge, pass) {
          trace[edge.node].outputs[edge.output].lookUpWords(&pass.workspace)
        }
        signals.append(trace[edge.node].outputs[edge.output])
      }
      if let mask = node.mask {
        signals[0].mask = Mask(
          trace[mask.node].outputs[mask.output].tensor, in: &pass.workspace)
      }
      let passedMask = node.isMaskHidden ? signals[0].mask : nil
      if node.isMaskHidden {
        for position in signals.indices where position == 0 || !node.receivesMasks[position] {
          signals[position].mask = nil
        }
      }
      trace.append(Trace())
      trace[index].inputs = signals
      pass.enter(index, statesOf: firstCalls[index])
      let isTraining = pass.isTraining
      if node.isNeverTraining { pass.isTraining = false }
      defer {
        pass.isTraining = isTraining
        pass.leave()
      }
      do {
        trace[index].outputs = try node.forward(
          signals, weights: weights[node.weights], specs: specs[node.weights],
          trace: &trace[index], pass: &pass)
      } catch {
        throw error.inside(node.name)
      }
      if node.isMaskHidden, node.emitsMasks[0] { trace[index].outputs[0].mask = passedMask }
      if let entry = pass.activities[pass.path] {
        for output in trace[index].outputs {
          let values = output.tensor.reals(in: &pass.workspace)
          pass.activityPenalty +=
            pass.activities.scale(of: entry, on: output.tensor)
            * entry.regularizer.penalty(of: values, shape: Array(output.tensor.shape))
        }
      }
    }
    var results = Signals<S>()
    for edge in outputs {
      trace[edge.node].outputs[edge.output].lookUpWords(&pass.workspace)
      results.append(trace[edge.node].outputs[edge.output])
    }
    return results
  }

  /// Whether a node takes words from an embedding as they lie in its table, and adds their gradient
  /// to the table's; not where that of each occurrence is asked for.
  private func takesWords(_ node: Int, from edge: Edge, _ pass: borrowing Pass) -> Bool {
    canTakeWords[node] && edge == nodes[node].inputs[0] && pass.tableGradients == nil
  }

  /// The way back: adds to `gradients` what `outputGradients` (one per output of the graph) mean
  /// for every weight, and to `inputGradients` (one per input, `nil` where nobody wants it).
  ///
  /// - Parameter observe: is shown the whole gradient of each node's outputs before it goes on.
  @specialized(where S == Float)
  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: [Trace<S>], pass: inout Pass,
    observe: NetworkTrace<S>.Observer? = nil
  ) {
    var pending = nodes.map { [OutputGradient<S>?](repeating: nil, count: $0.outputShapes.count) }
    for (edge, gradient) in zip(outputs, outputGradients) {
      let count = trace[edge.node].outputs[edge.output].tensor.count
      if nodes[edge.node].inputs.isEmpty {
        // An input that is an output too.
        if let target = target(ofInput: edge.node, inputGradients) {
          Elementwise.add(gradient.pointer, to: target, count: count)
        }
      } else {
        pending[edge.node][edge.output] = gradient.merged(
          with: pending[edge.node][edge.output], count: count)
      }
    }
    for (index, node) in nodes.enumerated().reversed() where !node.inputs.isEmpty {
      let nodeTrace = trace[index]
      pass.enter(index)
      let isTraining = pass.isTraining
      if node.isNeverTraining { pass.isTraining = false }
      defer {
        pass.isTraining = isTraining
        pass.leave()
      }
      if let entry = pass.activities[pass.path] {
        addActivityGradients(entry, nodeTrace, to: &pending[index], &pass)
      }
      guard pending[index].contains(where: { $0 != nil }) else { continue }
      observe?(index, pending[index])
      if let gradient = pending[index][0], gradient.isOfLogits,
        let logits = nodeTrace.outputs[0].logits, nodeTrace.inputs[0].logits == logits
      {
        // The layer handed its input on, logits and all.
        let edge = node.inputs[0]
        pending[edge.node][edge.output] = gradient.merged(
          with: pending[edge.node][edge.output], count: nodeTrace.outputs[0].tensor.count)
        continue
      }
      var outputGradients: [OutputGradient<S>] = []
      for (gradient, output) in zip(pending[index], nodeTrace.outputs) {
        outputGradients.append(
          gradient ?? OutputGradient(pass.workspace.zeros(S.self, count: output.tensor.count)))
      }
      pass.tableTarget = tableTarget(of: node, nodeTrace, gradients)
      defer { pass.tableTarget = nil }
      let targets = node.inputs.enumerated().map { position, edge in
        position == 0 && pass.tableTarget != nil
          ? nil : target(of: edge, inputGradients, trace, &pending, &pass.workspace)
      }
      node.layer.backward(
        outputGradients, into: targets, weights: weights[node.weights],
        gradients: gradients[node.weights], trace: nodeTrace, pass: &pass)
    }
  }

  /// Where a layer that takes words adds their gradient: the gradient of the embedding's table.
  private func tableTarget<S: Scalar>(
    of node: Node, _ trace: Trace<S>, _ gradients: Weights<S>
  ) -> UnsafeMutableRawPointer? {
    guard trace.inputs[0].tensor.words != nil else { return nil }
    return UnsafeMutableRawPointer(gradients[nodes[node.inputs[0].node].weights.lowerBound])
  }

  private func addActivityGradients<S: Scalar>(
    _ entry: ActivityPenalties.Entry, _ trace: Trace<S>, to pending: inout [OutputGradient<S>?],
    _ pass: inout Pass
  ) {
    for (position, output) in trace.outputs.enumerated() {
      entry.regularizer.addGradient(
        of: output.tensor.reals(in: &pass.workspace), shape: Array(output.tensor.shape),
        scale: S(pass.activities.scale(of: entry, on: output.tensor)),
        to: Self.target(in: &pending[position], count: output.tensor.count, &pass.workspace))
    }
  }

  /// Where the gradient of a node's output gathers; `nil` where it would serve nobody.
  private func target<S: Scalar>(
    of edge: Edge, _ inputGradients: [UnsafeMutablePointer<S>?], _ trace: [Trace<S>],
    _ pending: inout [[OutputGradient<S>?]], _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S>? {
    if nodes[edge.node].inputs.isEmpty { return target(ofInput: edge.node, inputGradients) }
    return Self.target(
      in: &pending[edge.node][edge.output],
      count: trace[edge.node].outputs[edge.output].tensor.count, &workspace)
  }

  /// Where the gradient of an output itself gathers, also beside one of its logits.
  private static func target<S: Scalar>(
    in pending: inout OutputGradient<S>?, count: Int, _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S> {
    guard var gathered = pending else {
      let target = workspace.zeros(S.self, count: count)
      pending = OutputGradient(target)
      return target
    }
    guard gathered.isOfLogits else { return gathered.pointer }
    if let target = gathered.ofOutput { return target }
    let target = workspace.zeros(S.self, count: count)
    gathered.ofOutput = target
    pending = gathered
    return target
  }

  private func target<S: Scalar>(
    ofInput node: Int, _ inputGradients: [UnsafeMutablePointer<S>?]
  ) -> UnsafeMutablePointer<S>? {
    inputs.firstIndex(of: node).flatMap { inputGradients[$0] }
  }
}

extension OutputGradient {
  /// Both together: what is of logits added to what is, and the rest likewise.
  fileprivate func merged(with other: OutputGradient?, count: Int) -> OutputGradient {
    guard let other else { return self }
    func sum(
      _ a: UnsafeMutablePointer<S>?, _ b: UnsafeMutablePointer<S>?
    ) -> UnsafeMutablePointer<S>? {
      guard let a else { return b }
      if let b { Elementwise.add(b, to: a, count: count) }
      return a
    }
    let logits = sum(isOfLogits ? pointer : nil, other.isOfLogits ? other.pointer : nil)
    let output = sum(
      isOfLogits ? ofOutput : pointer, other.isOfLogits ? other.ofOutput : other.pointer)
    if let logits { return OutputGradient(logits, isOfLogits: true, ofOutput: output) }
    return OutputGradient(output ?? pointer)
  }
}
