import KerasFormat

/// Turns a definition into a ``Network``: makes the layers, connects them, infers shapes, follows
/// masks, and gives every weight its place, checking each against what is stored.
struct NetworkBuilder {
  let record: ModelRecord
  private var nodes: [Network.Node] = []
  private var specs: [WeightSpec] = []
  private var inputs: [Int] = []
  /// Which layer of the record each weight belongs to, and its position there.
  private var origins: [(layer: Int, weight: Int)] = []
  /// The weights of layers already met: a shared layer has them once.
  private var weightRanges: [String: Range<Int>] = [:]
  private var masks: [[Bool]] = []
  /// Seeds in the order in which Keras draws them: by weight, and by node for the layers' own.
  private var weightSeeds: [UInt64] = []
  private var layerSeeds: [UInt64] = []
  private var source: SeedSource

  init(_ record: ModelRecord, seed: UInt64) {
    self.record = record
    source = SeedSource(seed: seed)
  }

  // MARK: - The whole way

  mutating func build(from weights: Network.WeightSource) throws(KerasError) -> Network {
    var layers: [any Layer] = []
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
    let outputs =
      record.isSequential ? try connectLine(layers) : try connectGraph(layers)
    try checkSize()
    let layout = ParameterLayout(specs)
    let parameters = Parameters<Float>(layout)
    var stored: [Int: NumericArray] = [:]
    switch weights {
    case .stored: stored = try fillStored(parameters)
    case .fresh: fillFresh(parameters, layers)
    case .zeros: break
    }
    var definition = record
    for i in definition.layers.indices { definition.layers[i].weights = [] }
    definition.training = nil
    definition.textPipeline = nil
    return Network(
      name: record.name, generation: record.generation, isSequential: record.isSequential,
      nodes: nodes, inputs: inputs, outputs: outputs, parameters: parameters,
      definition: definition, storedWeights: stored, layerSeeds: layerSeeds,
      training: record.training,
      textPipeline: try record.textPipeline.map { json throws(KerasError) in
        try TextPipeline(json: json)
      })
  }

  // MARK: - Connections

  private mutating func connectLine(
    _ layers: [any Layer]
  ) throws(KerasError) -> [Network.Edge] {
    guard let first = layers.first else {
      throw KerasError(.unsupportedConfiguration, "a model without layers")
    }
    if !(first is InputLayer) {
      let shape = try guessedInputShape(for: first)
      try add(
        InputLayer(shape: shape), named: "\(record.layers[0].name)_input", origin: nil, inputs: [])
    }
    for (index, layer) in layers.enumerated() {
      let previous = nodes.indices.last
      if layer is InputLayer, previous != nil {
        throw KerasError(
          .unsupportedConfiguration, "an InputLayer that is not the first layer",
          at: .init(path: [record.layers[index].name]))
      }
      let inputs = previous.map { [Network.Edge(node: $0, output: 0)] } ?? []
      try add(layer, named: record.layers[index].name, origin: index, inputs: inputs)
    }
    let last = nodes.count - 1
    return nodes[last].outputShapes.indices.map { Network.Edge(node: last, output: $0) }
  }

  private mutating func connectGraph(
    _ layers: [any Layer]
  ) throws(KerasError) -> [Network.Edge] {
    var places: [TensorReference: Network.Edge] = [:]
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
        guard edges.count == references.count else {
          left.append((index, call))
          continue
        }
        try add(layers[index], named: layer.name, origin: index, inputs: edges)
        let node = nodes.count - 1
        for output in nodes[node].outputShapes.indices {
          places[TensorReference(layer: layer.name, node: call, tensor: output)] =
            Network.Edge(node: node, output: output)
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
    var outputs: [Network.Edge] = []
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
    _ reference: TensorReference, _ places: [TensorReference: Network.Edge]
  ) throws(KerasError) -> Network.Edge {
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
    _ layer: any Layer, named name: String, origin: Int?, inputs edges: [Network.Edge]
  ) throws(KerasError) {
    let takes = layer is InputLayer ? 0 : 1
    guard edges.count == takes else {
      throw KerasError(
        .unsupportedConfiguration,
        "\(edges.count) inputs but \(type(of: layer).className) takes \(takes)",
        at: .init(path: [name]))
    }
    let shapes = edges.map { nodes[$0.node].outputShapes[$0.output] }
    let receivesMask = edges.contains { masks[$0.node][$0.output] }
    if receivesMask && !layer.supportsMasking && record.generation <= .keras2 {
      throw KerasError(
        .unsupportedConfiguration,
        "\(type(of: layer).className) does not support masking, but a mask reaches it",
        at: .init(path: [name]), hint: "Keras \(record.generation.rawValue) refuses this model too")
    }
    var outputShapes: [Shape]
    let range: Range<Int>
    do throws(KerasError) {
      if let known = weightRanges[name] {
        range = known
        // A second call must fit the weights of the first.
        let wanted = try layer.weights(for: shapes)
        for (spec, other) in zip(specs[known], wanted) where spec.shape != other.shape {
          throw KerasError(
            .shapeMismatch,
            "called on an input \(shapes[0]) that needs shape \(other.shape.tuple), but its first "
              + "call made it \(spec.shape.tuple)", at: .init(path: [spec.name]))
        }
        layerSeeds.append(layerSeeds[nodes.firstIndex { $0.name == name } ?? 0])
      } else {
        let layerSpecs = try layer.weights(for: shapes)
        range = specs.count..<specs.count + layerSpecs.count
        if let origin {
          weightRanges[name] = range
          for index in layerSpecs.indices { origins.append((origin, index)) }
        }
        specs += layerSpecs
        weightSeeds += layer.drawSeeds(for: layerSpecs, from: &source)
        layerSeeds.append(layer.usesSeedGenerator ? source.next() : 0)
      }
      outputShapes = try layer.outputs(for: shapes)
    } catch {
      throw error.inside(name)
    }
    let emitsMask = layer.emitsMask(receivingMask: receivesMask)
    masks.append(outputShapes.map { _ in emitsMask })
    if edges.isEmpty { inputs.append(nodes.count) }
    let trainable = origin.flatMap { record.layers[$0].config["trainable"]?.bool } ?? true
    nodes.append(
      Network.Node(
        name: name, layer: layer, inputs: edges, weights: range, outputShapes: outputShapes,
        isTrainable: trainable, receivesMask: receivesMask))
  }

  /// The input shape of a sequential model whose file does not say: Keras 2.2 leaves out an explicit
  /// InputLayer. An embedding takes token ids; elsewhere the first kernel has the features.
  private func guessedInputShape(for layer: any Layer) throws(KerasError) -> Shape {
    if layer is Embedding { return [nil] }
    let isSequence = layer is any RecurrentLayer || layer is Bidirectional
    if let kernel = record.layers[0].weights.first, kernel.array.shape.count == 2 {
      return isSequence ? [nil, kernel.array.shape[0]] : [kernel.array.shape[0]]
    }
    throw KerasError(
      .unsupportedConfiguration, "the model does not say the shape of its input",
      at: .init(path: [record.layers[0].name]), hint: "add weights, from which it follows")
  }

  // MARK: - Weights

  /// Refuses weights that are together larger than a model may be, before any memory is asked for.
  private func checkSize() throws(KerasError) {
    var total = 0
    for (spec, origin) in zip(specs, origins) {
      var count = 1
      for extent in spec.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        count = overflow ? Int.max : product
      }
      let (sum, overflow) = total.addingReportingOverflow(count)
      total = overflow ? Int.max : sum
      guard total <= Network.maximumParameterCount else {
        throw KerasError(
          .unsupportedConfiguration,
          "shape \(spec.shape.tuple) makes the model larger than "
            + "\(Network.maximumParameterCount) parameters",
          at: .init(path: [record.layers[origin.layer].name, spec.name]))
      }
    }
  }

  /// Copies the stored weights in and returns those that are not float32.
  private func fillStored(
    _ parameters: Parameters<Float>
  ) throws(KerasError) -> [Int: NumericArray] {
    var stored: [Int: NumericArray] = [:]
    for (index, layer) in record.layers.enumerated() {
      let expected = origins.filter { $0.layer == index }.count
      guard layer.weights.count == expected else {
        let hint = layer.weights.isEmpty ? "give the weights, for example with --weights" : nil
        throw KerasError(
          .weightMismatch,
          "\(layer.weights.count) weights stored but this \(layer.className) has \(expected)",
          at: .init(path: [layer.name]), hint: hint)
      }
    }
    for (index, (spec, origin)) in zip(parameters.layout.specs, origins).enumerated() {
      let layer = record.layers[origin.layer]
      let array = layer.weights[origin.weight].array
      let place = KerasError.Place(path: [layer.name, spec.name])
      guard array.shape == spec.shape else {
        throw KerasError(
          .weightMismatch,
          "shape \(array.shape.tuple) but this \(layer.className) needs \(spec.shape.tuple)",
          at: place)
      }
      guard array.elements.type.isFloatingPoint else {
        throw KerasError(
          .weightMismatch, "type \(array.elements.type.rawValue) but a weight is floating-point",
          at: place)
      }
      parameters.set(index, to: array.floats())
      if array.elements.type != .float32 { stored[index] = array }
    }
    return stored
  }

  private func fillFresh(_ parameters: Parameters<Float>, _ layers: [any Layer]) {
    for (index, (spec, origin)) in zip(parameters.layout.specs, origins).enumerated() {
      parameters.set(
        index, to: layers[origin.layer].initialValues(of: spec, seed: weightSeeds[index]))
    }
  }
}
