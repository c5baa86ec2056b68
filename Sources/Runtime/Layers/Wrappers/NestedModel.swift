import KerasFormat

/// A model that is a layer of another: ``SequentialModel`` and ``FunctionalModel``.
///
/// Its weights are those of its layers, its shapes and masks those of its graph, which is built for
/// every place where it is called.
protocol NestedModel: Layer {
  /// The inner definition, without weights, as its config and decoded.
  var definition: JSONObject { get }
  var record: ModelRecord { get }
  /// There once the layer is built.
  var graph: Graph? { get set }

  init(definition: JSONObject, record: ModelRecord)
}

extension NestedModel {
  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    var definition: JSONObject = ["name": .string(try config.string("name", default: config.owner))]
    for key in ["layers", "input_layers", "output_layers", "trainable"] {
      definition[key] = config.value(key)
    }
    self.init(
      definition: definition,
      record: try ModelRecord(
        nested: Self.className, config: definition, generation: .keras3))
    // What Keras writes for a model and what follows from its layers.
    config.ignore("build_input_shape")
  }

  public var config: JSONObject { definition }

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    var (model, record) = (self, record)
    record.generation = site.generation
    var builder = GraphBuilder(record, at: site)
    model.graph = try builder.build()
    return model
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    guard let graph else { return [] }
    return parts().flatMap { part in
      graph.specs(of: part).map { spec in
        var spec = spec
        spec.name = part.beginning + spec.name
        spec.isTrainable = spec.isTrainable && graph.nodes[part.node].isTrainable
        return spec
      }
    }
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    graph?.outputShapes ?? []
  }

  public var supportsMasking: Bool { true }

  public var isStateful: Bool { graph?.isStateful ?? false }

  public func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool] {
    graph?.outputMasks ?? []
  }

  public func draw(_ specs: [WeightSpec], from draws: inout LayerDraws) {
    graph?.drawLayers(parts(), isSequential: record.isSequential, isInside: true, from: &draws)
  }

  public func drawCall(from draws: inout LayerDraws) {
    for part in parts() {
      graph?.drawCalls(of: part.node, isConstruction: false, from: &draws)
    }
  }

  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    for part in parts() where spec.name.hasPrefix(part.beginning) {
      let name = String(spec.name.dropFirst(part.beginning.count))
      if let graph, let own = graph.specs(of: part).first(where: { $0.name == name }) {
        return graph.nodes[part.node].layer.initialValues(of: own, from: start)
      }
    }
    return spec.settings.initializer.sample(shape: spec.shape, from: start)
  }

  /// Each inner layer once, in the order of the definition.
  private func parts() -> [Graph.Part] {
    guard let graph else { return [] }
    var names = LayerNames()
    return record.layers.compactMap { layer in
      guard layer.className != InputLayer.className else { return nil }
      return graph.part(layer, beginning: "layers/\(names.next(for: layer.className))/")
    }
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    guard let graph else { return [] }
    return try graph.forward(
      inputs, weights: weights, trace: &trace.inner, pass: &pass)
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let graph else { return }
    graph.backward(
      outputGradients, into: inputGradients, weights: weights, gradients: gradients,
      trace: trace.inner, pass: &pass)
  }
}

/// A `Sequential` inside another model.
public struct SequentialModel: NestedModel {
  public static let className = "Sequential"
  let definition: JSONObject
  let record: ModelRecord
  var graph: Graph?

  init(definition: JSONObject, record: ModelRecord) {
    self.definition = definition
    self.record = record
  }
}

/// A functional model inside another model; it may have several inputs and outputs.
public struct FunctionalModel: NestedModel {
  public static let className = "Functional"
  public static let inputCounts = 1...Int.max
  let definition: JSONObject
  let record: ModelRecord
  var graph: Graph?

  init(definition: JSONObject, record: ModelRecord) {
    self.definition = definition
    self.record = record
  }
}
