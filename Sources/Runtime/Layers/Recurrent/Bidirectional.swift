import KerasFormat

/// A recurrent layer run in both directions over the same input, the results merged:
/// `(B, T, F) → (B, 2U)` for concat, `(B, U)` for sum, ave and mul, two outputs for none; with
/// sequences `(B, T, …)`, the backward one turned round to the input's order first. With
/// `return_state` the forward and then the backward states follow; initial states come in likewise.
///
/// Weights: the forward layer's, then the backward layer's.
public struct Bidirectional: Layer {
  public static let className = "Bidirectional"
  public static let inputCounts = 1...Int.max

  public enum MergeMode: String, Sendable { case concat, sum, ave, mul, none }

  public let mergeMode: MergeMode
  let forwardLayer: any SequenceLayer
  /// The layer that goes forward, to be looked at.
  package var inspected: any Layer { forwardLayer }
  let backwardLayer: any SequenceLayer
  /// Names of the inner layers as stored; `nil` for those that Keras would give.
  private let forwardName: String?
  private let backwardName: String?

  /// - Parameter layer: a ``SimpleRNN``, ``LSTM`` or ``GRU``; the backward layer is its mirror
  ///   image.
  public init(_ layer: any Layer, mergeMode: MergeMode = .concat) throws(KerasError) {
    guard var forward = layer as? any SequenceLayer else {
      throw KerasError(
        .unsupportedConfiguration,
        "Bidirectional around \(type(of: layer).className) but it needs a recurrent layer")
    }
    // As Keras 3 does: with sequences, masked steps put out zeros.
    if forward.options.returnSequences { forward.options.zeroOutputForMask = true }
    forwardLayer = forward
    backwardLayer = Self.mirrored(forward)
    self.mergeMode = mergeMode
    forwardName = nil
    backwardName = nil
  }

  /// Whether what comes out is the two directions' outputs side by side.
  var isConcatenating: Bool { mergeMode == .concat || mergeMode == .none }

  private static func mirrored(_ layer: any SequenceLayer) -> any SequenceLayer {
    var mirror = layer
    mirror.options.goBackwards.toggle()
    return mirror
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    (forwardLayer, forwardName) = try Self.inner("layer", of: &config)
    if config.value("backward_layer") != nil {
      (backwardLayer, backwardName) = try Self.inner("backward_layer", of: &config)
    } else {
      backwardLayer = Self.mirrored(forwardLayer)
      backwardName = nil
    }
    if let value = config.value("merge_mode") {
      guard let mode = value.string.flatMap(MergeMode.init(rawValue:)) else {
        throw config.error(
          "merge_mode", "\(value.kind) but concat, sum, ave, mul or null belongs here")
      }
      mergeMode = mode
    } else {
      mergeMode = config.hasKey("merge_mode") ? .none : .concat
    }
    guard forwardLayer.options.goBackwards != backwardLayer.options.goBackwards else {
      throw config.error("backward_layer", "runs in the same direction as layer")
    }
    guard forwardLayer.options.returnSequences == backwardLayer.options.returnSequences else {
      throw config.error("backward_layer", "return_sequences differs from layer's")
    }
    config.ignore(
      "return_sequences", "return_state", "stateful", "zero_output_for_mask", "go_backwards",
      "units", "weights", "num_constants")
  }

  private static func inner(
    _ key: String, of config: inout ConfigReader
  ) throws(KerasError) -> (any SequenceLayer, String?) {
    let object = try config.object(key)
    guard let className = object["class_name"]?.string, let inner = object["config"]?.object else {
      throw config.error(key, "no class_name and config but a layer belongs here")
    }
    let name = inner["name"]?.string
    let layer: any Layer
    do {
      layer = try LayerRegistry.layer(className: className, name: name ?? key, config: inner)
    } catch {
      throw error.inside(config.owner)
    }
    guard let recurrent = layer as? any SequenceLayer else {
      throw config.error(key, "a \(className) but only recurrent layers are supported")
    }
    return (recurrent, name)
  }

  public var config: JSONObject {
    [
      "merge_mode": mergeMode == .none ? .null : .string(mergeMode.rawValue),
      "layer": Self.json(forwardLayer, forwardName ?? "forward_\(baseName)"),
      "backward_layer": Self.json(backwardLayer, backwardName ?? "backward_\(baseName)"),
    ]
  }

  private var baseName: String { LayerNames.snakeCase(type(of: forwardLayer).className) }

  private static func json(_ layer: any SequenceLayer, _ name: String) -> JSON {
    var config: JSONObject = ["name": .string(name), "trainable": true, "dtype": "float32"]
    for (key, value) in layer.config.members { config[key] = value }
    return ["class_name": .string(type(of: layer).className), "config": .object(config)]
  }

  public var isStateful: Bool { forwardLayer.isStateful || backwardLayer.isStateful }

  private init(
    _ other: Self, _ forward: any SequenceLayer, _ backward: any SequenceLayer
  ) {
    mergeMode = other.mergeMode
    forwardLayer = forward
    backwardLayer = backward
    forwardName = other.forwardName
    backwardName = other.backwardName
  }

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    let (toForward, toBackward) = directed(site.inputs)
    func inner(_ inputs: [Shape]) -> BuildSite {
      BuildSite(
        inputs: inputs, masks: [site.masks[0]] + inputs.dropFirst().map { _ in false },
        generation: site.generation)
    }
    return Bidirectional(
      self, try forwardLayer.built(at: inner(toForward)),
      try backwardLayer.built(at: inner(toBackward)))
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    var specs: [WeightSpec] = []
    for (prefix, layer) in [("forward_layer", forwardLayer), ("backward_layer", backwardLayer)] {
      for var spec in try layer.weights(for: [inputs[0]]) {
        spec.name = "\(prefix)/\(spec.name)"
        specs.append(spec)
      }
    }
    return specs
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let (toForward, toBackward) = directed(inputs)
    let first = try forwardLayer.outputs(for: toForward)
    let second = try backwardLayer.outputs(for: toBackward)
    let (forward, backward) = (first[0], second[0])
    let states = Array(first.dropFirst() + second.dropFirst())
    if mergeMode == .none { return [forward, backward] + states }
    guard let a = forward.last, let b = backward.last, mergeMode == .concat || a == b else {
      throw KerasError(
        .shapeMismatch,
        "forward \(forward) and backward \(backward) cannot be merged by "
          + mergeMode.rawValue)
    }
    return [mergeMode == .concat ? forward.replacingLast(with: a + b) : forward] + states
  }

  /// Sequence and initial states for each direction.
  private func directed<Inputs: RandomAccessCollection & RangeReplaceableCollection>(
    _ inputs: Inputs
  ) -> (forward: Inputs, backward: Inputs) {
    let (first, states) = (Inputs(inputs.prefix(1)), inputs.dropFirst())
    let half = states.count / 2
    return (first + states.prefix(half), first + states.suffix(states.count - half))
  }

  public var supportsMasking: Bool { true }

  public func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool] {
    let merged = mergeMode == .none ? 2 : 1
    let emits = inputs[0] && forwardLayer.options.returnSequences
    return Array(repeating: emits, count: merged) + Array(repeating: false, count: outputs - merged)
  }

  /// Keras 3 constructs the layer it was given, a backward layer where it was given one, and then
  /// makes new ones from their configs: the forward one always.
  public func draw(_ specs: [WeightSpec], from draws: inout LayerDraws) {
    let split = forwardLayer.weightCount
    let forward = Array(specs.prefix(split)).map { inner($0, "forward_layer/") }
    let backward = Array(specs.suffix(specs.count - split)).map { inner($0, "backward_layer/") }
    let drawForward = { (draws: inout LayerDraws) in
      draws.inside(0, naming: { "forward_layer/\($0)" }) { forwardLayer.draw(forward, from: &$0) }
    }
    let drawBackward = { (draws: inout LayerDraws) in
      draws.inside(1, naming: { "backward_layer/\($0)" }) {
        backwardLayer.draw(backward, from: &$0)
      }
    }
    if draws.generation == .keras3 { draws.discarding(drawForward) }
    if draws.generation == .keras3, !isMirrored { drawBackward(&draws) }
    drawForward(&draws)
    if draws.generation < .keras3 || isMirrored { drawBackward(&draws) }
  }

  public func drawCall(from draws: inout LayerDraws) {
    draws.inside(0) { forwardLayer.drawCall(from: &$0) }
    draws.inside(1) { backwardLayer.drawCall(from: &$0) }
  }

  /// Whether the backward layer is what Keras makes of the forward one.
  private var isMirrored: Bool {
    type(of: forwardLayer) == type(of: backwardLayer)
      && Self.mirrored(forwardLayer).config == backwardLayer.config
  }

  private func inner(_ spec: WeightSpec, _ prefix: String) -> WeightSpec {
    var spec = spec
    spec.name = String(spec.name.dropFirst(prefix.count))
    return spec
  }

  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    for (prefix, layer) in [("forward_layer/", forwardLayer), ("backward_layer/", backwardLayer)]
    where spec.name.hasPrefix(prefix) {
      var own = spec
      own.name = String(spec.name.dropFirst(prefix.count))
      return layer.initialValues(of: own, from: start)
    }
    return spec.settings.initializer.sample(shape: spec.shape, from: start)
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    // Ids or not, both directions read the same numbers.
    let input = inputs[0].tensor
    let x = Signal(
      Tensor(input.reals(in: &pass.workspace), shape: input.shape), mask: inputs[0].mask)
    var (first, second) = (Trace<S>(), Trace<S>())
    (first.inputs, second.inputs) = directed([x] + inputs.dropFirst())
    let split = forwardLayer.weightCount
    // Up to 2.2 Keras runs the updates of the states in here in training only.
    let states = pass.states
    let isWithoutStates = pass.generation <= .keras2 && !pass.isTraining
    if isWithoutStates { pass.states = nil }
    defer { if isWithoutStates { pass.states = states } }
    pass.enter(0)
    first.outputs = try forwardLayer.forward(
      first.inputs, weights: weights[0..<split], trace: &first, pass: &pass)
    pass.leave()
    pass.enter(1)
    second.outputs = try backwardLayer.forward(
      second.inputs, weights: weights[split..<weights.count], trace: &second, pass: &pass)
    pass.leave()
    let forward = first.outputs[0]
    var backward = second.outputs[0]
    if forwardLayer.options.returnSequences {
      backward.tensor = turned(backward.tensor, &pass.workspace)
    }
    let (a, b) = (forward.tensor, backward.tensor)
    if pass.keepsTrace {
      trace.inner = [first, second]
      trace.saved = [a.reals(in: &pass.workspace), b.reals(in: &pass.workspace)]
    }
    let ends = Array(first.outputs.dropFirst() + second.outputs.dropFirst())
    if mergeMode == .none {
      return [Signal(a, mask: forward.mask), Signal(b, mask: forward.mask)] + ends
    }
    return [Signal(merged(a, b, &pass.workspace), mask: forward.mask)] + ends
  }

  /// The same sequences with the last step first.
  private func turned<S: Scalar>(_ tensor: Tensor<S>, _ workspace: inout Workspace) -> Tensor<S> {
    let (batch, steps, width) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
    let from = tensor.reals(in: &workspace)
    let to = workspace.scratch(S.self, count: tensor.count)
    for row in 0..<batch {
      for t in 0..<steps {
        (to + (row * steps + t) * width)
          .update(from: from + (row * steps + steps - 1 - t) * width, count: width)
      }
    }
    return Tensor(to, shape: tensor.shape)
  }

  private func merged<S: Scalar>(
    _ first: Tensor<S>, _ second: Tensor<S>, _ workspace: inout Workspace
  ) -> Tensor<S> {
    let (a, b) = (first.reals(in: &workspace), second.reals(in: &workspace))
    guard mergeMode == .concat else {
      let y = workspace.scratch(S.self, count: first.count)
      for i in 0..<first.count {
        switch mergeMode {
        case .sum: y[i] = a[i] + b[i]
        case .ave: y[i] = (a[i] + b[i]) / 2
        default: y[i] = a[i] * b[i]
        }
      }
      return Tensor(y, shape: first.shape)
    }
    let (left, right) = (first.width, second.width)
    let y = workspace.scratch(S.self, count: first.count + second.count)
    for row in 0..<first.vectors {
      (y + row * (left + right)).update(from: a + row * left, count: left)
      (y + row * (left + right) + left).update(from: b + row * right, count: right)
    }
    return Tensor(y, shape: first.shape.dropLast() + [left + right])
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let (first, second) = (trace.inner[0].outputs[0].tensor, trace.inner[1].outputs[0].tensor)
    let (da, db) = split(outputGradients, first, second, trace, &pass.workspace)
    var dBackward = db
    if forwardLayer.options.returnSequences {
      dBackward = turned(Tensor(db, shape: second.shape), &pass.workspace)
        .reals(in: &pass.workspace)
    }
    let split = forwardLayer.weightCount
    let states = outputGradients.dropFirst(mergeMode == .none ? 2 : 1)
    let own = trace.inner[0].outputs.count - 1
    let (toForward, toBackward) = directed(inputGradients)
    forwardLayer.backward(
      [OutputGradient(da)] + states.prefix(own), into: toForward, weights: weights[0..<split],
      gradients: gradients[0..<split], trace: trace.inner[0], pass: &pass)
    backwardLayer.backward(
      [OutputGradient(dBackward)] + states.dropFirst(own), into: toBackward,
      weights: weights[split..<weights.count], gradients: gradients[split..<weights.count],
      trace: trace.inner[1], pass: &pass)
  }

  /// The gradients of both directions' outputs, both in the input's order of time.
  private func split<S: Scalar>(
    _ gradients: [OutputGradient<S>], _ first: Tensor<S>, _ second: Tensor<S>, _ trace: Trace<S>,
    _ workspace: inout Workspace
  ) -> (UnsafeMutablePointer<S>, UnsafeMutablePointer<S>) {
    let dy = gradients[0].pointer
    switch mergeMode {
    case .none: return (dy, gradients[1].pointer)
    case .sum: return (dy, dy)
    case .ave, .mul, .concat: break
    }
    let da = workspace.scratch(S.self, count: first.count)
    let db = workspace.scratch(S.self, count: second.count)
    switch mergeMode {
    case .concat:
      let (left, right) = (first.width, second.width)
      for row in 0..<first.vectors {
        (da + row * left).update(from: dy + row * (left + right), count: left)
        (db + row * right).update(from: dy + row * (left + right) + left, count: right)
      }
    case .ave:
      for i in 0..<first.count {
        da[i] = dy[i] / 2
        db[i] = da[i]
      }
    default:
      let (a, b) = (trace.saved[0], trace.saved[1])
      for i in 0..<first.count {
        da[i] = dy[i] * b[i]
        db[i] = dy[i] * a[i]
      }
    }
    return (da, db)
  }
}
