/// The states of some rows, `[rows × U]` each: h, and c of a cell that has two.
struct CellStates<S: Scalar> {
  let h: UnsafeMutablePointer<S>
  let c: UnsafeMutablePointer<S>?

  init(h: UnsafeMutablePointer<S>, c: UnsafeMutablePointer<S>?) {
    self.h = h
    self.c = c
  }

  /// Memory for `rows` of them, undefined or all zero.
  init(_ cell: some RecurrentCell, rows: Int, zero: Bool = false, _ workspace: inout Workspace) {
    func array() -> UnsafeMutablePointer<S> {
      zero
        ? workspace.zeros(S.self, count: rows * cell.units)
        : workspace.scratch(S.self, count: rows * cell.units)
    }
    h = array()
    c = cell.stateCount > 1 ? array() : nil
  }

  /// Those from number `offset` on, counted in numbers of an array.
  func from(_ offset: Int) -> CellStates { CellStates(h: h + offset, c: c.map { $0 + offset }) }

  /// Takes `count` numbers of each array.
  func update(from other: CellStates, count: Int) {
    h.update(from: other.h, count: count)
    if let c, let source = other.c { c.update(from: source, count: count) }
  }

  func setZero(count: Int) {
    Elementwise.setZero(h, count: count)
    if let c { Elementwise.setZero(c, count: count) }
  }

  func add(_ other: CellStates, count: Int) {
    Elementwise.add(other.h, to: h, count: count)
    if let c, let source = other.c { Elementwise.add(source, to: c, count: count) }
  }

  /// One pointer per state.
  var arrays: [UnsafeMutablePointer<S>] { c.map { [h, $0] } ?? [h] }
}

/// What the rows of a ``Course`` leave behind on their way, for their way back: the rows of a step
/// lie one behind another, step after step.
struct LoopArrays<S: Scalar> {
  let course: Course
  /// The gates' sums, then their values, `[total × G·U]`.
  let gates: UnsafeMutablePointer<S>
  /// `[total × savedWidth]`
  let saved: UnsafeMutablePointer<S>
  /// What went into the gates, `[total × G·U]`, where a derivative asks for it.
  let inputs: UnsafeMutablePointer<S>?
  /// The states before each step, `[total × U]`, and ``final`` behind them.
  let entering: CellStates<S>
  /// Of h what the cell sees: all of it, or what training leaves.
  let seen: UnsafeMutablePointer<S>
  /// The states at the end, by position, `[batch × U]`.
  let final: CellStates<S>

  init(
    _ cell: some RecurrentCell, _ course: Course, dropsState: Bool, _ workspace: inout Workspace
  ) {
    let (rows, width) = (course.total, cell.gateWidth)
    self.course = course
    gates = workspace.scratch(S.self, count: rows * width)
    saved = workspace.scratch(S.self, count: rows * cell.savedWidth)
    inputs = cell.keepsInputs ? workspace.scratch(S.self, count: rows * width) : nil
    entering = CellStates(cell, rows: rows + course.batch, &workspace)
    seen = dropsState ? workspace.scratch(S.self, count: rows * cell.units) : entering.h
    final = entering.from(rows * cell.units)
  }

  /// The states of a position before step `t`, which it takes.
  func states(before t: Int, at position: Int, units: Int) -> CellStates<S> {
    entering.from((course.offsets[t] + position) * units)
  }

  /// The states after step `t` of positions that all go on, or all drop out.
  func states(after t: Int, at position: Int, units: Int) -> CellStates<S> {
    position < course.active[t + 1]
      ? states(before: t + 1, at: position, units: units) : final.from(position * units)
  }
}
