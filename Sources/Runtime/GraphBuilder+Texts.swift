import KerasFormat

extension GraphBuilder {
  /// Refuses texts that anything but a text layer takes, here or in a model inside, and a text
  /// layer that does not stand directly behind an input, or not alone.
  func checkTexts(_ nodes: [Graph.Node]) throws(KerasError) {
    func refusal(_ node: Graph.Node, _ message: String) -> KerasError {
      KerasError(
        .unsupportedConfiguration, message, at: .init(path: [node.name]),
        hint: "texts are taken by one TextVectorization or StringLookup for an input, directly "
          + "behind it")
    }
    for (index, node) in nodes.enumerated() where node.inputs.isEmpty {
      let isText = (node.layer as? InputLayer)?.dtype == "string"
      var readers = 0
      var others: [Graph.Node] = []
      for taker in nodes {
        for (position, edge) in taker.inputs.enumerated() where edge.node == index {
          if taker.layer.textInputs.contains(position) {
            readers += 1
          } else {
            others.append(taker)
          }
        }
      }
      if isText, let other = others.first {
        throw refusal(other, "\(type(of: other.layer).className) on an input of texts")
      }
      if readers > 0, readers + others.count > 1 {
        throw refusal(node, "\(readers + others.count) layers take the same texts")
      }
    }
    for node in nodes {
      for position in node.layer.textInputs where !nodes[node.inputs[position].node].inputs.isEmpty
      {
        throw refusal(node, "\(type(of: node.layer).className) behind another layer")
      }
    }
  }
}

extension Layer {
  /// Which of its inputs are texts: a text layer's, and those of a model that such a layer stands
  /// behind in it.
  var textInputs: Set<Int> {
    if self is any TextLayer { return [0] }
    guard let graph = (self as? any NestedModel)?.graph else { return [] }
    return Set(graph.textPlaces.map(\.input))
  }
}

extension Graph {
  /// A layer that takes the texts of one of the graph's inputs.
  struct TextPlace: Sendable {
    /// Which of the graph's inputs.
    let input: Int
    let layer: any TextLayer
    /// The way to the layer through models inside models.
    let path: [String]
    /// What texts become.
    let shape: Shape
  }

  /// The text layers of these nodes and of the models inside them.
  static func textPlaces(_ nodes: [Node], _ inputs: [Int]) -> [TextPlace] {
    var places: [TextPlace] = []
    for node in nodes {
      for (position, edge) in node.inputs.enumerated() {
        guard let input = inputs.firstIndex(of: edge.node) else { continue }
        if let layer = node.layer as? any TextLayer {
          places.append(
            TextPlace(
              input: input, layer: layer, path: [node.name], shape: node.outputShapes[0]))
        }
        let inner = (node.layer as? any NestedModel)?.graph?.textPlaces ?? []
        for place in inner where place.input == position {
          places.append(
            TextPlace(
              input: input, layer: place.layer, path: [node.name] + place.path, shape: place.shape))
        }
      }
    }
    return places
  }
}
