import KerasFormat

/// A model ready to run: layers in order, their weights, and everything a file holds besides.
///
/// It is immutable and `Sendable`; each call brings its own ``Workspace``, so many threads predict
/// with one network without a lock. Training makes a new network with other weights.
///
///     let network = try Network(contentsOf: "gru.keras")
///     let scores = try network.predict(["Great case, excellent value."])
public struct Network: Sendable {
  /// A call of a layer.
  public typealias Node = Graph.Node
  /// An output of a call.
  public typealias Edge = Graph.Edge

  /// The model's own name, such as `sequential`.
  public var name: String
  /// Whose arithmetic it follows where Keras's generations differ.
  public let generation: Generation
  /// Whether it is Keras's `Sequential`; else it is a functional model.
  public let isSequential: Bool
  /// Its layers and how they are connected.
  public let graph: Graph
  /// All weights, layer after layer in Keras's order.
  public let parameters: Parameters<Float>
  /// The definition as read or built, weights left out.
  package let definition: ModelRecord
  /// Weights whose stored type is not float32, by index, as they were read.
  let storedWeights: [Int: NumericArray]
  /// How the model was compiled, and its optimizer's state.
  public var training: TrainingRecord?
  /// From text to token ids, when the model carries it.
  public var textPipeline: TextPipeline?

  /// The calls of its layers, each behind those that it depends on.
  public var nodes: [Node] { graph.nodes }
  /// The nodes at which data enters, in the order of the model's inputs.
  public var inputs: [Int] { graph.inputs }
  /// What the model gives back, in order.
  public var outputs: [Edge] { graph.outputs }
  /// The shape of each input without the batch axis.
  public var inputShapes: [Shape] { graph.inputShapes }
  /// The shape of each output without the batch axis.
  public var outputShapes: [Shape] { graph.outputShapes }

  /// Numbers in all weights.
  public var parameterCount: Int { parameters.layout.specs.reduce(0) { $0 + $1.count } }
}

// MARK: - One batch

/// What a forward pass left behind for the way back, node by node.
public struct NetworkTrace<S: Scalar> {
  /// What each node kept, by its index.
  public internal(set) var nodes: [Trace<S>] = []

  /// Is shown the gradients of a node's outputs, `nil` where none came back to one. They are valid
  /// during the call alone.
  package typealias Observer = (_ node: Int, _ gradients: [OutputGradient<S>?]) -> Void

  /// Nothing kept yet.
  public init() {}

  /// The outputs of a node.
  public func outputs(of node: Int) -> Signals<S> { nodes[node].outputs }
}

extension Network {
  /// One batch through all layers.
  ///
  /// - Parameters:
  ///   - inputs: one tensor per input of the model, all with the same batch extent.
  ///   - trace: what each node took and gave; complete enough for
  ///     ``backward(_:trace:parameters:gradients:pass:)`` when `pass.keepsTrace`.
  /// - Returns: one signal per output of the model, in the memory of `pass.workspace`.
  /// - Throws: ``KerasError`` naming the layer, and row and step where it has them, for data that a
  ///   layer cannot take; see ``Layer/forward(_:weights:trace:pass:)``.
  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: [Tensor<S>], parameters: Parameters<S>, trace: inout NetworkTrace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    var signals = Signals<S>()
    for input in inputs { signals.append(Signal(input)) }
    return try forward(signals, parameters: parameters, trace: &trace, pass: &pass)
  }

  /// The same for what goes into a graph.
  @specialized(where S == Float)
  func forward<S: Scalar>(
    _ inputs: Signals<S>, parameters: Parameters<S>, trace: inout NetworkTrace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    pass.activityPenalty = 0
    return try graph.forward(
      inputs, weights: parameters.all, trace: &trace.nodes, pass: &pass)
  }

  /// The way back: adds to `gradients` what `outputGradients` (one per output of the model) mean
  /// for every weight.
  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], trace: NetworkTrace<S>, parameters: Parameters<S>,
    gradients: Parameters<S>, pass: inout Pass
  ) {
    graph.backward(
      outputGradients, into: inputs.map { _ in nil }, weights: parameters.all,
      gradients: gradients.all, trace: trace.nodes, pass: &pass)
  }

  /// The same with a look at what comes back to each layer, on the way to where a gradient is lost.
  ///
  /// - Parameter inputGradients: one per input of the model, added to; `nil` where nobody wants it.
  package func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    trace: NetworkTrace<S>, parameters: Parameters<S>, gradients: Parameters<S>, pass: inout Pass,
    observe: NetworkTrace<S>.Observer
  ) {
    withoutActuallyEscaping(observe) { observe in
      graph.backward(
        outputGradients, into: inputGradients, weights: parameters.all, gradients: gradients.all,
        trace: trace.nodes, pass: &pass, observe: observe)
    }
  }
}
