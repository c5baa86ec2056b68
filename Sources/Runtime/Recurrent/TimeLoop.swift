import KerasFormat

/// The one loop over time: direction, masks, sequences, and the sums over steps.
///
/// Memory is time-major, in processing order, so that a step's rows lie together; ``Course`` says
/// which rows take which steps. The input's product with the kernel is one product for all steps,
/// or for all words of the batch; so are the gradients of the kernel, those of the recurrent kernel
/// where ``LoopSums`` does not gather them step by step. Threads take some rows each through all
/// steps. Inside the loop nothing allocates.
///
/// A masked step repeats the previous states, and with them the previous output; before the first
/// valid step that is what the loop started from, or zero where ``SilentSteps`` says so. On the way
/// back its gradient goes past the cell unchanged.
struct TimeLoop<Cell: RecurrentCell> {
  let cell: Cell
  let options: RecurrentOptions

  private var units: Int { cell.units }

  /// - Parameter masks: what training drops; kept by who drew them for the way back.
  @specialized(where Cell == GRU, S == Float)
  @specialized(where Cell == LSTM, S == Float)
  @specialized(where Cell == SimpleRNN, S == Float)
  func forward<S: Scalar>(
    _ inputs: Signals<S>, _ weights: Weights<S>, dropping masks: DropoutMasks<S>,
    _ trace: inout Trace<S>, _ pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0]
    let (batch, steps) = (input.tensor.shape[0], input.tensor.shape[1])
    let given = try initialStates(inputs.dropFirst(), batch: batch, &pass)
    let words = inputs.count == 1 && !options.stateful ? input.tensor.words : nil
    let cache: WordCache<S>? = words.flatMap { pass.wordCache(for: $0, width: cell.gateWidth) }
    let course = Course(
      batch: batch, steps: steps, mask: input.mask, ids: words?.ids,
      reversed: options.goBackwards, leadIsKnown: cache != nil,
      isWhole: !masks.isEmpty || options.stateful, &pass.workspace)
    let main = LoopArrays<S>(
      cell, course, dropsState: masks.state != nil, &pass.workspace)
    let bias = cell.useBias ? UnsafePointer(weights[2]) : nil
    let run = CellRun(cell, weights, bias: bias, batch: batch, dropping: masks, &pass)
    let source = GateSource(
      cell, options, input.tensor, weights, bias: run.lastBias == nil ? bias : nil,
      course, masks, cache, into: main.gates, &pass)

    let start = given ?? CellStates(cell, rows: batch, zero: true, &pass.workspace)
    let lead = lead(of: course, source, run, cache, &pass)
    let sequence =
      options.returnSequences
      ? pass.workspace.scratch(S.self, count: batch * steps * units) : nil
    pass.crew.share(course, among: threads(for: course, masks, pass.crew)) { positions in
      advance(positions, main, from: start, lead?.states, source, run, input.mask, sequence)
    }
    rest(of: main, from: start, lead?.states, input.mask, into: sequence)

    if pass.keepsTrace {
      trace.loop = LoopTrace(main: main, lead: lead?.arrays, source: source)
    }
    let ends = course.isWhole ? main.final : inRowOrder(main.final, course, &pass.workspace)
    if options.stateful, pass.states != nil {
      pass.states?.arrays[pass.statePath] = ends.arrays.map { end in
        (0..<batch * units).map { Double(end[$0]) }
      }
    }
    let silence = SilentSteps(
      input.mask, options, leading: given == nil ? nil : pass.generation, &pass.workspace)
    let output = output(sequence, ends.h, input, silence, &pass.workspace)
    guard options.returnState else { return Signals(output) }
    var outputs = Signals(output)
    for end in ends.arrays { outputs.append(Signal(Tensor(end, shape: Extents(batch, units)))) }
    return outputs
  }

  /// What the first step starts from: given states, those of the call before, or `nil` for zero.
  private func initialStates<S: Scalar>(
    _ given: Slice<Signals<S>>, batch: Int, _ pass: inout Pass
  ) throws(KerasError) -> CellStates<S>? {
    var arrays: [UnsafeMutablePointer<S>] = []
    if given.isEmpty {
      guard options.stateful, let kept = pass.states?.arrays[pass.statePath] else { return nil }
      guard kept.count == cell.stateCount, kept.allSatisfy({ $0.count == batch * units }) else {
        throw KerasError(
          .invalidData,
          "states of \(kept.count) times \(kept[0].count) numbers but a batch of \(batch) rows needs "
            + "\(cell.stateCount) times \(batch * units)")
      }
      for values in kept {
        let state = pass.workspace.scratch(S.self, count: values.count)
        for (i, value) in values.enumerated() { state[i] = S(value) }
        arrays.append(state)
      }
    } else {
      for signal in given { arrays.append(signal.tensor.reals(in: &pass.workspace)) }
    }
    return CellStates(h: arrays[0], c: arrays.count > 1 ? arrays[1] : nil)
  }

  /// How many threads take a course's positions. Masks lie by the whole batch.
  func threads<S: Scalar>(for course: Course, _ masks: DropoutMasks<S>, _ crew: Crew) -> Int {
    masks.isEmpty ? crew.threads(for: course.total * cell.gateWidth * units) : 1
  }

  // MARK: Steps

  /// The way of the one row that takes the padding in front for all others: states, and where they
  /// were computed for this batch, all that a way back needs.
  private func lead<S: Scalar>(
    of course: Course, _ source: GateSource<S>, _ run: CellRun<Cell, S>, _ cache: WordCache<S>?,
    _ pass: inout Pass
  ) -> (states: LeadStates<S>, arrays: LoopArrays<S>?)? {
    guard course.leadSteps > 0 else { return nil }
    if let known = cache?.lead, known.steps >= course.leadSteps { return (known, nil) }
    // What is kept serves the longest padding that may come.
    let steps = cache == nil ? course.leadSteps : course.steps
    let lead = LoopArrays<S>(
      cell, Course(leadingFor: steps, &pass.workspace), dropsState: false, &pass.workspace)
    let start = CellStates<S>(cell, rows: 1, zero: true, &pass.workspace)
    let width = cell.gateWidth
    if let padding = source.ofPadding {
      for t in 0..<steps {
        (lead.gates + t * width).update(from: padding, count: width)
      }
    }
    advance(0..<1, lead, from: start, nil, nil, run, nil, nil)
    let states = LeadStates(steps: steps, states: lead.entering)
    cache?.keep(states, units: units)
    return (states, lead)
  }

  /// Takes some positions through all steps.
  ///
  /// - Parameters:
  ///   - source: where the gates' sums come from; `nil` where they are there.
  ///   - sequence: `[batch × steps × U]`, which takes the state after each step.
  private func advance<S: Scalar>(
    _ positions: Range<Int>, _ arrays: LoopArrays<S>, from start: CellStates<S>,
    _ lead: LeadStates<S>?, _ source: GateSource<S>?, _ run: CellRun<Cell, S>, _ mask: Mask?,
    _ sequence: UnsafeMutablePointer<S>?
  ) {
    let course = arrays.course
    var t = 0
    while t < course.steps {
      let taking = positions.clamped(to: 0..<course.active[t])
      // Masked steps are undone one by one.
      let alike = course.hasGaps && mask != nil ? t..<t + 1 : course.stepsAlike(from: t)
      defer { t = alike.upperBound }
      guard !taking.isEmpty else { continue }
      for position in taking.clamped(to: course.comingIn(at: t)) {
        let first = lead?.after(t - 1, units: units)
        arrays.states(before: t, at: position, units: units)
          .update(from: first ?? start.from(course.rows[position] * units), count: units)
      }
      let last = min(
        taking.upperBound, max(taking.lowerBound, course.active[alike.upperBound]))
      run.steps(taking.lowerBound..<last, alike, arrays, source)
      run.steps(last..<taking.upperBound, alike, arrays, source)
      if course.hasGaps, let mask {
        for position in taking where isMasked(course.rows[position], at: t, mask) {
          arrays.states(after: t, at: position, units: units)
            .update(from: arrays.states(before: t, at: position, units: units), count: units)
        }
      }
      guard let sequence else { continue }
      for t in alike {
        for position in taking {
          (sequence + (course.rows[position] * course.steps + t) * units)
            .update(from: arrays.states(after: t, at: position, units: units).h, count: units)
        }
      }
    }
  }

  /// What comes of rows at steps that they do not take: the state that they start from or end in.
  private func rest<S: Scalar>(
    of arrays: LoopArrays<S>, from start: CellStates<S>, _ lead: LeadStates<S>?, _ mask: Mask?,
    into sequence: UnsafeMutablePointer<S>?
  ) {
    let course = arrays.course
    for position in course.idle {
      let row = course.rows[position] * units
      arrays.final.from(position * units).update(
        from: lead?.after(course.steps - 1, units: units) ?? start.from(row), count: units)
    }
    guard let sequence, !course.isWhole else { return }
    for t in 0..<course.steps {
      for position in course.active[t]..<course.batch {
        let row = course.rows[position]
        let state =
          course.isGrowing
          ? lead?.after(t, units: units).h ?? start.h + row * units
          : arrays.final.h + position * units
        (sequence + (row * course.steps + t) * units).update(from: state, count: units)
      }
    }
  }

  private func inRowOrder<S: Scalar>(
    _ states: CellStates<S>, _ course: Course, _ workspace: inout Workspace
  ) -> CellStates<S> {
    let ordered = CellStates<S>(cell, rows: course.batch, &workspace)
    for position in 0..<course.batch {
      ordered.from(course.rows[position] * units)
        .update(from: states.from(position * units), count: units)
    }
    return ordered
  }

  private func output<S: Scalar>(
    _ sequence: UnsafeMutablePointer<S>?, _ last: UnsafeMutablePointer<S>, _ input: Signal<S>,
    _ silence: SilentSteps, _ workspace: inout Workspace
  ) -> Signal<S> {
    let (batch, steps) = (input.tensor.shape[0], input.tensor.shape[1])
    guard let sequence else {
      guard input.mask != nil, steps > 0 else {
        return Signal(Tensor(last, shape: Extents(batch, units)))
      }
      let y = workspace.scratch(S.self, count: batch * units)
      y.update(from: last, count: batch * units)
      for row in 0..<batch where silence.contains(row, at: steps - 1) {
        (y + row * units).update(repeating: 0, count: units)
      }
      return Signal(Tensor(y, shape: Extents(batch, units)))
    }
    if input.mask != nil {
      for row in 0..<batch {
        for t in 0..<steps where silence.contains(row, at: t) {
          (sequence + (row * steps + t) * units).update(repeating: 0, count: units)
        }
      }
    }
    return Signal(Tensor(sequence, shape: [batch, steps, units]), mask: input.mask)
  }

  /// Whether a row's processing step `t` does not count.
  func isMasked(_ row: Int, at t: Int, _ mask: Mask) -> Bool {
    !mask.flags[row * mask.steps + (options.goBackwards ? mask.steps - 1 - t : t)]
  }
}
