import KerasFormat

/// A layer that takes a sequence step by step and can be turned round: what ``Bidirectional``
/// needs.
protocol SequenceLayer: Layer {
  var options: RecurrentOptions { get set }
  /// Extents of its state arrays, in Keras's order.
  var stateUnits: [Int] { get }
  /// What a step puts out.
  var outputUnits: Int { get }
  /// How many weights it has, whatever comes in.
  var weightCount: Int { get }
}

extension SequenceLayer {
  public static var inputCounts: ClosedRange<Int> { 1...Int.max }

  public var supportsMasking: Bool { true }

  public var isStateful: Bool { options.stateful }

  public func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool] {
    [inputs[0] && options.returnSequences] + Array(repeating: false, count: outputs - 1)
  }

  public func emitsMask(receivingMask: Bool) -> Bool { receivingMask && options.returnSequences }

  /// Output and states for a sequence and, where there are any, initial states of these shapes.
  func outputs(for inputs: [Shape], units: Int) throws(KerasError) -> [Shape] {
    guard inputs[0].rank == 2 else {
      throw KerasError(
        .shapeMismatch, "input \(inputs[0]) but \(Self.className) needs (batch, steps, features)")
    }
    let states = stateUnits.map { Shape([$0]) }
    guard inputs.count == 1 || inputs.count == 1 + states.count else {
      throw KerasError(
        .unsupportedConfiguration,
        "\(inputs.count - 1) initial states but \(Self.className) has \(states.count)")
    }
    for (given, state) in zip(inputs.dropFirst(), states) where given != state {
      throw KerasError(.shapeMismatch, "an initial state \(given) but the state is \(state)")
    }
    let output = options.returnSequences ? inputs[0].replacingLast(with: units) : [units]
    return [output] + (options.returnState ? states : [])
  }
}

/// A layer that runs a cell over time: `(B, T, F) → (B, U)`, or `(B, T, U)` with
/// ``RecurrentOptions/returnSequences``.
///
/// Weights: `cell/kernel (F, G·U)`, `cell/recurrent_kernel (U, G·U)`, `cell/bias`.
protocol RecurrentLayer: SequenceLayer, RecurrentCell, WordLayer {
  var common: RecurrentSettings { get set }
  /// The bias's shape, `[G·U]` but for `reset_after`.
  var biasShape: [Int] { get }
}

extension RecurrentLayer {
  var outputUnits: Int { units }

  var biasShape: [Int] { [gateWidth] }
  var stateUnits: [Int] { Array(repeating: units, count: stateCount) }
  var weightCount: Int { useBias ? 3 : 2 }

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    guard inputs[0].rank == 2, let features = inputs[0].last else {
      throw KerasError(
        .shapeMismatch,
        "input \(inputs[0]) but \(Self.className) needs (batch, steps, features)")
    }
    var specs = [
      WeightSpec("cell/kernel", shape: [features, gateWidth], settings: common.weights.kernel),
      WeightSpec(
        "cell/recurrent_kernel", shape: [units, gateWidth], settings: common.weights.recurrent),
    ]
    if useBias {
      specs.append(WeightSpec("cell/bias", shape: biasShape, settings: common.weights.bias))
    }
    return specs
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    try outputs(for: inputs, units: units)
  }

  var takesWords: Bool {
    !options.timeMajor && options.dropout == 0 && options.recurrentDropout == 0
  }

  public var usesSeedGenerator: Bool { true }
  public var generatorSeed: Int? { options.seed }

  public func drawCall(from draws: inout LayerDraws) {
    var inLoop = 0
    drawCall(from: &draws, inLoop: &inLoop)
  }

  /// - Parameter number: of the next random operation in the loop's own graph, which 2.15 numbers
  ///   anew.
  func drawCall(from draws: inout LayerDraws, inLoop number: inout Int) {
    let dropout = RecurrentDropout(self, options, generation: draws.generation)
    let isInLoop = dropout.timing == .everyStep
    if isInLoop {
      // One step outside of it tells Keras what shapes come out, and takes numbers too.
      draws.discarding { draws in
        for _ in 0..<dropout.operations { draws.generator(seed: nil) }
      }
    }
    for operation in 0..<dropout.operations {
      draws.generator(seed: isInLoop ? number : generatorSeed, operation: operation)
      number += 1
    }
  }

  public func draw(_ specs: [WeightSpec], from draws: inout LayerDraws) {
    if draws.generation == .keras1, gateCount > 1, options.implementation != 2 {
      drawGates(specs, from: &draws)
    } else {
      draws.weights(specs, of: config)
    }
    if draws.generation == .keras3 { draws.generator(seed: generatorSeed) }
  }

  /// Keras 1 makes the matrices gate by gate unless `consume_less` is `gpu`, those of the recurrent
  /// kernel too with the kernel's initializer.
  private func drawGates(_ specs: [WeightSpec], from draws: inout LayerDraws) {
    for gate in 0..<gateCount {
      for spec in specs.prefix(2) {
        let own = WeightSpec(spec.name, shape: spec.shape, settings: common.weights.kernel)
        draws.part(gate, of: own, count: gateCount, shape: [spec.shape[0], units])
      }
    }
    if useBias { draws.weight(specs[2]) }
  }

  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    gatedValues(of: spec, from: start)
  }

  /// The start of a weight that may have been drawn gate by gate.
  func gatedValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    guard start.origins.count > 1 else {
      return spec.settings.initializer.sample(shape: spec.shape, from: start)
    }
    let (rows, width) = (spec.shape[0], spec.shape[1])
    var values = [Float](repeating: 0, count: rows * width)
    for gate in 0..<start.origins.count {
      let part = common.weights.kernel.initializer.sample(
        shape: [rows, units], from: start.gate(gate))
      for row in 0..<rows {
        for unit in 0..<units {
          values[row * width + gate * units + unit] = part[row * units + unit]
        }
      }
    }
    return values
  }

  // MARK: Forward

  @specialized(where Self == GRU, S == Float)
  @specialized(where Self == LSTM, S == Float)
  @specialized(where Self == SimpleRNN, S == Float)
  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let loop = TimeLoop(cell: self, options: options)
    guard options.timeMajor else {
      let masks: DropoutMasks<S> = try drop(inputs[0].tensor.shape, &pass)
      let outputs = try loop.forward(inputs, weights, dropping: masks, &trace, &pass)
      if pass.keepsTrace { trace.saved += masks.arrays }
      return outputs
    }
    var inner = Trace<S>()
    inner.inputs = [inputs[0].turned(&pass.workspace)] + inputs.dropFirst()
    let masks: DropoutMasks<S> = try drop(inner.inputs[0].tensor.shape, &pass)
    var outputs = try loop.forward(inner.inputs, weights, dropping: masks, &inner, &pass)
    if options.returnSequences { outputs[0] = outputs[0].turned(&pass.workspace) }
    if pass.keepsTrace {
      inner.saved += masks.arrays
      trace.inner = [inner]
    }
    return outputs
  }

  /// What this batch drops; nothing outside training.
  private func drop<S: Scalar>(
    _ shape: Extents, _ pass: inout Pass
  ) throws(KerasError) -> DropoutMasks<S> {
    let (batch, features) = (shape[0], shape[shape.count - 1])
    let dropout = RecurrentDropout(self, options, generation: pass.generation)
    guard pass.isTraining else {
      dropout.skip(self, batch: batch, features: features, &pass)
      return DropoutMasks(batch: batch, gates: gateCount, units: units, .once)
    }
    try dropout.check()
    return dropout.draw(
      self, batch: batch, steps: shape[1], features: features, options, &pass)
  }

  // MARK: Backward

  @specialized(where Self == GRU, S == Float)
  @specialized(where Self == LSTM, S == Float)
  @specialized(where Self == SimpleRNN, S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let loop = TimeLoop(cell: self, options: options)
    var dOutputs = outputGradients.map(\.pointer)
    guard options.timeMajor else {
      loop.backward(
        dOutputs, into: inputGradients, weights, gradients, dropping: masks(trace, pass), trace,
        &pass)
      return
    }
    let inner = trace.inner[0]
    let (x, y) = (inner.inputs[0].tensor, trace.outputs[0].tensor)
    if options.returnSequences {
      dOutputs[0] = Signal(Tensor(dOutputs[0], shape: y.shape)).turned(&pass.workspace)
        .tensor.reals(in: &pass.workspace)
    }
    let dx = pass.workspace.zeros(S.self, count: x.count)
    loop.backward(
      dOutputs, into: [dx] + inputGradients.dropFirst(), weights, gradients,
      dropping: masks(inner, pass), inner, &pass)
    guard let dInput = inputGradients[0] else { return }
    let turned = Signal(Tensor(dx, shape: x.shape)).turned(&pass.workspace)
    Elementwise.add(turned.tensor.reals(in: &pass.workspace), to: dInput, count: x.count)
  }

  /// The masks that the way forward left in its trace.
  private func masks<S: Scalar>(_ trace: Trace<S>, _ pass: borrowing Pass) -> DropoutMasks<S> {
    let dropout = RecurrentDropout(self, options, generation: pass.generation)
    var masks = DropoutMasks<S>(
      batch: trace.inputs[0].tensor.batch, gates: gateCount, units: units, dropout.timing)
    guard pass.isTraining else { return masks }
    var arrays = trace.saved[...]
    if let input = dropout.input, let values = arrays.popFirst() {
      masks.input = (values, input.count)
    }
    if dropout.recurrent != nil, let values = arrays.popFirst() {
      masks.takes(values, replacingState: dropout.replacesState)
    }
    return masks
  }
}

extension Signal {
  /// The first two axes exchanged, in the tensor and in its mask.
  fileprivate func turned(_ workspace: inout Workspace) -> Signal {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    let width = tensor.shape.dropFirst(2).reduce(1, *)
    let from = tensor.reals(in: &workspace)
    let to = workspace.scratch(S.self, count: tensor.count)
    for row in 0..<rows {
      for column in 0..<columns {
        (to + (column * rows + row) * width)
          .update(from: from + (row * columns + column) * width, count: width)
      }
    }
    var result = Signal(Tensor(to, shape: [columns, rows] + tensor.shape.dropFirst(2)))
    if let mask, mask.shape.count == 2 {
      let flags = workspace.scratch(Bool.self, count: mask.count)
      for i in 0..<mask.count { flags[i % columns * rows + i / columns] = mask.flags[i] }
      result.mask = Mask(flags, shape: [columns, rows])
    }
    return result
  }
}
