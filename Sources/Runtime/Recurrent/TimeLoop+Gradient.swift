import KerasFormat

/// What a time loop keeps for its way back; a class, so that a trace stays small where there is no
/// way back.
final class LoopTrace<S: Scalar> {
  let main: LoopArrays<S>
  /// The row that takes the padding in front for all others.
  let lead: LoopArrays<S>?
  let source: GateSource<S>

  init(main: LoopArrays<S>, lead: LoopArrays<S>?, source: GateSource<S>) {
    (self.main, self.lead, self.source) = (main, lead, source)
  }
}

extension TimeLoop {
  @specialized(where Cell == GRU, S == Float)
  @specialized(where Cell == LSTM, S == Float)
  @specialized(where Cell == SimpleRNN, S == Float)
  func backward<S: Scalar>(
    _ dOutputs: [UnsafeMutablePointer<S>], into dInputs: [UnsafeMutablePointer<S>?],
    _ weights: Weights<S>, _ gradients: Weights<S>, dropping masks: DropoutMasks<S>,
    _ trace: Trace<S>, _ pass: inout Pass
  ) {
    guard let loop = trace.loop else { return }
    let (input, course, units) = (trace.inputs[0], loop.main.course, cell.units)
    // Whether the first step started from a state that may not be zero.
    let silence = SilentSteps(
      input.mask, options,
      leading: trace.inputs.count > 1 || options.stateful ? pass.generation : nil,
      &pass.workspace)
    let transposed = pass.workspace.scratch(S.self, count: units * cell.gateWidth)
    for i in 0..<units {
      for j in 0..<cell.gateWidth {
        transposed[j * units + i] = weights[1][i * cell.gateWidth + j]
      }
    }
    let back = CellRunBack(
      cell: cell, recurrentTransposed: UnsafePointer(transposed),
      packedTransposed: S.packed(
        transposed, rows: cell.gateWidth, columns: units, &pass.workspace),
      masks: masks,
      scratch: pass.workspace.scratch(S.self, count: course.batch * cell.gateWidth),
      dropped: masks.recurrent(at: 0).map { _ in
        pass.workspace.scratch(S.self, count: course.batch * units)
      })
    let ofFinal = finalGradients(dOutputs, course, silence, &pass.workspace)
    let sequence = options.returnSequences ? dOutputs[0] : nil
    let sums = LoopSums<S>(cell, course, hasMasks: !masks.isEmpty, &pass.workspace)
    let main = LoopGradients<S>(
      cell, loop.main, final: ofFinal, keepsSteps: sums == nil, &pass.workspace)
    addRest(of: sequence, to: main, silence)
    let parts = sums?.parts ?? course.parts(threads(for: course, masks, pass.crew))
    pass.crew.each(parts.count, work: course.total * cell.gateWidth * units) { part in
      retreat(parts[part], main, sequence, silence, input.mask, back, sums?.arrays[part])
    }
    sums?.add(to: gradients, cell)
    let lead = loop.lead.map { arrays in
      retreatLead(arrays, behind: main, sequence, silence, back, &pass.workspace)
    }
    addInitialGradients(main, sequence, silence, to: dInputs.dropFirst())

    for part in [sums == nil ? main : nil, lead].compactMap({ $0 }) {
      addSums(of: part, to: gradients, pass.crew)
    }
    loop.source.addGradients(
      of: main.dGates, course, lead: lead?.dGates, leadSteps: course.leadSteps,
      kernel: weights[0], dKernel: gradients[0], dInput: dInputs[0], dropping: masks,
      reversed: options.goBackwards, &pass)
  }

  /// The gradients of the states at the end, by position.
  private func finalGradients<S: Scalar>(
    _ dOutputs: [UnsafeMutablePointer<S>], _ course: Course, _ silence: SilentSteps,
    _ workspace: inout Workspace
  ) -> CellStates<S> {
    let units = cell.units
    let final = CellStates<S>(cell, rows: course.batch, zero: true, &workspace)
    for position in 0..<course.batch {
      let row = course.rows[position]
      let target = final.from(position * units)
      let isSilent = course.steps > 0 && silence.contains(row, at: course.steps - 1)
      if !options.returnSequences, !isSilent {
        Elementwise.add(dOutputs[0] + row * units, to: target.h, count: units)
      }
      for (dState, state) in zip(dOutputs.dropFirst(), target.arrays) {
        Elementwise.add(dState + row * units, to: state, count: units)
      }
    }
    return final
  }

  /// Adds what comes back from outputs behind the last steps of rows that drop out: there the final
  /// state came out.
  private func addRest<S: Scalar>(
    of sequence: UnsafePointer<S>?, to gradients: LoopGradients<S>, _ silence: SilentSteps
  ) {
    let course = gradients.arrays.course
    guard let sequence, !course.isGrowing, !course.isWhole else { return }
    for t in 0..<course.steps {
      for position in course.active[t]..<course.batch {
        let row = course.rows[position]
        guard !silence.contains(row, at: t) else { continue }
        Elementwise.add(
          sequence + (row * course.steps + t) * cell.units,
          to: gradients.final.h + position * cell.units, count: cell.units)
      }
    }
  }

  /// Takes some positions back through all steps.
  ///
  /// - Parameter sums: where the weights' gradients of these positions gather; `nil` where they are
  ///   summed afterwards.
  private func retreat<S: Scalar>(
    _ positions: Range<Int>, _ gradients: LoopGradients<S>, _ sequence: UnsafePointer<S>?,
    _ silence: SilentSteps, _ mask: Mask?, _ back: CellRunBack<Cell, S>,
    _ sums: LoopSums<S>.Arrays?
  ) {
    let (course, units) = (gradients.arrays.course, cell.units)
    for t in (0..<course.steps).reversed() {
      let taking = positions.clamped(to: 0..<course.active[t])
      guard !taking.isEmpty else { continue }
      let after = gradients.ofStates(before: t + 1)
      let before = gradients.ofStates(before: t)
      for position in taking.clamped(to: course.droppingOut(after: t)) {
        after.from(position * units).update(
          from: gradients.final.from(position * units), count: units)
      }
      if let sequence {
        for position in taking {
          let row = course.rows[position]
          guard !silence.contains(row, at: t) else { continue }
          Elementwise.add(
            sequence + (row * course.steps + t) * units, to: after.h + position * units,
            count: units)
        }
      }
      let hasGaps = course.hasGaps && mask != nil
      func forEachGap(
        _ body: (_ state: CellStates<S>, _ shelf: CellStates<S>) -> Void, in side: CellStates<S>
      ) {
        guard hasGaps, let mask else { return }
        for position in taking where isMasked(course.rows[position], at: t, mask) {
          body(side.from(position * units), gradients.shelf.from(position * units))
        }
      }
      // The cell sees no gradient of masked rows; theirs goes past it.
      forEachGap(
        { state, shelf in
          shelf.update(from: state, count: units)
          state.setZero(count: units)
        }, in: after)
      let last = min(taking.upperBound, max(taking.lowerBound, course.active[t + 1]))
      back.step(taking.lowerBound..<last, at: t, gradients, sums)
      back.step(last..<taking.upperBound, at: t, gradients, sums)
      forEachGap({ state, shelf in state.update(from: shelf, count: units) }, in: before)
    }
  }

  /// Takes the lead back, which gathers what the rows that came in at each step hand on.
  private func retreatLead<S: Scalar>(
    _ arrays: LoopArrays<S>, behind main: LoopGradients<S>, _ sequence: UnsafePointer<S>?,
    _ silence: SilentSteps, _ back: CellRunBack<Cell, S>, _ workspace: inout Workspace
  ) -> LoopGradients<S> {
    let (course, units) = (main.arrays.course, cell.units)
    let lead = LoopGradients<S>(
      cell, arrays, final: CellStates(cell, rows: 1, zero: true, &workspace), keepsSteps: true,
      &workspace)
    for t in (0..<course.leadSteps).reversed() {
      let after = lead.ofStates(before: t + 1)
      if t + 1 == course.leadSteps { after.setZero(count: units) }
      if t + 1 == course.steps {
        for position in course.idle {
          after.add(main.final.from(position * units), count: units)
        }
      } else {
        for position in course.comingIn(at: t + 1) {
          after.add(main.ofStates(before: t + 1).from(position * units), count: units)
        }
      }
      if let sequence {
        for position in course.active[t]..<course.batch
        where !silence.contains(course.rows[position], at: t) {
          Elementwise.add(
            sequence + (course.rows[position] * course.steps + t) * units, to: after.h,
            count: units)
        }
      }
      back.step(0..<1, at: t, lead, nil)
    }
    return lead
  }

  /// Hands on what came back to the states that rows started from.
  private func addInitialGradients<S: Scalar>(
    _ gradients: LoopGradients<S>, _ sequence: UnsafePointer<S>?, _ silence: SilentSteps,
    to dInitial: ArraySlice<UnsafeMutablePointer<S>?>
  ) {
    guard dInitial.contains(where: { $0 != nil }) else { return }
    let (course, units) = (gradients.arrays.course, cell.units)
    func add(_ states: CellStates<S>, at position: Int) {
      for (state, target) in zip(states.arrays, dInitial) {
        guard let target else { continue }
        Elementwise.add(
          state + position * units, to: target + course.rows[position] * units, count: units)
      }
    }
    for position in course.idle { add(gradients.final, at: position) }
    for t in 0..<course.steps {
      for position in course.comingIn(at: t) { add(gradients.ofStates(before: t), at: position) }
    }
    guard let sequence, let target = dInitial.first ?? nil, course.isGrowing else { return }
    for t in 0..<course.steps {
      for position in course.active[t]..<course.batch {
        let row = course.rows[position]
        guard !silence.contains(row, at: t) else { continue }
        Elementwise.add(
          sequence + (row * course.steps + t) * units, to: target + row * units, count: units)
      }
    }
  }

  /// Adds the gradients that are sums over time, of all steps together: those of the recurrent
  /// kernel and of the biases.
  private func addSums<S: Scalar>(
    of part: LoopGradients<S>, to gradients: Weights<S>, _ crew: Crew
  ) {
    let (arrays, rows) = (part.arrays, part.arrays.course.total)
    cell.addRecurrentGradients(
      CellGradientSums(
        crew: crew, rows: rows,
        previousOutputs: UnsafePointer(arrays.seen), saved: UnsafePointer(arrays.saved),
        dGates: UnsafePointer(part.dGates), dRecurrent: part.dRecurrent.map { UnsafePointer($0) },
        dRecurrentKernel: gradients[1],
        dRecurrentBias: cell.hasRecurrentBias ? gradients[2] + cell.gateWidth : nil,
        masks: nil, dropped: nil))
    if cell.useBias {
      Elementwise.addColumnSums(
        of: part.dGates, rows: rows, width: cell.gateWidth, to: gradients[2])
    }
  }
}

/// The gradients of what ``LoopArrays`` holds.
struct LoopGradients<S: Scalar> {
  let arrays: LoopArrays<S>
  /// Of the gates' inputs, `[total × G·U]`.
  let dGates: UnsafeMutablePointer<S>
  /// Of the recurrent product, where they differ: of all steps, or of the last one by position.
  let dRecurrent: UnsafeMutablePointer<S>?
  private let keepsSteps: Bool
  /// Of the states at the end, by position.
  let final: CellStates<S>
  /// Those that wait while a masked row goes past the cell.
  let shelf: CellStates<S>
  /// Of the states before even steps and before odd ones.
  private let even: CellStates<S>
  private let odd: CellStates<S>

  init(
    _ cell: some RecurrentCell, _ arrays: LoopArrays<S>, final: CellStates<S>, keepsSteps: Bool,
    _ workspace: inout Workspace
  ) {
    let course = arrays.course
    self.arrays = arrays
    self.final = final
    self.keepsSteps = keepsSteps
    dGates = workspace.scratch(S.self, count: course.total * cell.gateWidth)
    dRecurrent =
      cell.separatesRecurrent
      ? workspace.scratch(
        S.self, count: (keepsSteps ? course.total : course.batch) * cell.gateWidth) : nil
    shelf = CellStates(cell, rows: course.hasGaps ? course.batch : 0, &workspace)
    even = CellStates(cell, rows: course.batch, &workspace)
    odd = CellStates(cell, rows: course.batch, &workspace)
  }

  /// Where those of the recurrent product begin of a step's rows from a position on.
  func dRecurrent(at t: Int, from position: Int, width: Int) -> UnsafeMutablePointer<S>? {
    let first = keepsSteps ? arrays.course.offsets[t] : 0
    return dRecurrent.map { $0 + (first + position) * width }
  }

  /// Those of the states before step `t`, by position. Only two steps' are kept, but a position
  /// that does not take a step leaves its own untouched.
  func ofStates(before t: Int) -> CellStates<S> { t.isMultiple(of: 2) ? even : odd }
}

/// A cell with the weights of a call, on the way back.
struct CellRunBack<Cell: RecurrentCell, S: Scalar> {
  let cell: Cell
  let recurrentTransposed: UnsafePointer<S>
  /// The same packed, where it is large.
  let packedTransposed: UnsafePointer<S>?
  let masks: DropoutMasks<S>
  /// Room for `[batch × G·U]`, each position its own.
  let scratch: UnsafeMutablePointer<S>
  let dropped: UnsafeMutablePointer<S>?

  /// One step of positions that all went on, or all dropped out after it.
  ///
  /// - Parameter sums: where the weights' gradients gather; `nil` where they are summed afterwards.
  func step(
    _ positions: Range<Int>, at t: Int, _ gradients: LoopGradients<S>, _ sums: LoopSums<S>.Arrays?
  ) {
    guard !positions.isEmpty else { return }
    let (units, width, first) = (cell.units, cell.gateWidth, positions.lowerBound)
    let arrays = gradients.arrays
    let row = arrays.course.offsets[t] + first
    let states = arrays.states(after: t, at: first, units: units)
    let after = gradients.ofStates(before: t + 1).from(first * units)
    let before = gradients.ofStates(before: t).from(first * units)
    let (seen, saved) = (arrays.seen + row * units, arrays.saved + row * cell.savedWidth)
    let dGates = gradients.dGates + row * width
    let dRecurrent = gradients.dRecurrent(at: t, from: first, width: width)
    cell.stepBack(
      CellStepBack(
        rows: positions.count, gates: UnsafePointer(arrays.gates + row * width),
        h: UnsafePointer(seen),
        c: arrays.entering.c.map { UnsafePointer($0 + row * units) },
        newC: states.c.map { UnsafePointer($0) },
        saved: UnsafePointer(saved),
        inputs: arrays.inputs.map { UnsafePointer($0 + row * width) },
        recurrentTransposed: recurrentTransposed, packedTransposed: packedTransposed,
        dNewH: UnsafePointer(after.h),
        dNewC: after.c.map { UnsafePointer($0) }, dGates: dGates, dRecurrent: dRecurrent,
        dH: before.h, dC: before.c,
        masks: masks.recurrent(at: t), dropped: dropped),
      scratch: scratch + first * width)
    masks.dropState(before.h, at: t, into: before.h, units: units)
    guard let sums else { return }
    cell.addRecurrentGradients(
      CellGradientSums(
        crew: .alone, rows: positions.count, previousOutputs: UnsafePointer(seen),
        saved: UnsafePointer(saved), dGates: UnsafePointer(dGates),
        dRecurrent: dRecurrent.map { UnsafePointer($0) }, dRecurrentKernel: sums.recurrentKernel,
        dRecurrentBias: sums.recurrentBias, masks: masks.recurrent(at: t), dropped: dropped))
    if let bias = sums.bias {
      Elementwise.addColumnSums(of: dGates, rows: positions.count, width: width, to: bias)
    }
  }
}
