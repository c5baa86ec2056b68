/// The ways to divide a list among places that take from it one after the other, each a run of
/// neighbours or nothing.
struct OrderedDivision {
  /// Somebody's turn to take.
  struct Turn {
    /// Who takes; the same one may have several turns.
    let taker: Int
    /// Whether an item may be its.
    let takes: (Int) -> Bool
    /// Whether a run, every item of which it takes, is all that it needs.
    let suffices: (Range<Int>) -> Bool
  }

  enum Outcome: Equatable {
    /// Nobody's turn can be filled as it needs.
    case none
    /// The taker of each item.
    case one([Int])
    /// The first item that may go to one or to another.
    case several(item: Int, takers: [Int])
  }

  /// More would be a file made to keep a reader busy.
  private static let maximumRuns = 1 << 20

  let count: Int
  let turns: [Turn]

  /// Every item goes to somebody, in order. Two ways in which each has the same items are one.
  func outcome() -> Outcome {
    guard let runs = runs() else { return .none }
    var found: [Int]?
    var takers: [Int] = []
    // The ends of the runs still to be tried, turn by turn.
    var open: [[Int]] = [runs[0][0] ?? []]
    var starts = [0]
    var tried = 0
    while let last = open.last {
      guard let end = last.last else {
        open.removeLast()
        starts.removeLast()
        continue
      }
      open[open.count - 1].removeLast()
      let turn = open.count - 1
      let taken = end - starts[turn]
      tried += 1
      takers.removeLast(takers.count - starts[turn])
      takers += [Int](repeating: turns[turn].taker, count: taken)
      guard turn + 1 == turns.count else {
        open.append(runs[turn + 1][end] ?? [])
        starts.append(end)
        continue
      }
      if let found, found != takers {
        let item = zip(found, takers).enumerated().first { $0.element.0 != $0.element.1 }
        guard let (item, pair) = item else { continue }
        return .several(item: item, takers: [pair.0, pair.1].sorted())
      }
      found = takers
      guard tried <= Self.maximumRuns else { return .none }
    }
    return found.map { .one($0) } ?? .none
  }

  /// For each turn, by where its run starts, the ends of the runs that lead to a whole division;
  /// `nil` where there is none.
  private func runs() -> [[Int: [Int]]]? {
    guard !turns.isEmpty else { return nil }
    var runs: [[Int: [Int]]] = []
    var starts: Set<Int> = [0]
    var total = 0
    for turn in turns {
      var ends: [Int: [Int]] = [:]
      var next: Set<Int> = []
      for start in starts {
        var end = start
        while true {
          if turn.suffices(start..<end) {
            ends[start, default: []].append(end)
            next.insert(end)
          }
          total += 1
          guard end < count, turn.takes(end) else { break }
          end += 1
        }
      }
      guard total <= Self.maximumRuns else { return nil }
      runs.append(ends)
      starts = next
    }
    guard starts.contains(count) else { return nil }
    // What does not lead to the end is no way.
    var reached: Set<Int> = [count]
    for turn in turns.indices.reversed() {
      for (start, ends) in runs[turn] {
        let left = ends.filter(reached.contains)
        runs[turn][start] = left.isEmpty ? nil : left
      }
      reached = Set(runs[turn].keys)
    }
    return runs
  }
}
