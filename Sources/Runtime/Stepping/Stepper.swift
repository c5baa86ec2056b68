import KerasFormat

/// A layer of a line that steps go through, one after another.
protocol Stepper: AnyObject {
  /// The layer's.
  var name: String { get }
  /// Whether what comes of a step is a step of a sequence, else a row without steps.
  var givesSequences: Bool { get }

  /// The output after one more step, `(1, 1, F)` or ids `(1, 1)`. A masked one changes no state.
  func step(_ input: Signal<Float>, _ pass: inout Pass) throws(KerasError) -> Signal<Float>

  /// Back to states of zero.
  func reset()
}

/// A call of a layer with its weights.
struct StepCall {
  let node: Graph.Node
  /// The node's in its graph.
  let index: Int
  let weights: Weights<Float>
  let specs: ArraySlice<WeightSpec>

  func callAsFunction(
    _ input: Signal<Float>, _ pass: inout Pass
  ) throws(KerasError) -> Signal<Float> {
    pass.enter(index)
    var (signal, trace) = (input, Trace<Float>())
    signal.lookUpWords(&pass.workspace)
    let output = try node.forward(
      Signals(signal), weights: weights, specs: specs, trace: &trace, pass: &pass)[0]
    pass.leave()
    return output
  }

  /// What takes the layer's steps, or rows that come of them.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` where it needs all steps at once.
  func stepper(
    takingSteps: Bool, _ memory: inout Pass
  ) throws(KerasError) -> any Stepper {
    guard takingSteps else { return IndependentStepper(self) }
    guard !(node.receivesMask && node.layer is Softmax) else {
      throw KerasError(
        .unsupportedConfiguration, "a Softmax lays a mask over whole sequences",
        hint: "compute whole sequences")
    }
    guard let sequence = node.layer as? any SequenceLayer else {
      guard node.layer.computesStepsAlike else {
        throw KerasError(
          .unsupportedConfiguration,
          "\(type(of: node.layer).className) needs all steps of a sequence",
          hint: "compute whole sequences")
      }
      return IndependentStepper(self)
    }
    let options = sequence.options
    guard !options.goBackwards, !options.timeMajor, !options.zeroOutputForMask else {
      let option =
        options.goBackwards
        ? "go_backwards" : options.timeMajor ? "time_major" : "zero_output_for_mask"
      throw KerasError(
        .unsupportedConfiguration, "with \(option) it does not take one step after another",
        hint: "compute whole sequences")
    }
    guard !(node.receivesMask && node.layer is RNN && memory.generation < .keras2_15) else {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras 1 and 2 mix the states of several cells under a mask, by whole sequences",
        hint: "compute whole sequences")
    }
    if node.policy.computeType == .float32 {
      switch node.layer {
      case let cell as GRU: return CellStepper(cell, options, self, &memory)
      case let cell as LSTM: return CellStepper(cell, options, self, &memory)
      case let cell as SimpleRNN: return CellStepper(cell, options, self, &memory)
      default: break
      }
    }
    return SequenceStepper(self, sequence)
  }
}

/// A layer that computes each step by itself.
final class IndependentStepper: Stepper {
  private let call: StepCall
  let givesSequences = true
  var name: String { call.node.name }

  init(_ call: StepCall) { self.call = call }

  func step(_ input: Signal<Float>, _ pass: inout Pass) throws(KerasError) -> Signal<Float> {
    try call(input, &pass)
  }

  func reset() {}
}

/// A cell with its states and the memory of one step.
final class CellStepper<Cell: RecurrentCell>: Stepper {
  let name: String
  let givesSequences: Bool
  private let cell: Cell
  private let kernel: UnsafeMutablePointer<Float>
  /// What the gates' sums begin with.
  private let bias: UnsafePointer<Float>
  private let run: CellRun<Cell, Float>
  private let arrays: LoopArrays<Float>
  private let shape: Extents
  /// The words' products with the kernel, once there are any.
  private var cache: WordCache<Float>?

  init(_ cell: Cell, _ options: RecurrentOptions, _ call: StepCall, _ memory: inout Pass) {
    let weights = call.weights
    (self.cell, name) = (cell, call.node.name)
    kernel = weights[0]
    givesSequences = options.returnSequences
    bias = UnsafePointer(
      cell.useBias
        ? weights[2] : memory.workspace.zeros(Float.self, count: cell.gateWidth))
    let course = Course(leadingFor: 1, &memory.workspace)
    arrays = LoopArrays(cell, course, dropsState: false, &memory.workspace)
    let none = DropoutMasks<Float>(batch: 1, gates: cell.gateCount, units: cell.units, .once)
    run = CellRun(cell, weights, bias: bias, batch: 1, dropping: none, &memory)
    shape = givesSequences ? [1, 1, cell.units] : [1, cell.units]
    reset()
  }

  func reset() {
    arrays.entering.setZero(count: cell.units)
    arrays.final.setZero(count: cell.units)
  }

  @specialized(where Cell == GRU)
  @specialized(where Cell == LSTM)
  @specialized(where Cell == SimpleRNN)
  func step(_ input: Signal<Float>, _ pass: inout Pass) throws(KerasError) -> Signal<Float> {
    let mask = givesSequences ? input.mask : nil
    guard input.mask?.flags[0] ?? true else {
      return Signal(Tensor(arrays.final.h, shape: shape), mask: mask)
    }
    arrays.entering.update(from: arrays.final, count: cell.units)
    let width = cell.gateWidth
    if let words = input.tensor.words, let cache = cache(of: words) {
      let sums = cache.products(
        of: words.ids[0], words, kernel: kernel, bias: bias, &pass)
      arrays.gates.update(from: sums, count: width)
    } else {
      let x = input.tensor.reals(in: &pass.workspace)
      Float.addProduct(
        MatrixProduct(
          .init(x, stride: input.tensor.width), .init(kernel, stride: width),
          startingFrom: MatrixRows(bias, stride: 0), into: arrays.gates, strideC: width, m: 1,
          n: width, k: input.tensor.width))
    }
    run.steps(0..<1, 0..<1, arrays, nil)
    return Signal(Tensor(arrays.final.h, shape: shape), mask: mask)
  }

  private func cache(of words: WordVectors<Float>) -> WordCache<Float>? {
    if cache == nil { cache = WordCache(rows: words.rows, width: cell.gateWidth) }
    return cache
  }
}

/// Any layer over time, called with one step and the states of the call before.
final class SequenceStepper: Stepper {
  let givesSequences: Bool
  var name: String { call.node.name }
  private let call: StepCall
  private var states: RecurrentStates? = RecurrentStates()
  private var output: [Float]
  private let shape: Extents

  init(_ call: StepCall, _ layer: any SequenceLayer) {
    var layer = layer
    layer.options.stateful = true
    layer.options.returnState = false
    self.call = StepCall(
      node: call.node.with(layer), index: call.index, weights: call.weights, specs: call.specs)
    givesSequences = layer.options.returnSequences
    output = [Float](repeating: 0, count: layer.outputUnits)
    shape = givesSequences ? [1, 1, layer.outputUnits] : [1, layer.outputUnits]
  }

  func reset() {
    states = RecurrentStates()
    for index in output.indices { output[index] = 0 }
  }

  func step(_ input: Signal<Float>, _ pass: inout Pass) throws(KerasError) -> Signal<Float> {
    if input.mask?.flags[0] ?? true {
      swap(&pass.states, &states)
      defer { swap(&pass.states, &states) }
      let values = try call(Signal(input.tensor), &pass).tensor.reals(in: &pass.workspace)
      for index in output.indices { output[index] = values[index] }
    }
    let values = pass.workspace.scratch(Float.self, count: output.count)
    for index in output.indices { values[index] = output[index] }
    return Signal(Tensor(values, shape: shape), mask: givesSequences ? input.mask : nil)
  }
}
