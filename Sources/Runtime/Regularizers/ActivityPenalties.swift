import KerasFormat

/// The penalties on what comes out of layers: Keras's `activity_regularizer` of any layer, and the
/// layer ``ActivityRegularization``.
///
/// Keras 1 and 2.2 add the sum over the batch to the loss; Keras 2.15 and 3 divide it by the batch.
/// A model is run with them by giving them to its ``Pass``.
public struct ActivityPenalties: Sendable {
  /// The penalty on the outputs of one node.
  struct Entry: Sendable {
    let regularizer: any Regularizer
    /// Whether it is divided by what, besides the rows, counts as rows: the steps that
    /// ``TimeDistributed`` makes rows of.
    var dividesBySteps = false
  }

  /// By the way from the outermost graph to the node.
  private var entries: [[Int]: Entry] = [:]
  private let dividesByRows: Bool

  /// No penalties.
  public init() { dividesByRows = false }

  /// Those of a network.
  ///
  /// - Throws: ``KerasError`` naming the layer whose penalty is unknown, or cannot be computed
  ///   where the layer stands.
  public init(of network: Network, in generation: Generation) throws(KerasError) {
    dividesByRows = generation >= .keras2_15
    try collect(network.graph, [], generation)
  }

  /// Whether no layer has one.
  public var isEmpty: Bool { entries.isEmpty }

  subscript(path: [Int]) -> Entry? { entries.isEmpty ? nil : entries[path] }

  private mutating func collect(
    _ graph: Graph, _ path: [Int], _ generation: Generation
  ) throws(KerasError) {
    for (index, node) in graph.nodes.enumerated() {
      do throws(KerasError) {
        let place = path + [index]
        if let regularizer = try RegularizerRegistry.regularizer(node.activityRegularizer) {
          entries[place] = try Self.entry(regularizer, node, generation)
        }
        if let model = node.layer as? any NestedModel, let inner = model.graph {
          try collect(inner, place, generation)
        }
        if let inner = (node.layer as? TimeDistributed)?.layer as? any NestedModel,
          inner.graph?.hasActivityRegularizers ?? false
        {
          throw KerasError(
            .unsupportedConfiguration,
            "an activity_regularizer in a model at every step is not supported")
        }
      } catch {
        throw error.inside(node.name)
      }
    }
  }

  /// What the generations make of a penalty inside a wrapper was measured: they differ.
  private static func entry(
    _ regularizer: any Regularizer, _ node: Graph.Node, _ generation: Generation
  ) throws(KerasError) -> Entry? {
    if node.layer is TimeDistributed {
      switch generation {
      case .keras1, .keras2: return Entry(regularizer: regularizer)
      case .keras2_15: return Entry(regularizer: regularizer, dividesBySteps: true)
      // The inner layer is called past the place where penalties are added.
      case .keras3: return nil
      }
    }
    if let layer = node.layer as? Bidirectional {
      switch generation {
      case .keras1: return nil
      // On what comes out of the wrapper.
      case .keras2: return Entry(regularizer: regularizer)
      // On what comes out of each direction, which side by side are the same numbers.
      case .keras2_15, .keras3:
        guard layer.isConcatenating else {
          throw KerasError(
            .unsupportedConfiguration,
            "an activity_regularizer of directions that are not concatenated is not supported")
        }
        return Entry(regularizer: regularizer)
      }
    }
    return Entry(regularizer: regularizer)
  }

  /// What `entry` adds to the loss for one output, as a multiple of the plain penalty.
  func scale<S: Scalar>(of entry: Entry, on output: Tensor<S>) -> Double {
    guard dividesByRows else { return 1 }
    let rows = output.shape[0] * (entry.dividesBySteps ? output.shape[1] : 1)
    return rows > 0 ? 1 / Double(rows) : 0
  }
}

extension Graph {
  /// Whether any layer in it, however deep, has a penalty on its outputs.
  fileprivate var hasActivityRegularizers: Bool {
    nodes.contains { node in
      !node.activityRegularizer.isNull
        || (node.layer as? any NestedModel)?.graph?.hasActivityRegularizers ?? false
    }
  }
}
