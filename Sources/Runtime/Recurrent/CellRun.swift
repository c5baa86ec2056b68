import CKerasKernels

/// Which loop of an instruction set takes a cell's steps one after another.
enum StepLoop {
  case gru(HornbillGate, resetsAfter: Bool)
  case lstm(HornbillGate)
  case simpleRNN
}

/// A cell with the weights of a call.
struct CellRun<Cell: RecurrentCell, S: Scalar> {
  private let cell: Cell
  private let units: Int
  private let gateWidth: Int
  private let savedWidth: Int
  private let recurrentKernel: UnsafePointer<S>
  /// The same packed for the loop, where it is large.
  private let packedKernel: UnsafePointer<S>?
  /// Of a cell that separates the recurrent product: zeros where it has no bias.
  private let recurrentBias: UnsafePointer<S>?
  /// The bias where the step itself adds it; see ``CellStep/lastBias``.
  let lastBias: UnsafePointer<S>?
  private let masks: DropoutMasks<S>
  /// Room for `[batch × G·U]`, each position its own.
  private let scratch: UnsafeMutablePointer<S>
  private let dropped: UnsafeMutablePointer<S>?
  /// `nil` where the cell takes its steps itself.
  private let loop: (kernels: UnsafePointer<HornbillKernels>, kind: StepLoop)?

  /// - Parameter bias: of the gates; `nil` without one.
  init(
    _ cell: Cell, _ weights: Weights<S>, bias: UnsafePointer<S>?, batch: Int,
    dropping masks: DropoutMasks<S>, _ pass: inout Pass
  ) {
    self.cell = cell
    (units, gateWidth, savedWidth) = (cell.units, cell.gateWidth, cell.savedWidth)
    recurrentKernel = UnsafePointer(weights[1])
    recurrentBias =
      !cell.separatesRecurrent
      ? nil
      : UnsafePointer(
        cell.hasRecurrentBias
          ? weights[2] + gateWidth : pass.workspace.zeros(S.self, count: gateWidth))
    lastBias = S.roundsOperations && cell.addsBiasLast(pass.generation) ? bias : nil
    self.masks = masks
    scratch = pass.workspace.scratch(S.self, count: batch * gateWidth)
    dropped = masks.recurrent(at: 0).map { [units] _ in
      pass.workspace.scratch(S.self, count: batch * units)
    }
    guard masks.isEmpty, let kind = cell.loop(S.self), let kernels = S.instructions?.kernels else {
      (loop, packedKernel) = (nil, nil)
      return
    }
    loop = (kernels, kind)
    var split: Int?
    if case .gru(_, resetsAfter: false) = kind { split = 2 * units }
    packedKernel = S.packed(
      recurrentKernel, rows: units, columns: gateWidth, split: split, &pass.workspace)
  }

  /// Some steps of positions that take all of them, and after the last one all go on, or all drop
  /// out.
  ///
  /// - Parameter source: where the gates' sums come from; `nil` where they are there.
  func steps(
    _ positions: Range<Int>, _ steps: Range<Int>, _ arrays: LoopArrays<S>,
    _ source: GateSource<S>?
  ) {
    guard !positions.isEmpty else { return }
    guard let loop else {
      for t in steps { step(positions, at: t, arrays, source) }
      return
    }
    let row = arrays.course.offsets[steps.lowerBound] + positions.lowerBound
    let (before, gates) = (arrays.entering.from(row * units), arrays.gates + row * gateWidth)
    let after = arrays.states(
      after: steps.upperBound - 1, at: positions.lowerBound, units: units)
    let x = sums(from: row, gates, source, arrays)
    var loopSteps = HornbillSteps(
      steps: steps.count, rows: positions.count, units: units,
      stride: arrays.course.active[steps.lowerBound], x: HornbillRows(x.floats),
      recurrentKernel: recurrentKernel.floats, packedKernel: packedKernel?.floats,
      recurrentBias: recurrentBias?.floats,
      gates: gates.floats, saved: (arrays.saved + row * savedWidth).floats, h: before.h.floats,
      c: before.c?.floats, lastH: after.h.floats, lastC: after.c?.floats,
      inner: (scratch + positions.lowerBound * gateWidth).floats)
    switch loop.kind {
    case .gru(let gate, let resetsAfter):
      loop.kernels.pointee.gruSteps(gate, resetsAfter ? 1 : 0, &loopSteps)
    case .lstm(let gate): loop.kernels.pointee.lstmSteps(gate, &loopSteps)
    case .simpleRNN: loop.kernels.pointee.simpleRNNSteps(&loopSteps)
    }
  }

  private func step(
    _ positions: Range<Int>, at t: Int, _ arrays: LoopArrays<S>, _ source: GateSource<S>?
  ) {
    let row = arrays.course.offsets[t] + positions.lowerBound
    let gates = arrays.gates + row * gateWidth
    let before = arrays.entering.from(row * units)
    let after = arrays.states(after: t, at: positions.lowerBound, units: units)
    let seen = arrays.seen + row * units
    masks.dropState(before.h, at: t, into: seen, units: units)
    cell.step(
      CellStep(
        rows: positions.count, x: sums(from: row, gates, source, arrays), gates: gates,
        h: UnsafePointer(seen), c: before.c.map { UnsafePointer($0) }, newH: after.h,
        newC: after.c, saved: arrays.saved + row * savedWidth,
        inputs: arrays.inputs.map { $0 + row * gateWidth },
        recurrentKernel: recurrentKernel, recurrentBias: recurrentBias, lastBias: lastBias,
        masks: masks.recurrent(at: t), dropped: dropped),
      scratch: scratch + positions.lowerBound * gateWidth)
  }

  private func sums(
    from row: Int, _ gates: UnsafeMutablePointer<S>, _ source: GateSource<S>?,
    _ arrays: LoopArrays<S>
  ) -> MatrixRows<S> {
    source?.sums(from: row, in: arrays) ?? MatrixRows(UnsafePointer(gates), stride: gateWidth)
  }
}
