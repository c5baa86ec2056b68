extension ModelRecord {
  /// Puts the layers in the order in which Keras keeps those of a functional model, by which it tells
  /// the weights of a file apart: those with the longest way to an output first, and of equally long
  /// ways in the order in which they are met on the way back from the outputs.
  ///
  /// - Throws: ``KerasError`` for weights that a layer cannot have.
  mutating func sortAsKerasDoes() throws(KerasError) {
    struct Call: Hashable {
      let layer: String
      let node: Int
    }
    let known = layersByName
    func sources(_ call: Call) -> [Call] {
      guard let layer = known[call.layer], layer.inbound.indices.contains(call.node) else {
        return []
      }
      return layer.inbound[call.node].map { Call(layer: $0.layer, node: $0.node) }
    }
    var met: [String: Int] = [:]
    var (seen, finished): (Set<Call>, [Call]) = ([], [])
    for output in outputs {
      var open = [(call: Call(layer: output.layer, node: output.node), next: 0)]
      while let (call, next) = open.last {
        if next == 0 {
          guard seen.insert(call).inserted else {
            open.removeLast()
            continue
          }
          if met[call.layer] == nil { met[call.layer] = met.count }
        }
        let sources = sources(call)
        if next < sources.count {
          open[open.count - 1].next += 1
          open.append((sources[next], 0))
        } else {
          finished.append(call)
          open.removeLast()
        }
      }
    }
    var (ways, longest): ([Call: Int], [String: Int]) = ([:], [:])
    for call in finished.reversed() {
      let way = max(ways[call] ?? 0, longest[call.layer] ?? 0)
      longest[call.layer] = way
      ways[call] = way
      for source in sources(call) { ways[source] = max(way + 1, ways[source] ?? 0) }
    }
    func key(_ index: Int) -> (Int, Int, Int) {
      let name = layers[index].name
      return (-(longest[name] ?? 0), met[name] ?? -1, index)
    }
    try take(layers.indices.sorted { key($0) < key($1) })
  }

  /// Puts the layers in another order, and with them what the optimizer keeps of their weights.
  private mutating func take(_ order: [Int]) throws(KerasError) {
    var trainable: [Range<Int>] = []
    for layer in layers {
      let (start, count) = (
        trainable.last?.upperBound ?? 0, try layer.leafWeights().count(where: \.isTrainable)
      )
      trainable.append(start..<start + count)
    }
    for slot in training?.optimizer.slots.indices ?? 0..<0 {
      guard let arrays = training?.optimizer.slots[slot].arrays,
        arrays.count == trainable.last?.upperBound
      else { continue }
      training?.optimizer.slots[slot].arrays = order.flatMap { arrays[trainable[$0]] }
    }
    layers = order.map { layers[$0] }
  }
}
