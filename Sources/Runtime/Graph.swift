import KerasFormat

/// Layers and the edges between them, ready to run: the body of a ``Network``, and of a model inside
/// a model. A sequential model is the same graph, a straight line.
public struct Graph: Sendable {
  /// One call of one layer.
  public struct Node: Sendable {
    public let name: String
    public let layer: any Layer
    /// Where its inputs come from: nodes of lower index, and which of their outputs.
    public let inputs: [Edge]
    /// A tensor that the model gives it as its first input's mask, where it does.
    public let mask: Edge?
    /// Whether a mask goes past it without being looked at, as past a recurrent layer with initial
    /// states in Keras 3.
    public let isMaskHidden: Bool
    /// Its weights among the graph's.
    public let weights: Range<Int>
    public let outputShapes: [Shape]
    /// Keras's `trainable`; a layer without is left as it is by training.
    public let isTrainable: Bool
    /// Which of its inputs a mask comes with, and which of its outputs one leaves with.
    public let receivesMasks: [Bool]
    public let emitsMasks: [Bool]

    /// Whether a mask reaches it.
    public var receivesMask: Bool { receivesMasks.contains(true) }

    func withWeights(_ weights: Range<Int>) -> Node {
      Node(
        name: name, layer: layer, inputs: inputs, mask: mask, isMaskHidden: isMaskHidden,
        weights: weights, outputShapes: outputShapes,
        isTrainable: isTrainable, receivesMasks: receivesMasks, emitsMasks: emitsMasks)
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

  public var inputShapes: [Shape] { inputs.map { nodes[$0].outputShapes[0] } }
  public var outputShapes: [Shape] { outputs.map { nodes[$0.node].outputShapes[$0.output] } }
  /// Whether any layer, or layer inside one, carries states from call to call.
  var isStateful: Bool {
    nodes.contains { node in
      switch node.layer {
      case let layer as any SequenceLayer: layer.options.stateful
      case let layer as Bidirectional: layer.forwardLayer.options.stateful
      case let layer as any NestedModel: layer.graph?.isStateful ?? false
      default: false
      }
    }
  }

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
  func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout [Trace<S>],
    pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    trace = []
    trace.reserveCapacity(nodes.count)
    for (index, node) in nodes.enumerated() {
      var signals: [Signal<S>] = []
      // In the model's order of inputs, which need not be the order of its layers.
      if let position = self.inputs.firstIndex(of: index) { signals = [inputs[position]] }
      for edge in node.inputs { signals.append(trace[edge.node].outputs[edge.output]) }
      if let mask = node.mask {
        signals[0].mask = Mask(
          trace[mask.node].outputs[mask.output].tensor, in: &pass.workspace)
      }
      let passedMask = node.isMaskHidden ? signals[0].mask : nil
      if node.isMaskHidden { signals[0].mask = nil }
      var nodeTrace = Trace<S>()
      nodeTrace.inputs = signals
      pass.path.append(index)
      defer { pass.path.removeLast() }
      do {
        nodeTrace.outputs = try node.layer.forward(
          signals, weights: weights[node.weights], trace: &nodeTrace, pass: &pass)
      } catch {
        throw error.inside(node.name)
      }
      if node.isMaskHidden, node.emitsMasks[0] { nodeTrace.outputs[0].mask = passedMask }
      trace.append(nodeTrace)
    }
    return outputs.map { trace[$0.node].outputs[$0.output] }
  }

  /// The way back: adds to `gradients` what `outputGradients` (one per output of the graph) mean for
  /// every weight, and to `inputGradients` (one per input, `nil` where nobody wants it).
  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: [Trace<S>], pass: inout Pass
  ) {
    var pending = nodes.map { [OutputGradient<S>?](repeating: nil, count: $0.outputShapes.count) }
    for (edge, gradient) in zip(outputs, outputGradients) {
      let count = trace[edge.node].outputs[edge.output].tensor.count
      if nodes[edge.node].inputs.isEmpty {
        // An input that is an output too.
        if let target = target(ofInput: edge.node, inputGradients) {
          Elementwise.add(gradient.pointer, to: target, count: count)
        }
      } else if let sum = pending[edge.node][edge.output] {
        Elementwise.add(gradient.pointer, to: sum.pointer, count: count)
      } else {
        pending[edge.node][edge.output] = gradient
      }
    }
    for (index, node) in nodes.enumerated().reversed() {
      guard !node.inputs.isEmpty, pending[index].contains(where: { $0 != nil }) else { continue }
      let nodeTrace = trace[index]
      var outputGradients: [OutputGradient<S>] = []
      for (gradient, output) in zip(pending[index], nodeTrace.outputs) {
        outputGradients.append(
          gradient ?? OutputGradient(pass.workspace.zeros(S.self, count: output.tensor.count)))
      }
      let targets = node.inputs.map { edge in
        target(of: edge, inputGradients, trace, &pending, &pass.workspace)
      }
      node.layer.backward(
        outputGradients, into: targets, weights: weights[node.weights],
        gradients: gradients[node.weights], trace: nodeTrace, pass: &pass)
    }
  }

  /// Where the gradient of a node's output gathers; `nil` where it would serve nobody.
  private func target<S: Scalar>(
    of edge: Edge, _ inputGradients: [UnsafeMutablePointer<S>?], _ trace: [Trace<S>],
    _ pending: inout [[OutputGradient<S>?]], _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S>? {
    if nodes[edge.node].inputs.isEmpty { return target(ofInput: edge.node, inputGradients) }
    if let gathered = pending[edge.node][edge.output] { return gathered.pointer }
    let count = trace[edge.node].outputs[edge.output].tensor.count
    let target = workspace.zeros(S.self, count: count)
    pending[edge.node][edge.output] = OutputGradient(target)
    return target
  }

  private func target<S: Scalar>(
    ofInput node: Int, _ inputGradients: [UnsafeMutablePointer<S>?]
  ) -> UnsafeMutablePointer<S>? {
    inputs.firstIndex(of: node).flatMap { inputGradients[$0] }
  }
}
