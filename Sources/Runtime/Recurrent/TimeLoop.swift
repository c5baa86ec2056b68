import KerasFormat

/// The one loop over time: direction, masks, sequences, and the sums over steps.
///
/// Memory is time-major, `[T × B × …]`, in processing order, so that a step's rows lie together.
/// The input's product with the kernel is one product for all steps; so are the gradients of the
/// weights. Inside the loop nothing allocates.
///
/// A masked step repeats the previous states, and with them the previous output; before the first
/// valid step that is zero. On the way back its gradient goes past the cell unchanged.
struct TimeLoop<Cell: RecurrentCell> {
  let cell: Cell
  let options: RecurrentOptions

  // MARK: Forward

  /// - Parameter masks: what training drops; kept by who drew them for the way back.
  func forward<S: Scalar>(
    _ inputs: [Signal<S>], _ weights: Weights<S>, dropping masks: DropoutMasks<S>,
    _ trace: inout Trace<S>, _ pass: inout Pass
  ) -> [Signal<S>] {
    let input = inputs[0]
    let (batch, steps, features) = (
      input.tensor.shape[0], input.tensor.shape[1], input.tensor.width
    )
    let (units, gateWidth, rows) = (cell.units, cell.gateWidth, batch * steps)
    let x = input.tensor.reals(in: &pass.workspace)
    let xTime = pass.workspace.scratch(S.self, count: rows * features)
    Elementwise.copyTimeMajor(
      x, to: xTime, batch: batch, steps: steps, width: features, reversed: options.goBackwards)

    let gates = pass.workspace.scratch(S.self, count: rows * gateWidth)
    let bias = cell.useBias ? UnsafePointer(weights[2]) : nil
    let lastBias = S.roundsOperations && cell.addsBiasLast(pass.generation) ? bias : nil
    Elementwise.fillRows(
      gates, with: lastBias == nil ? bias : nil, rows: rows, width: gateWidth)
    masks.addInputProduct(
      InputProduct(
        x: xTime, kernel: weights[0], gates: gates, rows: rows, features: features,
        gateWidth: gateWidth), &pass.workspace)

    let start = initialStates(inputs.dropFirst(), batch: batch, &pass)
    let states = (0..<cell.stateCount).map { index in
      let state = pass.workspace.scratch(S.self, count: (rows + batch) * units)
      if let values = start?[index] {
        state.update(from: values, count: batch * units)
      } else {
        state.update(repeating: 0, count: batch * units)
      }
      return state
    }
    // What the cell sees of the output before each step: the same, or what training leaves of it.
    let entering =
      masks.state == nil ? states[0] : pass.workspace.scratch(S.self, count: rows * units)
    let saved = pass.workspace.scratch(S.self, count: rows * cell.savedWidth)
    let scratch = pass.workspace.scratch(S.self, count: batch * gateWidth)
    let dropped = masks.recurrent(at: 0).map { _ in
      pass.workspace.scratch(S.self, count: batch * units)
    }
    let c = states.count > 1 ? states[1] : nil
    for t in 0..<steps {
      let (now, next) = (t * batch * units, (t + 1) * batch * units)
      masks.dropState(states[0] + now, at: t, into: entering + now, units: units)
      cell.step(
        CellStep(
          rows: batch, gates: gates + t * batch * gateWidth, h: entering + now,
          c: c.map { UnsafePointer($0 + now) }, newH: states[0] + next, newC: c.map { $0 + next },
          saved: saved + t * batch * cell.savedWidth, recurrentKernel: weights[1],
          recurrentBias: cell.hasRecurrentBias ? UnsafePointer(weights[2] + gateWidth) : nil,
          lastBias: lastBias, masks: masks.recurrent(at: t), dropped: dropped),
        scratch: scratch)
      for row in maskedRows(at: t, input.mask) {
        for state in states {
          (state + next + row * units).update(from: state + now + row * units, count: units)
        }
      }
    }
    if pass.keepsTrace { trace.saved = [xTime, gates, saved, entering] + states }
    let ends = states.map { $0 + rows * units }
    if options.stateful, pass.states != nil {
      pass.states?.arrays[pass.path] = ends.map { end in
        (0..<batch * units).map { Double(end[$0]) }
      }
    }
    let silence = SilentSteps(
      input.mask, options, leading: start == nil ? nil : pass.generation, &pass.workspace)
    let output = output(
      of: states[0], input, silence, batch: batch, steps: steps, &pass.workspace)
    guard options.returnState else { return [output] }
    return [output] + ends.map { Signal(Tensor($0, shape: [batch, units])) }
  }

  /// What the first step starts from: given states, those of the call before, or `nil` for zero.
  private func initialStates<S: Scalar>(
    _ given: ArraySlice<Signal<S>>, batch: Int, _ pass: inout Pass
  ) -> [UnsafeMutablePointer<S>]? {
    if !given.isEmpty {
      var states: [UnsafeMutablePointer<S>] = []
      for signal in given { states.append(signal.tensor.reals(in: &pass.workspace)) }
      return states
    }
    guard options.stateful, let kept = pass.states?.arrays[pass.path],
      kept[0].count == batch * cell.units
    else { return nil }
    return kept.map { values in
      let state = pass.workspace.scratch(S.self, count: values.count)
      for (i, value) in values.enumerated() { state[i] = S(value) }
      return state
    }
  }

  private func output<S: Scalar>(
    of h: UnsafeMutablePointer<S>, _ input: Signal<S>, _ silence: SilentSteps, batch: Int,
    steps: Int, _ workspace: inout Workspace
  ) -> Signal<S> {
    let units = cell.units
    guard options.returnSequences else {
      let last = h + steps * batch * units
      guard silence.isPossible, steps > 0 else {
        return Signal(Tensor(last, shape: [batch, units]))
      }
      let y = workspace.scratch(S.self, count: batch * units)
      y.update(from: last, count: batch * units)
      for row in 0..<batch where silence.contains(row, at: steps - 1) {
        (y + row * units).update(repeating: 0, count: units)
      }
      return Signal(Tensor(y, shape: [batch, units]))
    }
    let y = workspace.zeros(S.self, count: batch * steps * units)
    Elementwise.addBatchMajor(
      h + batch * units, to: y, batch: batch, steps: steps, width: units, reversed: false)
    if silence.isPossible {
      for t in 0..<steps {
        for row in 0..<batch where silence.contains(row, at: t) {
          (y + (row * steps + t) * units).update(repeating: 0, count: units)
        }
      }
    }
    return Signal(Tensor(y, shape: [batch, steps, units]), mask: input.mask)
  }

  /// The rows that do not count at processing step `t`.
  private func maskedRows(at t: Int, _ mask: Mask?) -> some Sequence<Int> {
    let time = mask.map { options.goBackwards ? $0.steps - 1 - t : t } ?? 0
    return (0..<(mask?.batch ?? 0)).lazy.filter { row in
      mask.map { !$0.flags[row * $0.steps + time] } ?? false
    }
  }

  // MARK: Backward

  func backward<S: Scalar>(
    _ dOutputs: [UnsafeMutablePointer<S>], into dInputs: [UnsafeMutablePointer<S>?],
    _ weights: Weights<S>, _ gradients: Weights<S>, dropping masks: DropoutMasks<S>,
    _ trace: Trace<S>, _ pass: inout Pass
  ) {
    let (input, dOutput) = (trace.inputs[0], dOutputs[0])
    let (batch, steps, features) = (
      input.tensor.shape[0], input.tensor.shape[1], input.tensor.width
    )
    let (units, gateWidth, rows) = (cell.units, cell.gateWidth, batch * steps)
    // Whether the first step started from a state that may not be zero.
    let silence = SilentSteps(
      input.mask, options,
      leading: trace.inputs.count > 1 || options.stateful ? pass.generation : nil,
      &pass.workspace)
    let (xTime, gates, saved, entering) = (
      trace.saved[0], trace.saved[1], trace.saved[2], trace.saved[3]
    )
    let c = cell.stateCount > 1 ? trace.saved[5] : nil

    let transposed = pass.workspace.scratch(S.self, count: units * gateWidth)
    for i in 0..<units {
      for j in 0..<gateWidth { transposed[j * units + i] = weights[1][i * gateWidth + j] }
    }
    let dGates = pass.workspace.scratch(S.self, count: rows * gateWidth)
    let dRecurrent =
      cell.separatesRecurrent ? pass.workspace.scratch(S.self, count: rows * gateWidth) : nil
    let scratch = pass.workspace.scratch(S.self, count: batch * gateWidth)
    let dropped = masks.recurrent(at: 0).map { _ in
      pass.workspace.scratch(S.self, count: rows * units)
    }
    var carries = StateGradients<S>(
      batch: batch, units: units, count: cell.stateCount, &pass.workspace)
    if !options.returnSequences {
      carries.new[0].update(from: dOutput, count: batch * units)
      if steps > 0 {
        for row in 0..<batch where silence.contains(row, at: steps - 1) {
          (carries.new[0] + row * units).update(repeating: 0, count: units)
        }
      }
    }
    for (dState, target) in zip(dOutputs.dropFirst(), carries.new) {
      Elementwise.add(dState, to: target, count: batch * units)
    }

    for t in (0..<steps).reversed() {
      let (now, next) = (t * batch * units, (t + 1) * batch * units)
      if options.returnSequences {
        for row in 0..<batch where !silence.contains(row, at: t) {
          Elementwise.add(
            dOutput + (row * steps + t) * units, to: carries.new[0] + row * units, count: units)
        }
      }
      carries.setAside(maskedRows(at: t, input.mask))
      cell.stepBack(
        CellStepBack(
          rows: batch, gates: gates + t * batch * gateWidth, h: entering + now,
          c: c.map { UnsafePointer($0 + now) }, newC: c.map { UnsafePointer($0 + next) },
          saved: saved + t * batch * cell.savedWidth, recurrentTransposed: transposed,
          dNewH: carries.new[0], dNewC: carries.new.count > 1 ? UnsafePointer(carries.new[1]) : nil,
          dGates: dGates + t * batch * gateWidth,
          dRecurrent: dRecurrent.map { $0 + t * batch * gateWidth },
          dH: carries.old[0], dC: carries.old.count > 1 ? carries.old[1] : nil,
          masks: masks.recurrent(at: t), dropped: dropped),
        scratch: scratch)
      masks.dropState(carries.old[0], at: t, into: carries.old[0], units: units)
      carries.bringBack(maskedRows(at: t, input.mask))
    }

    for (dInitial, carry) in zip(dInputs.dropFirst(), carries.new) {
      if let dInitial { Elementwise.add(carry, to: dInitial, count: batch * units) }
    }
    cell.addRecurrentGradients(
      CellGradientSums(
        batch: batch, rows: rows, previousOutputs: entering, saved: saved, dGates: dGates,
        dRecurrent: dRecurrent.map { UnsafePointer($0) }, dRecurrentKernel: gradients[1],
        dRecurrentBias: cell.hasRecurrentBias ? gradients[2] + gateWidth : nil,
        masks: masks.recurrent(at: 0), maskStride: masks.stepStride, dropped: dropped))
    if cell.useBias {
      Elementwise.addColumnSums(of: dGates, rows: rows, width: gateWidth, to: gradients[2])
    }
    let dx = dInputs[0].map { _ in pass.workspace.zeros(S.self, count: rows * features) }
    masks.addInputGradients(
      InputProduct(
        x: xTime, kernel: weights[0], gates: dGates, rows: rows, features: features,
        gateWidth: gateWidth), dKernel: gradients[0], dx: dx, &pass.workspace)
    guard let dInput = dInputs[0], let dx else { return }
    Elementwise.addBatchMajor(
      dx, to: dInput, batch: batch, steps: steps, width: features, reversed: options.goBackwards)
  }
}

/// The steps at which a row puts out zeros, whatever its state is: those that are masked where
/// `zero_output_for_mask` asks for it, and, from Keras 2.15 on, those that are masked before any that
/// counts where the layer started from a state. Keras 1 and 2 put out that state.
private struct SilentSteps {
  private let mask: Mask?
  private let isReversed: Bool
  private let coversAll: Bool
  /// By row the first processing step that counts.
  private let firstCounted: UnsafeMutablePointer<Int>?

  /// - Parameter leading: whose rules apply to a layer that started from a state; `nil` from zero.
  init(
    _ mask: Mask?, _ options: RecurrentOptions, leading: Generation?,
    _ workspace: inout Workspace
  ) {
    self.mask = mask
    isReversed = options.goBackwards
    coversAll = options.zeroOutputForMask
    guard let mask, let leading, leading >= .keras2_15 else {
      firstCounted = nil
      return
    }
    let first = workspace.scratch(Int.self, count: mask.batch)
    let steps = mask.steps
    for row in 0..<mask.batch {
      let flags = mask.flags + row * steps
      first[row] =
        (0..<steps).first { flags[options.goBackwards ? steps - 1 - $0 : $0] } ?? steps
    }
    firstCounted = first
  }

  /// Whether there may be any.
  var isPossible: Bool { mask != nil && coversAll || firstCounted != nil }

  /// Whether processing step `t` of a row is one.
  func contains(_ row: Int, at t: Int) -> Bool {
    if let firstCounted, t < firstCounted[row] { return true }
    guard coversAll, let mask else { return false }
    return !mask.flags[row * mask.steps + (isReversed ? mask.steps - 1 - t : t)]
  }
}

/// The gradients of the states on both sides of a step, `[batch × units]` each, and those that wait
/// while a masked row goes past the cell.
private struct StateGradients<S: Scalar> {
  private(set) var new: [UnsafeMutablePointer<S>]
  private(set) var old: [UnsafeMutablePointer<S>]
  private let aside: [UnsafeMutablePointer<S>]
  private let units: Int

  init(batch: Int, units: Int, count: Int, _ workspace: inout Workspace) {
    var arrays: [UnsafeMutablePointer<S>] = []
    for _ in 0..<3 * count { arrays.append(workspace.zeros(S.self, count: batch * units)) }
    new = Array(arrays[..<count])
    old = Array(arrays[count..<2 * count])
    aside = Array(arrays[(2 * count)...])
    self.units = units
  }

  /// Takes masked rows out, so that the cell sees no gradient for them.
  func setAside(_ rows: some Sequence<Int>) {
    for row in rows {
      for (state, shelf) in zip(new, aside) {
        (shelf + row * units).update(from: state + row * units, count: units)
        (state + row * units).update(repeating: 0, count: units)
      }
    }
  }

  /// Puts them into the gradients of the old states, which become those of the next step back.
  mutating func bringBack(_ rows: some Sequence<Int>) {
    for row in rows {
      for (state, shelf) in zip(old, aside) {
        (state + row * units).update(from: shelf + row * units, count: units)
      }
    }
    swap(&new, &old)
  }
}
