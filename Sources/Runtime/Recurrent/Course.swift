/// Which steps each row of a batch takes, and where the numbers of a step lie: those of its rows
/// one behind another, step after step.
///
/// Rows that need not take a step stand last in the order of the loop, so that a step's rows are
/// the first ones of that order:
///
/// - Before its first step that counts a masked row keeps the state it started from. Rows that
///   begin with padding and no mask all run through the same states: one row, the *lead*, takes
///   these steps for all of them. Then rows come in one by one, those with the longest padding
///   last.
/// - Behind its last step that counts a masked row keeps its state. Then rows drop out one by one.
///
/// Of the two the one that saves more is taken. Masked steps in between are taken and undone.
struct Course {
  let batch: Int
  let steps: Int
  /// The batch's row at each position.
  let rows: UnsafePointer<Int>
  /// By step, how many positions take it; one more for the time after the last: none.
  let active: UnsafePointer<Int>
  /// By step, how many rows of arrays lie before its own; one more for all.
  let offsets: UnsafePointer<Int>
  /// Steps that the lead takes.
  let leadSteps: Int
  /// Whether rows come in while time goes on, else they drop out.
  let isGrowing: Bool
  /// Whether a masked step stands between steps of a row that it takes.
  let hasGaps: Bool

  /// Rows of all steps together.
  var total: Int { offsets[steps] }
  /// Whether every row takes every step, in the batch's order.
  var isWhole: Bool { total == batch * steps }

  /// - Parameters:
  ///   - mask: flags `[batch × steps]`.
  ///   - ids: token ids `[batch × steps]` of rows that all start from zero.
  ///   - leadIsKnown: whether the lead costs nothing, since its states were kept.
  ///   - isWhole: whether nothing may be left out.
  init(
    batch: Int, steps: Int, mask: Mask?, ids: UnsafePointer<Int32>?, reversed: Bool,
    leadIsKnown: Bool = false, isWhole: Bool, _ workspace: inout Workspace
  ) {
    self.batch = batch
    self.steps = steps
    let rows = workspace.scratch(Int.self, count: batch)
    let active = workspace.scratch(Int.self, count: steps + 1)
    let offsets = workspace.scratch(Int.self, count: steps + 1)
    let begins = workspace.scratch(Int.self, count: batch)
    let ends = workspace.scratch(Int.self, count: batch)
    var (late, early, gaps, longest) = (0, 0, false, 0)
    for row in 0..<batch {
      var (begin, end) = (0, steps)
      if !isWhole {
        if let flags = mask.map({ UnsafePointer($0.flags + row * steps) }) {
          begin = Self.padding(of: flags, steps, atEnd: reversed)
          end = begin == steps ? 0 : steps - Self.padding(of: flags, steps, atEnd: !reversed)
        } else if let words = ids.map({ $0 + row * steps }) {
          begin = Self.padding(of: words, steps, atEnd: reversed)
        }
      }
      if begin < end, !gaps, let flags = mask.map({ $0.flags + row * steps }) {
        gaps = (begin..<end).contains { !flags[reversed ? steps - 1 - $0 : $0] }
      }
      begins[row] = begin
      ends[row] = end
      late += begin
      early += steps - end
      longest = max(longest, begin)
    }
    // The lead's own steps are not worth a few rows' padding.
    let isLed = mask == nil && ids != nil && (leadIsKnown || late > 2 * longest)
    let comesIn = (mask != nil || isLed) && late >= early && late > 0
    let dropsOut = !comesIn && early > 0
    isGrowing = comesIn
    leadSteps = comesIn && isLed ? longest : 0
    // Those that were left at the other end are gaps.
    hasGaps = gaps || mask != nil && (comesIn ? early > 0 : late > 0)

    // A counting sort, which leaves rows that are alike in their order.
    for t in 0...steps { (active[t], offsets[t]) = (0, 0) }
    if comesIn || dropsOut {
      // By the number of steps that are left out: `active` counts rows up to each number.
      func omitted(_ row: Int) -> Int { comesIn ? begins[row] : steps - ends[row] }
      for row in 0..<batch { active[omitted(row)] += 1 }
      var before = 0
      for count in 0...steps {
        offsets[count] = before
        before += active[count]
      }
      for row in 0..<batch {
        rows[offsets[omitted(row)]] = row
        offsets[omitted(row)] += 1
      }
      // offsets[n] is now the number of rows that leave out at most n steps.
      for t in 0..<steps { active[t] = offsets[comesIn ? t : steps - 1 - t] }
    } else {
      for row in 0..<batch { rows[row] = row }
      for t in 0..<steps { active[t] = batch }
    }
    active[steps] = 0
    var next = 0
    for t in 0..<steps {
      offsets[t] = next
      next += active[t]
    }
    offsets[steps] = next
    (self.rows, self.active, self.offsets) = (
      UnsafePointer(rows), UnsafePointer(active), UnsafePointer(offsets)
    )
  }

  /// The one row of a lead.
  init(leadingFor steps: Int, _ workspace: inout Workspace) {
    self.init(
      batch: 1, steps: steps, mask: nil, ids: nil, reversed: false, isWhole: true,
      &workspace)
  }

  /// What Keras pads texts with.
  static let padding: Int32 = 0

  /// How many words or flags are padding, a zero, at one end.
  private static func padding<T: BitwiseCopyable>(
    of row: UnsafePointer<T>, _ steps: Int, atEnd: Bool
  ) -> Int {
    atEnd
      ? ZeroRun.trailing(of: row, count: steps) : ZeroRun.leading(of: row, count: steps)
  }

  /// The steps from `t` on that the same positions take, so that their arrays lie equally far apart.
  func stepsAlike(from t: Int) -> Range<Int> {
    var end = t + 1
    while end < steps, active[end] == active[t] { end += 1 }
    return t..<end
  }

  /// Positions that take step `t` but not the one before.
  func comingIn(at t: Int) -> Range<Int> {
    let before = t == 0 ? 0 : active[t - 1]
    return min(before, active[t])..<active[t]
  }

  /// Positions that take step `t` but not the one after.
  func droppingOut(after t: Int) -> Range<Int> {
    min(active[t], active[t + 1])..<active[t]
  }

  /// Positions that take no step at all.
  var idle: Range<Int> {
    guard steps > 0 else { return 0..<batch }
    return max(active[0], active[steps - 1])..<batch
  }

  /// Positions for each of some threads, about as much work for one as for another, in blocks of
  /// rows that a kernel takes at once.
  func parts(_ threads: Int) -> [Range<Int>] {
    let block = 8
    let count = min(threads, batch / (2 * block))
    guard count > 1 else { return [0..<batch] }
    var parts: [Range<Int>] = []
    var (start, work) = (0, 0)
    for position in 0..<batch where parts.count < count - 1 {
      work += stepsTaken(at: position)
      let end = position + 1
      if end.isMultiple(of: block), work >= total * (parts.count + 1) / count {
        parts.append(start..<end)
        start = end
      }
    }
    if start < batch { parts.append(start..<batch) }
    return parts
  }

  private func stepsTaken(at position: Int) -> Int {
    // Steps that a position takes are all of those at one end of time.
    var (low, high) = (0, steps)
    while low < high {
      let middle = (low + high) / 2
      let takes = active[isGrowing ? steps - 1 - middle : middle] > position
      if takes { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Crew {
  /// Divides the positions of a course among threads that take them at the same time.
  func share(_ course: Course, among threads: Int, _ body: (Range<Int>) -> Void) {
    guard threads > 1 else { return body(0..<course.batch) }
    let parts = course.parts(threads)
    each(parts.count) { body(parts[$0]) }
  }
}
