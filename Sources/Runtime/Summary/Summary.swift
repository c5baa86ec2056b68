import KerasFormat

extension Network {
  /// The table that Keras prints: layers, output shapes, parameter counts, to the character what
  /// `model.summary()` of the model's generation prints where there is no terminal (80 columns).
  ///
  /// One thing differs on purpose: Keras 3 leaves the optimizer's state of a whole-model `.h5`
  /// behind, counting two optimizer parameters; here it is kept and counted. The operations by
  /// which Keras 3 makes masks are listed where the model's file lists them.
  public func summary() -> String {
    let summary = ModelSummary(self)
    switch generation {
    case .keras1: return summary.keras1()
    case .keras2: return summary.keras2()
    case .keras2_15: return summary.keras2_15()
    case .keras3: return summary.keras3()
    }
  }
}

/// What a summary says, before it is laid out.
struct ModelSummary {
  /// A layer, with all its calls.
  struct Row {
    let name: String
    let className: String
    /// One per output.
    var shapes: [Shape]
    /// The rows of a batch where the model fixes them.
    let batch: Int?
    /// Whether another call gives other shapes.
    var isMultiple = false
    /// How many shapes stand in a list of their own behind the first: the states of each of several
    /// cells.
    var states: [Int] = []
    var parameters = 0
    /// `layer[call][output]` of every input of every call.
    var connections: [String]

    /// The shapes as Python prints them, batch first.
    var shapeTexts: [String] {
      shapes.map { shape in
        batch.map { "(\($0)" + shape.description.dropFirst("(None".count) } ?? shape.description
      }
    }

    /// Shapes with those of the states of one cell in brackets.
    var nestedShapeTexts: [String] {
      var texts = shapeTexts
      var start = 1
      for count in states where start + count <= texts.count {
        if count > 1 {
          texts[start] = "[" + texts[start]
          texts[start + count - 1] += "]"
        }
        start += count
      }
      return texts
    }

    var isInput: Bool { className == "InputLayer" }
  }

  /// A number of parameters and the bytes that they take.
  struct Size {
    var count = 0
    var bytes = 0

    static func + (a: Size, b: Size) -> Size {
      Size(count: a.count + b.count, bytes: a.bytes + b.bytes)
    }
  }

  let name: String
  /// A sequential model does not list its input layer.
  private(set) var rows: [Row] = []
  /// Whether layers follow one another, so that connections need no column.
  let isLine: Bool
  private(set) var trainable = Size()
  private(set) var frozen = Size()
  /// Keras 3 counts what a compiled model's optimizer keeps.
  private(set) var optimizer: Size?

  init(_ network: Network) {
    name = network.name
    let operations =
      network.generation == .keras3 ? network.definition.operations : OperationListing()
    isLine = network.isSequential || operations.isEmpty && Self.isLine(network)
    let shownNames = Self.keras1Names(of: network)
    let isBranched = Self.isBranched(network)
    let operationNames = Set(operations.operations.map(\.name))
    var places: [String: Int] = [:]
    var calls: [Int] = []
    var callCount: [String: Int] = [:]
    var trainableShapes: [[Int]] = []
    for node in network.nodes {
      calls.append(callCount[node.name, default: 0])
      callCount[node.name, default: 0] += 1
      if network.isSequential && node.layer is InputLayer { continue }
      if isBranched, Self.isHiddenInBranches(node) { continue }
      if operationNames.contains(node.name) { continue }
      var connections = Self.edges(into: node, network.generation).compactMap { edge in
        Self.connection(to: edge, call: calls[edge.node], of: node, network, shownNames)
      }
      let masks = operations.masks[node.name] ?? []
      if masks.indices.contains(calls[calls.count - 1]) {
        connections += masks[calls[calls.count - 1]].map(Self.connection)
      }
      let shapes = Self.shapes(of: node, network.generation)
      if let place = places[node.name] {
        rows[place].isMultiple = rows[place].isMultiple || rows[place].shapes != shapes
        rows[place].shapes = shapes
        rows[place].connections += connections
        continue
      }
      places[node.name] = rows.count
      var parameters = 0
      for index in node.weights {
        let spec = network.parameters.layout.specs[index]
        let size = Size(count: spec.count, bytes: spec.count * network.storedBytes(ofWeight: index))
        parameters += spec.count
        if node.isTrainable && spec.isTrainable {
          trainable = trainable + size
          trainableShapes.append(spec.shape)
        } else {
          frozen = frozen + size
        }
      }
      rows.append(
        Row(
          name: shownNames[node.name] ?? node.name,
          className: Self.className(of: node, network.generation),
          shapes: shapes, batch: network.fixedBatchSize,
          states: (node.layer as? RNN)?.statesByCell ?? [], parameters: parameters,
          connections: connections))
    }
    list(operations, batch: network.fixedBatchSize)
    if network.generation == .keras3, let record = network.training?.optimizer {
      let size = record.size(trainableShapes: trainableShapes)
      optimizer = Size(count: size.count, bytes: size.bytes)
    }
  }

  /// What Keras says of a layer's outputs: Keras 3 takes a Bidirectional's backward layer to be as
  /// wide as the forward one.
  private static func shapes(of node: Graph.Node, _ generation: Generation) -> [Shape] {
    guard generation == .keras3, let layer = node.layer as? Bidirectional,
      layer.mergeMode == .concat
    else { return node.outputShapes }
    let output = node.outputShapes[0].replacingLast(with: 2 * layer.forwardLayer.outputUnits)
    return [output] + node.outputShapes.dropFirst()
  }

  /// Puts the operations that Keras 3 lists between the layers.
  private mutating func list(_ listing: OperationListing, batch: Int?) {
    guard !listing.operations.isEmpty else { return }
    rows += listing.operations.map { operation in
      Row(
        name: operation.name, className: operation.className,
        shapes: [Shape(Array(operation.shape.dropFirst()))], batch: batch,
        connections: operation.inputs.map(Self.connection))
    }
    let places = Dictionary(
      listing.order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    rows.sort { places[$0.name] ?? 0 < places[$1.name] ?? 0 }
  }

  // MARK: - Connections

  private static func connection(to tensor: TensorReference) -> String {
    "\(tensor.layer)[\(tensor.node)][\(tensor.tensor)]"
  }

  /// What the generation says of an edge; `nil` where it says nothing.
  private static func connection(
    to edge: Graph.Edge, call: Int, of node: Graph.Node, _ network: Network,
    _ shownNames: [String: String]
  ) -> String? {
    let source = network.nodes[edge.node]
    if isBranched(network), source.layer is InputLayer {
      // Inputs are numbered by the class of the layer that they are made for.
      let name = className(of: node, network.generation).lowercased() + "_input_"
      let number = network.nodes.filter { other in
        other.inputs.contains { $0.node <= edge.node && network.nodes[$0.node].layer is InputLayer }
          && className(of: other, network.generation) == className(of: node, network.generation)
      }.count
      return connection(to: TensorReference(layer: name + "\(number)"))
    }
    if network.generation == .keras1, network.isSequential {
      let isModel = node.layer is any NestedModel
      if source.layer is InputLayer {
        let name = className(of: node, network.generation).lowercased() + "_input_1"
        return isModel ? nil : connection(to: TensorReference(layer: name))
      }
      if edge.node == 1, source.layer is any NestedModel { return end(of: source) }
    }
    // Up to 2.2 a model inside a model counts a call of its own before the others.
    let own = network.generation <= .keras2 && source.layer is any NestedModel ? 1 : 0
    return connection(
      to: TensorReference(
        layer: shownNames[source.name] ?? source.name, node: call + own, tensor: edge.output))
  }

  /// Keras 1 does not store the name of a Sequential and numbers them anew as it reads them, each
  /// before what is in it.
  private static func keras1Names(of network: Network) -> [String: String] {
    guard network.generation == .keras1 else { return [:] }
    var count = network.isSequential ? 1 : 0
    func visit(_ className: String?, _ config: JSONObject) -> String? {
      var name: String?
      if className == SequentialModel.className {
        count += 1
        name = "sequential_\(count)"
      }
      for part in (config["layers"]?.array ?? []) + [config["layer"] ?? .null] {
        guard let object = part.object else { continue }
        _ = visit(object["class_name"]?.string, object["config"]?.object ?? [:])
      }
      return name
    }
    var names: [String: String] = [:]
    for layer in network.definition.layers {
      names[layer.name] = visit(layer.className, layer.config)
    }
    return names
  }

  /// Keras 1 takes a model that is first in a line for what is in it: the next layer is called on
  /// the last of its layers.
  private static func end(of model: Graph.Node) -> String {
    var node = model
    var isFirst = true
    while isFirst, let inner = node.layer as? any NestedModel, let graph = inner.graph,
      let end = graph.outputs.first
    {
      node = graph.nodes[end.node]
      isFirst = inner is SequentialModel && end.node == 1
    }
    return connection(
      to: TensorReference(layer: node.name, node: node.layer is any NestedModel ? 1 : 0))
  }

  /// Whether it is Keras 1's Sequential that starts with a Merge of others.
  private static func isBranched(_ network: Network) -> Bool { network.definition.isBranched }

  /// Of such a model Keras 1 lists what the Sequentials hold, not what joins them.
  private static func isHiddenInBranches(_ node: Graph.Node) -> Bool {
    node.layer is InputLayer || className(of: node, .keras1) == "Merge"
  }

  /// What the generation calls the layer's class.
  private static func className(of node: Graph.Node, _ generation: Generation) -> String {
    let className = type(of: node.layer).className
    guard generation <= .keras2 else { return className }
    if className == FunctionalModel.className { return "Model" }
    guard generation == .keras1 else { return className }
    if node.layer is any MergeLayer || node.layer is Concatenate || node.layer is Dot
      || node.layer is CosineDot
    {
      return "Merge"
    }
    if let layer = node.layer as? TimeDistributed, layer.name == node.name {
      return "TimeDistributedDense"
    }
    guard let convolution = node.layer as? Conv1D else { return className }
    return convolution.isAtrous ? "AtrousConvolution1D" : "Convolution1D"
  }

  /// What a call is given: in 2.15 the tensor written out as its mask is one more input.
  private static func edges(into node: Graph.Node, _ generation: Generation) -> [Graph.Edge] {
    node.inputs + (generation == .keras2_15 ? node.mask.map { [$0] } ?? [] : [])
  }

  /// Keras calls a graph a line when no two calls have the same distance from the outputs, none has
  /// two inputs and no layer is called twice.
  private static func isLine(_ network: Network) -> Bool {
    var depths = [Int?](repeating: nil, count: network.nodes.count)
    for output in network.outputs { depths[output.node] = 0 }
    for index in network.nodes.indices.reversed() {
      guard let depth = depths[index] else { continue }
      for edge in edges(into: network.nodes[index], network.generation) {
        depths[edge.node] = max(depths[edge.node] ?? 0, depth + 1)
      }
    }
    let used = depths.compactMap { $0 }
    return Set(used).count == used.count
      && network.nodes.allSatisfy { edges(into: $0, network.generation).count < 2 }
      && Set(network.nodes.map(\.name)).count == network.nodes.count
  }

  // MARK: - Numbers

  /// `1,234,567`
  static func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// `2.71 KB`
  static func readable(bytes: Int, unit first: String) -> String {
    let units = [first, "KB", "MB", "GB", "TB", "PB"]
    var (size, unit) = (Double(bytes), 0)
    while size / 1024 >= 1 && unit < units.count - 1 {
      size /= 1024
      unit += 1
    }
    let hundredths = Int((size * 100).rounded(.toNearestOrEven))
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) \(units[unit])"
  }
}

extension Network {
  /// Bytes that a number of this weight takes where Keras holds it.
  fileprivate func storedBytes(ofWeight index: Int) -> Int {
    if let stored = storedWeights[index] { return stored.elements.type.size }
    let node = nodes.first { $0.weights.contains(index) }
    let layer = definition.layers.first { $0.name == node?.name }
    // 2.15 keeps what a BatchNormalization has in float32 where it computes in half of that.
    if generation == .keras2_15, layer?.className == BatchNormalization.className,
      layer?.config["dtype"] != "float64"
    {
      return 4
    }
    switch layer?.config["dtype"]?.string {
    case "float16", "bfloat16": return 2
    case "float64": return 8
    default: return 4
    }
  }
}
