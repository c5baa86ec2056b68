/// One call of a layer of a network, or of one in a model inside it.
struct LayerCall: Sendable {
  /// Its place in the network's graph, then in those of the models inside.
  let path: [Int]
  /// `encoder/dense`: the layer's name behind those of the models that it is in.
  let name: String
  /// Which call of the layer it is, from 0.
  let number: Int
  let node: Graph.Node

  /// What it gave.
  func outputs<S: Scalar>(in traces: [Trace<S>]) -> Signals<S> {
    var traces = traces
    for index in path.dropLast() { traces = traces[index].inner }
    return traces[path[path.count - 1]].outputs
  }

  /// The calls that belong together in two graphs, in the first one's order; those inside a model
  /// come before the model's own.
  static func pairs(
    _ first: Graph, _ second: Graph, inside models: (LayerCall, LayerCall)? = nil
  ) -> [(LayerCall, LayerCall)] {
    let calls = [Self.calls(of: first, in: models?.0), Self.calls(of: second, in: models?.1)]
    let pairing = LayerPairing(
      calls[0].map { ("\($0.node.name) \($0.number)", type(of: $0.node.layer).className) },
      calls[1].map { ("\($0.node.name) \($0.number)", type(of: $0.node.layer).className) })
    var pairs: [(LayerCall, LayerCall)] = []
    for (i, j) in pairing.common {
      let pair = (calls[0][i], calls[1][j])
      if let graph = (pair.0.node.layer as? any NestedModel)?.graph,
        let other = (pair.1.node.layer as? any NestedModel)?.graph
      {
        pairs += Self.pairs(graph, other, inside: pair)
      }
      pairs.append(pair)
    }
    return pairs
  }

  /// A graph's calls in their order. A model's inputs inside another are what it is called on, and
  /// are left out.
  private static func calls(of graph: Graph, in model: LayerCall?) -> [LayerCall] {
    var totals: [String: Int] = [:]
    for node in graph.nodes { totals[node.name, default: 0] += 1 }
    var counts: [String: Int] = [:]
    return graph.nodes.enumerated().compactMap { index, node in
      let call = counts[node.name, default: 0]
      counts[node.name] = call + 1
      guard let model else {
        return LayerCall(path: [index], name: node.name, number: call, node: node)
      }
      guard !(node.layer is InputLayer) else { return nil }
      return LayerCall(
        path: model.path + [index], name: "\(model.name)/\(node.name)",
        number: model.number * (totals[node.name] ?? 1) + call, node: node)
    }
  }
}
