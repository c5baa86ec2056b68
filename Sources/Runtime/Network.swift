import KerasFormat

/// A model ready to run: layers in order, their weights, and everything a file holds besides.
///
/// It is immutable and `Sendable`; each call brings its own ``Workspace``, so many threads predict
/// with one network without a lock. Training makes a new network with other weights.
///
///     let network = try Network(contentsOf: "gru.keras")
///     let scores = try network.predict(["Great case, excellent value."])
public struct Network: Sendable {
  /// One call of one layer.
  public struct Node: Sendable {
    public let name: String
    public let layer: any Layer
    /// Where its inputs come from: nodes of lower index, and which of their outputs.
    public let inputs: [Edge]
    /// Its weights among ``Parameters``.
    public let weights: Range<Int>
    public let outputShapes: [Shape]
    /// Keras's `trainable`; a layer without is left as it is by training.
    public let isTrainable: Bool
    /// Whether a mask reaches it.
    public let receivesMask: Bool
  }

  /// One output of a node.
  public struct Edge: Sendable, Equatable {
    public let node: Int
    public let output: Int
  }

  public var name: String
  /// Whose arithmetic it follows where Keras's generations differ.
  public let generation: Generation
  public let isSequential: Bool
  /// In an order in which each node's inputs come before it.
  public let nodes: [Node]
  /// The nodes that data enters by, and the outputs that come out, in the model's order.
  public let inputs: [Int]
  public let outputs: [Edge]
  public let parameters: Parameters<Float>
  /// The definition as read or built, weights left out.
  let definition: ModelRecord
  /// Weights whose stored type is not float32, by index, as they were read.
  let storedWeights: [Int: NumericArray]
  /// The seeds that layers draw their own random numbers from, by node.
  public var layerSeeds: [UInt64]
  /// How the model was compiled, and its optimizer's state.
  public var training: TrainingRecord?
  /// From text to token ids, when the model carries it.
  public var textPipeline: TextPipeline?

  /// The shape of each input without the batch axis.
  public var inputShapes: [Shape] { inputs.map { nodes[$0].outputShapes[0] } }
  public var outputShapes: [Shape] { outputs.map { nodes[$0.node].outputShapes[$0.output] } }

  /// Numbers in all weights.
  public var parameterCount: Int { parameters.layout.specs.reduce(0) { $0 + $1.count } }
}

// MARK: - One batch

/// What a forward pass left behind for the way back, node by node.
public struct NetworkTrace<S: Scalar> {
  public internal(set) var nodes: [Trace<S>] = []

  public init() {}

  /// The outputs of a node.
  public func outputs(of node: Int) -> [Signal<S>] { nodes[node].outputs }
}

extension Network {
  /// One batch through all layers.
  ///
  /// - Parameters:
  ///   - inputs: one tensor per input of the model, all with the same batch extent.
  ///   - trace: what each node took and gave; complete enough for ``backward(_:trace:parameters:gradients:pass:)``
  ///     when `pass.keepsTrace`.
  /// - Returns: one signal per output of the model, in the memory of `pass.workspace`.
  public func forward<S: Scalar>(
    _ inputs: [Tensor<S>], parameters: Parameters<S>, trace: inout NetworkTrace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    trace.nodes = []
    for (index, node) in nodes.enumerated() {
      var signals: [Signal<S>] = []
      // In the model's order of inputs, which need not be the order of its layers.
      if let position = self.inputs.firstIndex(of: index) { signals = [Signal(inputs[position])] }
      for edge in node.inputs { signals.append(trace.nodes[edge.node].outputs[edge.output]) }
      var nodeTrace = Trace<S>()
      nodeTrace.inputs = signals
      pass.layerSeed = layerSeeds[index]
      do {
        nodeTrace.outputs = try node.layer.forward(
          signals, weights: parameters.weights(node.weights), trace: &nodeTrace, pass: &pass)
      } catch {
        throw error.inside(node.name)
      }
      trace.nodes.append(nodeTrace)
    }
    return outputs.map { trace.nodes[$0.node].outputs[$0.output] }
  }

  /// The way back: adds to `gradients` what `outputGradients` (one per output of the model) mean for
  /// every weight.
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], trace: NetworkTrace<S>, parameters: Parameters<S>,
    gradients: Parameters<S>, pass: inout Pass
  ) {
    var pending = [[OutputGradient<S>?]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() {
      pending[index] = Array(repeating: nil, count: node.outputShapes.count)
    }
    for (edge, gradient) in zip(outputs, outputGradients) {
      if let sum = pending[edge.node][edge.output] {
        let count = trace.nodes[edge.node].outputs[edge.output].tensor.count
        Elementwise.add(gradient.pointer, to: sum.pointer, count: count)
      } else {
        pending[edge.node][edge.output] = gradient
      }
    }
    for (index, node) in nodes.enumerated().reversed() {
      guard !node.inputs.isEmpty, pending[index].contains(where: { $0 != nil }) else { continue }
      let nodeTrace = trace.nodes[index]
      var outputGradients: [OutputGradient<S>] = []
      for (gradient, output) in zip(pending[index], nodeTrace.outputs) {
        outputGradients.append(
          gradient ?? OutputGradient(pass.workspace.zeros(S.self, count: output.tensor.count)))
      }
      let inputGradients = node.inputs.map { edge in
        gradientTarget(of: edge, trace, &pending, &pass.workspace)
      }
      pass.layerSeed = layerSeeds[index]
      node.layer.backward(
        outputGradients, into: inputGradients, weights: parameters.weights(node.weights),
        gradients: gradients.weights(node.weights), trace: nodeTrace, pass: &pass)
    }
  }

  /// Where the gradient of a node's output gathers; `nil` where it would serve nobody: at the
  /// model's inputs.
  private func gradientTarget<S: Scalar>(
    of edge: Edge, _ trace: NetworkTrace<S>, _ pending: inout [[OutputGradient<S>?]],
    _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S>? {
    guard !nodes[edge.node].inputs.isEmpty else { return nil }
    if let gathered = pending[edge.node][edge.output] { return gathered.pointer }
    let count = trace.nodes[edge.node].outputs[edge.output].tensor.count
    let target = workspace.zeros(S.self, count: count)
    pending[edge.node][edge.output] = OutputGradient(target)
    return target
  }
}
