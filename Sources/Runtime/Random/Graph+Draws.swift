import KerasFormat

extension Graph {
  /// What a program that begins with this seed draws while it makes the model: its layers in the order
  /// in which the definition lists them. Weights are named by ``key(_:of:)``.
  ///
  /// - Throws: ``KerasError`` for a seed that NumPy refuses.
  func draws(_ record: ModelRecord, seed: UInt64) throws(KerasError) -> LayerDraws {
    guard seed <= UInt64(UInt32.max) else {
      throw KerasError(
        .invalidArgument, "seed \(seed) but Keras takes one of 0 to \(UInt32.max)")
    }
    var draws = LayerDraws(seed: seed, generation: record.generation)
    for layer in record.layers {
      guard let index = nodes.firstIndex(where: { $0.name == layer.name }) else { continue }
      let node = nodes[index]
      let name = layer.name
      draws.inside(index, naming: { "\(name)/\($0)" }) {
        node.layer.draw(Array(specs[node.weights]), from: &$0)
      }
      drawCalls(of: index, isConstruction: false, from: &draws)
    }
    return draws
  }

  /// The name of a weight of the layer among all of the model.
  static func key(_ spec: WeightSpec, of layer: String) -> String { "\(layer)/\(spec.name)" }

  /// What the calls of the layer at this node draw; in Keras 3 they all use what its construction drew.
  ///
  /// - Parameter isConstruction: whether the calls are those by which an inner model is made. Before
  ///   Keras 3 the outer model calls its layers again.
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
  /// - Returns: the layers' generators, and where NumPy's stands, from which Keras 1 and 2.2 shuffle.
  package func randomStart(
    seed: UInt64, generation: Generation
  ) throws(KerasError) -> (streams: RandomStreams, numpy: MersenneTwister.State) {
    var record = definition
    record.generation = generation
    let draws = try graph.draws(record, seed: seed)
    return (draws.streams, draws.source.numpy.twister.state)
  }
}
