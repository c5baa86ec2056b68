import KerasFormat

extension Graph {
  /// One layer as a program makes it.
  struct Part {
    /// Of its first call.
    let node: Int
    /// How the names of its weights begin outside of it.
    let beginning: String
  }

  /// The part of a layer of the definition; `nil` for one that is called nowhere.
  func part(_ layer: LayerRecord, beginning: String) -> Part? {
    nodes.firstIndex { $0.name == layer.name }.map {
      Part(node: $0, beginning: beginning)
    }
  }

  func specs(of part: Part) -> [WeightSpec] { Array(specs[nodes[part.node].weights]) }

  /// What a program that begins with this seed draws while it makes the model. Weights are named by
  /// ``key(_:of:)``.
  ///
  /// - Throws: ``KerasError`` for a seed that NumPy refuses.
  func draws(_ record: ModelRecord, seed: UInt64) throws(KerasError) -> LayerDraws {
    guard seed <= UInt64(UInt32.max) else {
      throw KerasError(
        .invalidArgument, "seed \(seed) but Keras takes one of 0 to \(UInt32.max)")
    }
    var draws = LayerDraws(
      seed: seed, generation: record.generation, isFromDefinition: !record.isSequential)
    let parts = record.layers.compactMap { part($0, beginning: "\($0.name)/") }
    drawLayers(parts, isSequential: record.isSequential, isInside: false, from: &draws)
    return draws
  }

  /// What the layers draw, in the order in which Keras makes them: that of the definition but,
  /// before Keras 3, for models that are layers.
  ///
  /// - Parameter isInside: whether this graph is such a model.
  func drawLayers(
    _ parts: [Part], isSequential: Bool, isInside: Bool, from draws: inout LayerDraws
  ) {
    let modelsFirst = draws.makesModelsFirst(inSequential: isSequential)
    let isEarly = { (part: Part) in modelsFirst && hasWeightsAlready(nodes[part.node].layer) }
    for part in parts where isEarly(part) { draw(part, from: &draws) }
    for part in parts {
      if !isEarly(part) { draw(part, from: &draws) }
      drawCalls(of: part.node, isConstruction: isInside, from: &draws)
    }
  }

  private func draw(_ part: Part, from draws: inout LayerDraws) {
    let node = nodes[part.node]
    draws.inside(
      part.node, as: node.policy.variableType.elementType, naming: { part.beginning + $0 }
    ) {
      node.layer.draw(specs(of: part), from: &$0)
    }
  }

  /// Whether the layer is, or holds, a model that knew the shape of its input and so made its
  /// weights before it was called.
  private func hasWeightsAlready(_ layer: any Layer) -> Bool {
    switch layer {
    case let model as any NestedModel: !model.record.isMadeByCall
    case let wrapper as TimeDistributed: hasWeightsAlready(wrapper.layer)
    default: false
    }
  }

  /// The name of a weight of the layer among all of the model.
  static func key(_ spec: WeightSpec, of layer: String) -> String { "\(layer)/\(spec.name)" }

  /// What the calls of the layer at this node draw; in Keras 3 they all use what its construction
  /// drew.
  ///
  /// - Parameter isConstruction: whether the calls are those by which an inner model is made.
  ///   Before Keras 3 the outer model calls its layers again.
  func drawCalls(of index: Int, isConstruction: Bool, from draws: inout LayerDraws) {
    let calls = nodes.indices.filter { nodes[$0].name == nodes[index].name }
    switch draws.generation {
    case .keras3:
      for call in calls where call != index { draws.share(index, with: call) }
    case .keras2_15:
      // Operations are numbered in the training step alone.
      guard !isConstruction else { return }
      for call in calls { draws.inside(call) { nodes[call].layer.drawCall(from: &$0) } }
    case .keras2, .keras1:
      for call in calls {
        draws.inside(call) { draws in
          guard isConstruction else { return nodes[call].layer.drawCall(from: &draws) }
          draws.discarding { nodes[call].layer.drawCall(from: &$0) }
        }
      }
    }
  }
}

extension Network {
  /// What a run of training with this seed draws at random before its first step, Keras's program
  /// beginning with the seed and making the model anew.
  ///
  /// - Throws: ``KerasError`` for a seed that NumPy refuses.
  /// - Returns: the layers' generators, and where NumPy's stands, from which Keras 1 and 2.2
  ///   shuffle.
  package func randomStart(
    seed: UInt64, generation: Generation
  ) throws(KerasError) -> (streams: RandomStreams, numpy: MersenneTwister.State) {
    var record = definition
    record.generation = generation
    let draws = try graph.draws(record, seed: seed)
    return (draws.streams, draws.source.numpy.twister.state)
  }
}
