import KerasFormat

/// The seam between a network and a layer that computes in another type: it casts what the layer
/// takes, its weights, and what it gives. Layers know nothing of it.
extension Graph.Node {
  /// The layer's outputs, in its own type's arithmetic.
  ///
  /// - Parameter specs: those of the layer's weights.
  @specialized(where S == Float)
  func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, specs: ArraySlice<WeightSpec>,
    trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    if policy.computeType == .float32 && !pass.castsToFloat32 || !pass.followsPolicies
      || layer.innerGraph != nil
    {
      return try layer.forward(inputs, weights: weights, trace: &trace, pass: &pass)
    }
    guard !pass.keepsTrace else { throw policy.trainingRefusal }
    let cast = LayerCast(node: self, specs: specs)
    let is2_15 = pass.generation < .keras3
    switch policy.computeType {
    case .float32: return try cast.forward(inputs, weights, as: Float.self, &pass)
    case .float64: return try cast.forward(inputs, weights, as: Double.self, &pass)
    case .float16 where is2_15:
      return try cast.forward(inputs, weights, as: Half<Float16Of2_15>.self, &pass)
    case .float16:
      return try cast.forward(inputs, weights, as: Half<Float16Of2_21>.self, &pass)
    case .bfloat16 where is2_15:
      return try cast.forward(inputs, weights, as: Half<BFloat16Of2_15>.self, &pass)
    case .bfloat16:
      return try cast.forward(inputs, weights, as: Half<BFloat16Of2_21>.self, &pass)
    }
  }
}

extension Layer {
  /// The graph of a model, alone or at every step, whose layers have policies of their own.
  fileprivate var innerGraph: Graph? {
    switch self {
    case let model as any NestedModel: model.graph
    case let wrapper as TimeDistributed: wrapper.layer.innerGraph
    default: nil
    }
  }
}

extension DTypePolicy {
  /// Why a layer of another policy than float32 is not trained.
  fileprivate var trainingRefusal: KerasError {
    KerasError(
      .unsupportedConfiguration, "training under the policy \(name) is not computed as Keras does",
      at: .init(path: ["dtype"]), hint: "train it with the policy float32")
  }
}

extension Graph.Node {
  /// Whether its layer, or one inside it, computes in float64.
  var computesInFloat64: Bool { layer.innerGraph?.hasFloat64 ?? (policy.computeType == .float64) }
}

extension Graph {
  /// - Throws: ``KerasError`` for the first layer, or layer inside one, that does not compute in
  ///   float32: Keras rounds every operation of its way back too, which is not done here.
  package func refuseTrainingInOtherTypes() throws(KerasError) {
    for node in nodes where !(node.layer is InputLayer) {
      do throws(KerasError) {
        if let inner = node.layer.innerGraph {
          try inner.refuseTrainingInOtherTypes()
        } else if node.policy.computeType != .float32 {
          throw node.policy.trainingRefusal
        }
      } catch {
        throw error.inside(node.name)
      }
    }
  }

  /// The policy of the layer that each output comes from, inside models too.
  var outputPolicies: [DTypePolicy] {
    outputs.map { edge in
      let node = nodes[edge.node]
      return node.layer.innerGraph?.outputPolicies[edge.output] ?? node.policy
    }
  }
}

private struct LayerCast {
  let node: Graph.Node
  let specs: ArraySlice<WeightSpec>

  func forward<S: Scalar, T: Scalar>(
    _ inputs: Signals<S>, _ weights: Weights<S>, as type: T.Type, _ pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    if S.self == T.self {
      var trace = Trace<S>()
      return try node.layer.forward(inputs, weights: weights, trace: &trace, pass: &pass)
    }
    guard T.roundsOperations else {
      return try run(inputs, weights, as: T.self, rounded: nil, .init(), &pass)
    }
    let arithmetic = LayerArithmetic(
      of: node.layer, node.policy.computeType, hasMask: inputs.first?.mask != nil,
      generation: pass.generation)
    return arithmetic.isWide
      ? try run(inputs, weights, as: Float.self, rounded: T.self, arithmetic, &pass)
      : try run(inputs, weights, as: T.self, rounded: T.self, arithmetic, &pass)
  }

  /// - Parameter rounded: the type whose numbers inputs, weights and outputs are rounded to.
  private func run<S: Scalar, T: Scalar>(
    _ inputs: Signals<S>, _ weights: Weights<S>, as type: T.Type, rounded: (any Scalar.Type)?,
    _ arithmetic: LayerArithmetic, _ pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let own = castWeights(
      weights, as: T.self, rounded: arithmetic.roundsWeights ? rounded : nil, &pass)
    var given = Signals<T>()
    for input in inputs {
      let tensor: Tensor<T> = cast(
        input.tensor, rounded: arithmetic.roundsInputs ? rounded : nil, &pass.workspace)
      given.append(Signal(tensor, mask: input.mask))
    }
    var trace = Trace<T>()
    trace.inputs = given
    let outputs = try node.layer.forward(given, weights: own.all, trace: &trace, pass: &pass)
    var taken = Signals<S>()
    for output in outputs {
      let tensor: Tensor<S> = cast(output.tensor, rounded: rounded, &pass.workspace)
      taken.append(Signal(tensor, mask: output.mask))
    }
    return taken
  }

  /// The layer's weights, cast once for all batches of a pass.
  private func castWeights<S: Scalar, T: Scalar>(
    _ weights: Weights<S>, as type: T.Type, rounded: (any Scalar.Type)?, _ pass: inout Pass
  ) -> Parameters<T> {
    if let known = pass.castWeights[pass.path] as? Parameters<T> { return known }
    let own = Parameters<T>(ParameterLayout(Array(specs)))
    for (index, spec) in specs.enumerated() {
      Casting.cast(weights[index], to: own.pointer(index), count: spec.count, rounded: rounded)
    }
    pass.castWeights[pass.path] = own
    return own
  }

  private func cast<S: Scalar, T: Scalar>(
    _ tensor: Tensor<S>, rounded: (any Scalar.Type)?, _ workspace: inout Workspace
  ) -> Tensor<T> {
    switch tensor.content {
    case .ids(let ids): return Tensor(ids: ids, shape: tensor.shape)
    case .reals, .words:
      let values = tensor.reals(in: &workspace)
      let target = workspace.scratch(T.self, count: tensor.count)
      Casting.cast(values, to: target, count: tensor.count, rounded: rounded)
      return Tensor(target, shape: tensor.shape)
    }
  }
}

/// Numbers from one type to another, by way of `Float`.
private enum Casting {
  static func cast<S: Scalar, T: Scalar>(
    _ source: UnsafePointer<S>, to target: UnsafeMutablePointer<T>, count: Int,
    rounded: (any Scalar.Type)?
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, count)) { buffer in
      let floats = buffer.baseAddress.unsafelyUnwrapped
      if let wide = source as? UnsafePointer<Float> {
        floats.update(from: wide, count: count)
      } else if S.roundsOperations {
        floats.update(from: source.wide, count: count)
      } else {
        for i in 0..<count { floats[i] = Float(source[i]) }
      }
      if let rounded { round(floats, count: count, to: rounded) }
      if let wide = target as? UnsafeMutablePointer<Float> {
        wide.update(from: floats, count: count)
      } else if T.roundsOperations {
        target.wide.update(from: floats, count: count)
      } else {
        for i in 0..<count { target[i] = T(floats[i]) }
      }
    }
  }

  private static func round<R: Scalar>(
    _ values: UnsafeMutablePointer<Float>, count: Int, to type: R.Type
  ) {
    R.round(values.narrow(to: R.self), count: count)
  }
}
