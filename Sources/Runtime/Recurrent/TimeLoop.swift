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

  func forward<S: Scalar>(
    _ inputs: [Signal<S>], _ weights: Weights<S>, _ trace: inout Trace<S>, _ pass: inout Pass
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
    S.addProduct(
      MatrixProduct(
        .init(xTime, stride: features), .init(weights[0], stride: gateWidth),
        into: gates, strideC: gateWidth, m: rows, n: gateWidth, k: features))

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
    let saved = pass.workspace.scratch(S.self, count: rows * cell.savedWidth)
    let scratch = pass.workspace.scratch(S.self, count: batch * gateWidth)
    let c = states.count > 1 ? states[1] : nil
    for t in 0..<steps {
      let (now, next) = (t * batch * units, (t + 1) * batch * units)
      cell.step(
        CellStep(
          rows: batch, gates: gates + t * batch * gateWidth, h: states[0] + now,
          c: c.map { UnsafePointer($0 + now) }, newH: states[0] + next, newC: c.map { $0 + next },
          saved: saved + t * batch * cell.savedWidth, recurrentKernel: weights[1],
          recurrentBias: cell.hasRecurrentBias ? UnsafePointer(weights[2] + gateWidth) : nil,
          lastBias: lastBias),
        scratch: scratch)
      for row in maskedRows(at: t, input.mask) {
        for state in states {
          (state + next + row * units).update(from: state + now + row * units, count: units)
        }
      }
    }
    if pass.keepsTrace { trace.saved = [xTime, gates, saved] + states }
    let ends = states.map { $0 + rows * units }
    if options.stateful, pass.states != nil {
      pass.states?.arrays[pass.path] = ends.map { end in
        (0..<batch * units).map { Double(end[$0]) }
      }
    }
    let output = output(
      of: states[0], input, batch: batch, steps: steps,
      leading: start == nil ? nil : pass.generation, &pass.workspace)
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

  /// Rows that no step before or at `t` counted in: from Keras 2.15 on they put out zeros even where
  /// they started from a state; Keras 1 and 2 put out that state.
  private func isLeading(_ row: Int, at t: Int, _ mask: Mask?, _ generation: Generation?) -> Bool {
    guard let generation, generation >= .keras2_15, mask != nil else { return false }
    return (0...t).allSatisfy { isMasked(row, at: $0, mask) }
  }

  private func output<S: Scalar>(
    of h: UnsafeMutablePointer<S>, _ input: Signal<S>, batch: Int, steps: Int,
    leading: Generation?, _ workspace: inout Workspace
  ) -> Signal<S> {
    let units = cell.units
    guard options.returnSequences else {
      let last = h + steps * batch * units
      guard options.zeroOutputForMask || leading != nil, input.mask != nil, steps > 0 else {
        return Signal(Tensor(last, shape: [batch, units]))
      }
      let y = workspace.scratch(S.self, count: batch * units)
      y.update(from: last, count: batch * units)
      for row in 0..<batch where isSilent(row, at: steps - 1, input.mask, leading) {
        (y + row * units).update(repeating: 0, count: units)
      }
      return Signal(Tensor(y, shape: [batch, units]))
    }
    let y = workspace.zeros(S.self, count: batch * steps * units)
    Elementwise.addBatchMajor(
      h + batch * units, to: y, batch: batch, steps: steps, width: units, reversed: false)
    if options.zeroOutputForMask || leading != nil {
      for t in 0..<steps {
        for row in 0..<batch where isSilent(row, at: t, input.mask, leading) {
          (y + (row * steps + t) * units).update(repeating: 0, count: units)
        }
      }
    }
    return Signal(Tensor(y, shape: [batch, steps, units]), mask: input.mask)
  }

  /// Whether a row puts out zeros at processing step `t` whatever its state is.
  private func isSilent(
    _ row: Int, at t: Int, _ mask: Mask?, _ leading: Generation?
  ) -> Bool {
    isMasked(row, at: t, mask)
      && (options.zeroOutputForMask || isLeading(row, at: t, mask, leading))
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
    _ weights: Weights<S>, _ gradients: Weights<S>, _ trace: Trace<S>, _ pass: inout Pass
  ) {
    let (input, dOutput) = (trace.inputs[0], dOutputs[0])
    // Whether the first step started from a state that may not be zero.
    let leading = trace.inputs.count > 1 || options.stateful ? pass.generation : nil
    let (batch, steps, features) = (
      input.tensor.shape[0], input.tensor.shape[1], input.tensor.width
    )
    let (units, gateWidth, rows) = (cell.units, cell.gateWidth, batch * steps)
    let (xTime, gates, saved) = (trace.saved[0], trace.saved[1], trace.saved[2])
    let (h, c) = (trace.saved[3], trace.saved.count > 4 ? trace.saved[4] : nil)

    let transposed = pass.workspace.scratch(S.self, count: units * gateWidth)
    for i in 0..<units {
      for j in 0..<gateWidth { transposed[j * units + i] = weights[1][i * gateWidth + j] }
    }
    let dGates = pass.workspace.scratch(S.self, count: rows * gateWidth)
    let dRecurrent =
      cell.separatesRecurrent ? pass.workspace.scratch(S.self, count: rows * gateWidth) : nil
    let scratch = pass.workspace.scratch(S.self, count: batch * gateWidth)
    var carries = StateGradients<S>(
      batch: batch, units: units, count: cell.stateCount, &pass.workspace)
    if !options.returnSequences {
      carries.new[0].update(from: dOutput, count: batch * units)
      if steps > 0 {
        for row in 0..<batch where isSilent(row, at: steps - 1, input.mask, leading) {
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
        for row in 0..<batch where !isSilent(row, at: t, input.mask, leading) {
          Elementwise.add(
            dOutput + (row * steps + t) * units, to: carries.new[0] + row * units, count: units)
        }
      }
      carries.setAside(maskedRows(at: t, input.mask))
      cell.stepBack(
        CellStepBack(
          rows: batch, gates: gates + t * batch * gateWidth, h: h + now,
          c: c.map { UnsafePointer($0 + now) }, newC: c.map { UnsafePointer($0 + next) },
          saved: saved + t * batch * cell.savedWidth, recurrentTransposed: transposed,
          dNewH: carries.new[0], dNewC: carries.new.count > 1 ? UnsafePointer(carries.new[1]) : nil,
          dGates: dGates + t * batch * gateWidth,
          dRecurrent: dRecurrent.map { $0 + t * batch * gateWidth },
          dH: carries.old[0], dC: carries.old.count > 1 ? carries.old[1] : nil),
        scratch: scratch)
      carries.bringBack(maskedRows(at: t, input.mask))
    }

    for (dInitial, carry) in zip(dInputs.dropFirst(), carries.new) {
      if let dInitial { Elementwise.add(carry, to: dInitial, count: batch * units) }
    }
    cell.addRecurrentGradients(
      CellGradientSums(
        rows: rows, previousOutputs: h, saved: saved, dGates: dGates,
        dRecurrent: dRecurrent.map { UnsafePointer($0) }, dRecurrentKernel: gradients[1],
        dRecurrentBias: cell.hasRecurrentBias ? gradients[2] + gateWidth : nil))
    S.addProduct(
      MatrixProduct(
        .init(xTime, stride: features, transposed: true), .init(dGates, stride: gateWidth),
        into: gradients[0], strideC: gateWidth, m: features, n: gateWidth, k: rows))
    if cell.useBias {
      Elementwise.addColumnSums(of: dGates, rows: rows, width: gateWidth, to: gradients[2])
    }
    guard let dInput = dInputs[0] else { return }
    let dx = pass.workspace.zeros(S.self, count: rows * features)
    S.addProduct(
      MatrixProduct(
        .init(dGates, stride: gateWidth), .init(weights[0], stride: gateWidth, transposed: true),
        into: dx, strideC: features, m: rows, n: features, k: gateWidth))
    Elementwise.addBatchMajor(
      dx, to: dInput, batch: batch, steps: steps, width: features, reversed: options.goBackwards)
  }

  private func isMasked(_ row: Int, at t: Int, _ mask: Mask?) -> Bool {
    guard let mask else { return false }
    return !mask.flags[row * mask.steps + (options.goBackwards ? mask.steps - 1 - t : t)]
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
