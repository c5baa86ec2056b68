import KerasFormat

/// Turns a stored model into a ``Network``: builds its graph and fills the weights, checking each
/// against what is stored.
struct NetworkBuilder {
  let record: ModelRecord
  private var builder: GraphBuilder

  init(_ record: ModelRecord) {
    self.record = record
    builder = GraphBuilder(record)
  }

  mutating func build(from weights: Network.WeightSource) throws(KerasError) -> Network {
    let graph = try builder.build()
    try checkSize()
    let layout = ParameterLayout(graph.specs)
    let parameters: Parameters<Float>
    var stored: [Int: NumericArray] = [:]
    switch weights {
    case .stored:
      let arrays = try storedArrays(layout)
      parameters = Parameters(layout, reading: arrays)
      for (index, array) in arrays.enumerated() where array.elements.type != .float32 {
        stored[index] = array
      }
    case .fresh(let seed):
      parameters = Parameters(layout)
      try fillFresh(parameters, try graph.draws(record, seed: seed))
    case .zeros: parameters = Parameters(layout)
    }
    var definition = record
    for i in definition.layers.indices { definition.layers[i].weights = [] }
    definition.training = nil
    definition.textPipeline = nil
    return Network(
      name: record.name, generation: record.generation, isSequential: record.isSequential,
      graph: graph, parameters: parameters, definition: definition, storedWeights: stored,
      training: record.training,
      textPipeline: try record.textPipeline.map { json throws(KerasError) in
        try TextPipeline(json: json)
      })
  }

  // MARK: - Weights

  /// Refuses weights that are together larger than a model may be, before any memory is asked for.
  private func checkSize() throws(KerasError) {
    var total = 0
    for (spec, origin) in zip(builder.specs, builder.origins) {
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

  /// The stored array of each weight.
  private func storedArrays(_ layout: ParameterLayout) throws(KerasError) -> [NumericArray] {
    var arrays: [NumericArray] = []
    for (index, layer) in record.layers.enumerated() {
      let expected = builder.origins.filter { $0.layer == index }.count
      guard layer.weights.count == expected else {
        let hint = layer.weights.isEmpty ? "give the weights, for example with --weights" : nil
        throw KerasError(
          .weightMismatch,
          "\(layer.weights.count) weights stored but this \(layer.className) has \(expected)",
          at: .init(path: [layer.name]), hint: hint)
      }
    }
    for (spec, origin) in zip(layout.specs, builder.origins) {
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
      arrays.append(array)
    }
    return arrays
  }

  private func fillFresh(
    _ parameters: Parameters<Float>, _ draws: LayerDraws
  ) throws(KerasError) {
    for (index, (spec, origin)) in zip(parameters.layout.specs, builder.origins).enumerated() {
      let name = record.layers[origin.layer].name
      do {
        try spec.settings.initializer.check(spec.shape)
      } catch {
        throw error.inside(spec.name).inside(name)
      }
      guard let start = draws.starts[Graph.key(spec, of: name)] else { continue }
      parameters.set(
        index, to: builder.layers[origin.layer].initialValues(of: spec, from: start))
    }
  }
}
