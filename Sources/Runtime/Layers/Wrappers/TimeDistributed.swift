import KerasFormat

/// One layer applied to every step: `(B, T, …) → (B, T, …)`, the same weights for all.
///
/// The inner layer sees a batch of B·T rows. A mask of the steps goes on, unless the inner layer
/// makes one of its own, as an ``Embedding`` of sentences does, which Keras 1 and 3 drop; a mask with
/// more axes reaches the inner layer, but not in Keras 1.
public struct TimeDistributed: Layer {
  public static let className = "TimeDistributed"
  let layer: any Layer
  /// The inner layer's name; its own where it was Keras 1's `TimeDistributedDense`.
  let name: String
  /// Whether a mask that the inner layer makes is dropped, as Keras 1 and 3 drop it.
  private let dropsInnerMask: Bool

  /// - Parameter layer: what is done to every step.
  public init(_ layer: any Layer) {
    self.layer = layer
    dropsInnerMask = false
    name = LayerNames.snakeCase(type(of: layer).className)
  }

  private init(_ layer: any Layer, name: String, dropsInnerMask: Bool) {
    self.layer = layer
    self.name = name
    self.dropsInnerMask = dropsInnerMask
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    let object = try config.object("layer")
    guard let className = object["class_name"]?.string, let inner = object["config"]?.object else {
      throw config.error("layer", "no class_name and config but a layer belongs here")
    }
    name = inner["name"]?.string ?? "layer"
    dropsInnerMask = false
    do {
      layer = try LayerRegistry.layer(className: className, name: name, config: inner)
    } catch {
      throw error.inside(config.owner)
    }
  }

  public var config: JSONObject {
    var inner: JSONObject = ["name": .string(name), "trainable": true, "dtype": "float32"]
    for (key, value) in layer.config.members { inner[key] = value }
    return [
      "layer": [
        "class_name": .string(type(of: layer).className), "config": .object(inner),
      ]
    ]
  }

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    var inner = site
    inner.inputs = try site.inputs.map { input throws(KerasError) in try step(of: input) }
    inner.masks = [false]
    let built: any Layer = try layer.built(at: inner)
    try check(built, at: site)
    return TimeDistributed(
      built, name: name, dropsInnerMask: [.keras1, .keras3].contains(site.generation))
  }

  /// Refuses what Keras cannot run step by step, or runs otherwise than for all steps at once.
  private func check(_ layer: any Layer, at site: BuildSite) throws(KerasError) {
    let className = type(of: layer).className
    if layer.isStateful {
      throw KerasError(
        .unsupportedConfiguration,
        "a stateful \(className) at every step, which Keras lets go on from step to step",
        hint: "make it stateful=False, or take it out of TimeDistributed")
    }
    if layer is Softmax, site.masks.contains(true), site.generation >= .keras2_15 {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras \(site.generation.rawValue) gives the mask of the steps to a \(className) at every "
          + "step, which fails there",
        hint: "leave TimeDistributed out: \(className) takes sequences")
    }
    if !layer.textInputs.isEmpty {
      throw KerasError(.unsupportedConfiguration, "texts at every step, which are not supported")
    }
  }

  // MARK: Weights and shape

  private func step(of input: Shape) throws(KerasError) -> Shape {
    guard input.rank > 0 else {
      throw KerasError(.shapeMismatch, "input \(input) but TimeDistributed needs (batch, steps, …)")
    }
    return Shape(Array(input.extents.dropFirst()))
  }

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    try layer.weights(for: [try step(of: inputs[0])]).map { spec in
      var spec = spec
      spec.name = "layer/\(spec.name)"
      return spec
    }
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let outputs = try layer.outputs(for: [try step(of: inputs[0])])
    guard outputs.count == 1 else {
      throw KerasError(
        .unsupportedConfiguration, "\(outputs.count) outputs of the layer at every step")
    }
    return outputs.map { Shape([inputs[0].extents[0]] + $0.extents) }
  }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool {
    !isStateful && !((layer as? BatchNormalization)?.usesOwnRows ?? false)
  }

  public var isStateful: Bool { layer.isStateful }

  public func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool] {
    [inputs[0] || !dropsInnerMask && layer.emitsMasks(receiving: [false], outputs: 1)[0]]
  }

  public func draw(_ specs: [WeightSpec], from draws: inout LayerDraws) {
    let own = specs.map(inner)
    draws.inside(nil, naming: { "layer/\($0)" }) { layer.draw(own, from: &$0) }
  }

  public func drawCall(from draws: inout LayerDraws) { layer.drawCall(from: &draws) }

  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    layer.initialValues(of: inner(spec), from: start)
  }

  private func inner(_ spec: WeightSpec) -> WeightSpec {
    var spec = spec
    spec.name = String(spec.name.dropFirst("layer/".count))
    return spec
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let (batch, steps) = (input.shape[0], input.shape[1])
    let rows: Extents = [batch * steps] + input.shape.dropFirst(2)
    var signal = Signal(Tensor(input.content, shape: rows))
    if let mask = inputs[0].mask, mask.shape.count > 2, pass.generation > .keras1 {
      signal.mask = Mask(mask.flags, shape: [batch * steps] + mask.shape.dropFirst(2))
    }
    var inner = Trace<S>()
    inner.inputs = [signal]
    // Keras 3 calls the layer step by step.
    let draws = pass.drawsPerCall
    if pass.generation == .keras3 { pass.drawsPerCall *= steps }
    defer { pass.drawsPerCall = draws }
    inner.outputs = try layer.forward([signal], weights: weights, trace: &inner, pass: &pass)
    if pass.keepsTrace { trace.inner = [inner] }
    let output = inner.outputs[0]
    let y = output.tensor.reals(in: &pass.workspace)
    return [
      Signal(
        Tensor(y, shape: [batch, steps] + output.tensor.shape.dropFirst()),
        mask: mask(of: output, inputs[0].mask, batch, steps, &pass.workspace),
        logits: output.logits)
    ]
  }

  /// What the inner layer masks, else which steps have anything that counts.
  private func mask<S: Scalar>(
    of output: Signal<S>, _ given: Mask?, _ batch: Int, _ steps: Int,
    _ workspace: inout Workspace
  ) -> Mask? {
    if let mask = output.mask, !dropsInnerMask {
      return Mask(mask.flags, shape: [batch, steps] + mask.shape.dropFirst())
    }
    guard let given, given.shape.count > 2 else { return given }
    let width = given.shape.dropFirst(2).reduce(1, *)
    let flags = workspace.scratch(Bool.self, count: batch * steps)
    for i in 0..<batch * steps {
      flags[i] = (0..<width).contains { given.flags[i * width + $0] }
    }
    return Mask(flags, shape: [batch, steps])
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    layer.backward(
      outputGradients, into: inputGradients, weights: weights, gradients: gradients,
      trace: trace.inner[0], pass: &pass)
  }
}
