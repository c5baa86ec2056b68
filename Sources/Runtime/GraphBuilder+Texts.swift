import KerasFormat

extension GraphBuilder {
  /// Refuses texts in any other place than one: a text layer takes the model's only input, and
  /// nobody else does.
  func checkTexts(_ nodes: [Graph.Node], isInside: Bool) throws(KerasError) {
    func refusal(_ name: String, _ message: String) -> KerasError {
      KerasError(
        .unsupportedConfiguration, message, at: .init(path: [name]),
        hint: "texts are taken by one TextVectorization or StringLookup, directly behind the "
          + "model's only input")
    }
    let readers = nodes.filter { $0.layer is any TextLayer }
    for (index, node) in nodes.enumerated() where node.inputs.isEmpty {
      let takers = nodes.filter { $0.inputs.contains { $0.node == index } }
      let isText = (node.layer as? InputLayer)?.dtype == "string"
      if isText, let other = takers.first(where: { !($0.layer is any TextLayer) }) {
        throw refusal(other.name, "\(type(of: other.layer).className) on an input of texts")
      }
      if takers.contains(where: { $0.layer is any TextLayer }), takers.count > 1 {
        throw refusal(node.name, "\(takers.count) layers take the same texts")
      }
    }
    for reader in readers {
      let className = type(of: reader.layer).className
      guard !isInside else { throw refusal(reader.name, "\(className) in a model that is a layer") }
      guard let edge = reader.inputs.first, nodes[edge.node].inputs.isEmpty else {
        throw refusal(reader.name, "\(className) behind another layer")
      }
      guard nodes.count(where: { $0.inputs.isEmpty }) == 1 else {
        throw refusal(reader.name, "\(className) in a model of several inputs")
      }
    }
  }
}
