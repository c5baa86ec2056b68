import KerasFormat

/// Makes a ``Graph`` of a definition: makes the layers, connects them, infers shapes, follows
/// masks, and gives every weight its place.
struct GraphBuilder {
  let record: ModelRecord
  /// The shapes and masks that come in, for a model inside a model; they take the place of what its
  /// input layers say.
  private let site: BuildSite?
  private var nodes: [Graph.Node] = []
  private var inputs: [Int] = []
  private(set) var specs: [WeightSpec] = []
  /// Which layer of the record each weight belongs to, and its position there.
  private(set) var origins: [(layer: Int, weight: Int)] = []
  /// The weights of layers already met: a shared layer has them once.
  private var weightRanges: [String: Range<Int>] = [:]
  /// The layers of the record as they were built at their first call.
  private(set) var layers: [any Layer] = []

  init(_ record: ModelRecord, at site: BuildSite? = nil) {
    self.record = record
    self.site = site
  }

  /// Layers that take masks only since Keras 2.
  private static let maskless: Set<String> = [
    "Dense", "GlobalAveragePooling1D", "Sequential", "Functional",
  ]

  mutating func build() throws(KerasError) -> Graph {
    var names: Set<String> = []
    for layer in record.layers {
      guard names.insert(layer.name).inserted else {
        throw KerasError(
          .unsupportedConfiguration, "two layers of one model have this name",
          at: .init(path: [layer.name]))
      }
      layers.append(
        try LayerRegistry.layer(
          className: layer.className, name: layer.name, config: layer.config))
    }
    let outputs = record.isSequential ? try connectLine() : try connectGraph()
    sortWeights()
    try checkTexts(nodes)
    return Graph(nodes: nodes, inputs: inputs, outputs: outputs, specs: specs)
  }

  /// Brings the weights from the order of the calls into that of the definition, which is Keras's.
  private mutating func sortWeights() {
    let order = specs.indices.sorted {
      (origins[$0].layer, origins[$0].weight) < (origins[$1].layer, origins[$1].weight)
    }
    var place = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { place[old] = new }
    specs = order.map { specs[$0] }
    origins = order.map { origins[$0] }
    nodes = nodes.map { node in
      guard let first = node.weights.first else { return node }
      return node.withWeights(place[first]..<place[first] + node.weights.count)
    }
  }

  // MARK: - Connections

  private mutating func connectLine() throws(KerasError) -> [Graph.Edge] {
    guard let first = layers.first else {
      throw KerasError(.unsupportedConfiguration, "a model without layers")
    }
    if !(first is InputLayer) {
      var shape = site?.inputs.first
      if shape == nil { shape = try guessedInputShape(for: first) }
      try add(
        InputLayer(shape: shape ?? []), named: "\(record.layers[0].name)_input", origin: nil,
        inputs: [])
    }
    for (index, layer) in layers.enumerated() {
      let previous = nodes.indices.last
      if layer is InputLayer, previous != nil {
        throw KerasError(
          .unsupportedConfiguration, "an InputLayer that is not the first layer",
          at: .init(path: [record.layers[index].name]))
      }
      let edges =
        previous.map { node in
          nodes[node].outputShapes.indices.map { Graph.Edge(node: node, output: $0) }
        } ?? []
      try add(layer, named: record.layers[index].name, origin: index, inputs: edges)
    }
    let last = nodes.count - 1
    return nodes[last].outputShapes.indices.map { Graph.Edge(node: last, output: $0) }
  }

  private mutating func connectGraph() throws(KerasError) -> [Graph.Edge] {
    var places: [TensorReference: Graph.Edge] = [:]
    var waiting: [(layer: Int, call: Int)] = []
    for (index, layer) in record.layers.enumerated() {
      if layers[index] is InputLayer {
        waiting.append((index, 0))
      } else {
        for call in layer.inbound.indices { waiting.append((index, call)) }
      }
    }
    while !waiting.isEmpty {
      var left: [(layer: Int, call: Int)] = []
      for (index, call) in waiting {
        let layer = record.layers[index]
        let references = layers[index] is InputLayer ? [] : layer.inbound[call]
        let edges = references.compactMap { places[$0] }
        let given = layer.mask(ofCall: call)
        let mask = given?.tensor.flatMap { places[$0] }
        guard edges.count == references.count, given?.tensor == nil || mask != nil else {
          left.append((index, call))
          continue
        }
        try add(
          layers[index], named: layer.name, origin: index, inputs: edges, mask: mask,
          isMaskWithheld: given == .withheld, training: layer.training(ofCall: call))
        let node = nodes.count - 1
        for output in nodes[node].outputShapes.indices {
          places[TensorReference(layer: layer.name, node: call, tensor: output)] =
            Graph.Edge(node: node, output: output)
        }
      }
      guard left.count < waiting.count else {
        throw KerasError(
          .unsupportedConfiguration,
          "its inputs lead to no input layer, or back to itself",
          at: .init(path: [record.layers[left[0].layer].name]))
      }
      waiting = left
    }
    inputs = []
    for reference in record.inputs { inputs.append(try edge(reference, places).node) }
    var outputs: [Graph.Edge] = []
    for reference in record.outputs { outputs.append(try edge(reference, places)) }
    let entries = nodes.indices.filter { nodes[$0].inputs.isEmpty }
    guard inputs.sorted() == entries, !outputs.isEmpty else {
      throw KerasError(
        .unsupportedConfiguration,
        "the model names \(inputs.count) inputs and \(outputs.count) outputs, but it has "
          + "\(entries.count) input layers and needs an output")
    }
    return outputs
  }

  private func edge(
    _ reference: TensorReference, _ places: [TensorReference: Graph.Edge]
  ) throws(KerasError) -> Graph.Edge {
    guard let edge = places[reference] else {
      throw KerasError(
        .unsupportedConfiguration,
        "the model names output \(reference.tensor) of call \(reference.node), which is not there",
        at: .init(path: [reference.layer]))
    }
    return edge
  }

  // MARK: - One layer

  private mutating func add(
    _ layer: any Layer, named name: String, origin: Int?, inputs edges: [Graph.Edge],
    mask: Graph.Edge? = nil, isMaskWithheld: Bool = false, training: Bool? = nil
  ) throws(KerasError) {
    let counts = type(of: layer).inputCounts
    guard counts.contains(edges.count) else {
      let takes = counts.lowerBound == counts.upperBound ? "\(counts.lowerBound)" : "\(counts)"
      throw KerasError(
        .unsupportedConfiguration,
        "\(edges.count) inputs but \(type(of: layer).className) takes \(takes)",
        at: .init(path: [name]))
    }
    if edges.isEmpty { inputs.append(nodes.count) }
    do throws(KerasError) {
      if training == true {
        throw KerasError(
          .unsupportedConfiguration,
          "called with training=True, where a \(type(of: layer).className) predicts by random draws "
            + "or by the rows that come together",
          hint: "call it without, and save the model again")
      }
      nodes.append(
        try node(
          layer, named: name, origin: origin, inputs: edges, mask: mask,
          isMaskWithheld: isMaskWithheld, isNeverTraining: training == false))
    } catch {
      throw error.inside(name)
    }
  }

  private mutating func node(
    _ layer: any Layer, named name: String, origin: Int?, inputs edges: [Graph.Edge],
    mask: Graph.Edge?, isMaskWithheld: Bool, isNeverTraining: Bool
  ) throws(KerasError) -> Graph.Node {
    let shapes = edges.map { nodes[$0.node].outputShapes[$0.output] }
    var masks = edges.map { nodes[$0.node].emitsMasks[$0.output] }
    if mask != nil { masks[0] = true }
    // What a layer puts out has its input's mask in Keras 2 all the same, not in tf.keras.
    if isMaskWithheld, record.generation > .keras2 { masks[0] = false }
    if isMaskWithheld, record.generation == .keras1 { masks = masks.map { _ in false } }
    let refusesMasks =
      !layer.supportsMasking
      || record.generation == .keras1 && Self.maskless.contains(type(of: layer).className)
    if masks.contains(true) && refusesMasks && record.generation <= .keras2 {
      throw KerasError(
        .unsupportedConfiguration,
        "\(type(of: layer).className) does not support masking, but a mask reaches it",
        hint: "Keras \(record.generation.rawValue) refuses this model too")
    }
    let layer: any Layer = try layer.built(
      at: BuildSite(inputs: shapes, masks: masks, generation: record.generation))
    let wanted = try layer.weights(for: shapes)
    let range: Range<Int>
    if let known = weightRanges[name] {
      range = known
      // A second call must fit the weights of the first.
      for (spec, other) in zip(specs[known], wanted) where spec.shape != other.shape {
        throw KerasError(
          .shapeMismatch,
          "called on an input \(shapes[0]) that needs shape \(other.shape.tuple), but its first "
            + "call made it \(spec.shape.tuple)", at: .init(path: [spec.name]))
      }
    } else {
      range = specs.count..<specs.count + wanted.count
      if let origin {
        weightRanges[name] = range
        for index in wanted.indices { origins.append((origin, index)) }
        layers[origin] = layer
      }
      specs += wanted
    }
    let position = edges.isEmpty ? inputs.count - 1 : 0
    let outputShapes =
      edges.isEmpty ? [try inputShape(of: layer, at: position)] : try layer.outputs(for: shapes)
    for shape in outputShapes {
      do { try Extents.check(shape) } catch { throw error.inside(name) }
    }
    let emits =
      edges.isEmpty
      ? [site.map { $0.masks.indices.contains(position) && $0.masks[position] } ?? false]
      : layer.emitsMasks(receiving: masks, outputs: outputShapes.count)
    let hasStates =
      edges.count > 1 && mask == nil && masks[0]
      && (layer is any SequenceLayer || layer is Bidirectional)
    return Graph.Node(
      name: name, layer: layer, inputs: edges, mask: mask,
      isMaskHidden: isMaskWithheld || record.generation == .keras3 && hasStates,
      isNeverTraining: isNeverTraining,
      weights: range, outputShapes: outputShapes,
      isTrainable: origin.flatMap { record.layers[$0].config["trainable"]?.bool } ?? true,
      policy: try origin.map { origin throws(KerasError) in
        try DTypePolicy(of: record.layers[origin].config, hasWeights: !wanted.isEmpty)
      } ?? .float32,
      activityRegularizer: origin.map { activityRegularizer(of: record.layers[$0]) } ?? .null,
      receivesMasks: masks, emitsMasks: emits)
  }

  /// The penalty on a layer's outputs as its config has it; on a wrapper's, as the layer inside has
  /// it.
  private func activityRegularizer(of layer: LayerRecord) -> JSON {
    if layer.className == ActivityRegularization.className {
      var config: JSONObject = [:]
      for key in ["l1", "l2"] { config[key] = layer.config[key] }
      return ["class_name": .string(L1L2.className), "config": .object(config)]
    }
    let inner = layer.config["layer"]?.object?["config"]?.object
    return (inner ?? layer.config)["activity_regularizer"] ?? .null
  }

  // MARK: - Inputs

  /// What an input layer says, or, inside another model, what comes in there.
  private func inputShape(of layer: any Layer, at position: Int) throws(KerasError) -> Shape {
    let declared = try layer.outputs(for: [])[0]
    guard let site else { return declared }
    let order = record.isSequential ? position : try positionAmongInputs(position)
    guard site.inputs.indices.contains(order) else {
      throw KerasError(.shapeMismatch, "\(site.inputs.count) inputs but the model has more")
    }
    let given = site.inputs[order]
    let fits =
      given.rank == declared.rank
      && zip(given.extents, declared.extents).allSatisfy { $0 == nil || $1 == nil || $0 == $1 }
    guard fits else {
      throw KerasError(.shapeMismatch, "input \(given) but the model takes \(declared)")
    }
    return Shape(zip(given.extents, declared.extents).map { $0 ?? $1 })
  }

  /// Input layers are met in the order of the layers; data comes in the order of the model's
  /// inputs.
  private func positionAmongInputs(_ position: Int) throws(KerasError) -> Int {
    let names = record.layers.filter { $0.className == InputLayer.className }.map(\.name)
    guard names.indices.contains(position),
      let order = record.inputs.firstIndex(where: { $0.layer == names[position] })
    else {
      throw KerasError(.unsupportedConfiguration, "an input layer that is no input of the model")
    }
    return order
  }

  /// The input shape of a sequential model whose file does not say: Keras 2.2 leaves out an
  /// explicit InputLayer. An embedding takes token ids; elsewhere the first kernel has the
  /// features, that of a convolution in the middle.
  private func guessedInputShape(for layer: any Layer) throws(KerasError) -> Shape {
    if layer is Embedding { return [nil] }
    if layer is any TextLayer { return [1] }
    let isSequence = layer is any RecurrentLayer || layer is Bidirectional
    if let kernel = record.layers[0].weights.first, kernel.array.shape.count == 2 {
      return isSequence ? [nil, kernel.array.shape[0]] : [kernel.array.shape[0]]
    }
    let isConvolution = layer is Conv1D || layer is SeparableConv1D || layer is DepthwiseConv1D
    if isConvolution, let kernel = record.layers[0].weights.first, kernel.array.shape.count == 3 {
      return [nil, kernel.array.shape[1]]
    }
    throw KerasError(
      .unsupportedConfiguration, "the model does not say the shape of its input",
      at: .init(path: [record.layers[0].name]),
      hint: record.layers.allSatisfy(\.weights.isEmpty)
        ? "add weights, from which it may follow" : "save it with a batch_input_shape")
  }
}
