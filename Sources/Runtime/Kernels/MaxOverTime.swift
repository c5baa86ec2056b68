import CKerasKernels

/// The largest number of each column of a sequence of vectors, and the way back from it. The
/// vectors lie one behind another, or are rows of a table.
package struct MaxOverTime<S: Scalar> {
  let steps: Int
  /// `[steps × width]`, or the table.
  let base: UnsafePointer<S>
  /// The rows of the table, one for each step.
  let rows: UnsafePointer<Int32>?
  /// Numbers from one vector to the next.
  let width: Int

  package init(
    steps: Int, base: UnsafePointer<S>, rows: UnsafePointer<Int32>?, width: Int
  ) {
    self.steps = steps
    self.base = base
    self.rows = rows
    self.width = width
  }

  private func offset(_ t: Int) -> Int { (rows.map { Int($0[t]) } ?? t) * width }

  // MARK: The plain bodies

  /// `largest [columns]`; a NaN is the largest, as it is in TensorFlow.
  package func findReference(_ columns: Range<Int>, into largest: UnsafeMutablePointer<S>) {
    for column in columns {
      var most = -S.infinity
      for t in 0..<steps {
        let x = base[offset(t) + column]
        if x > most || x.isNaN { most = x }
      }
      largest[column] = most
    }
  }

  /// Adds `dLargest` to the vectors in `target`, which lie as those of `base` do, shared equally
  /// among the steps that have the largest number.
  package func addGradientReference(
    _ columns: Range<Int>, largest: UnsafePointer<S>, dLargest: UnsafePointer<S>,
    to target: UnsafeMutablePointer<S>
  ) {
    for column in columns {
      var ties: S = 0
      for t in 0..<steps where base[offset(t) + column] == largest[column] { ties += 1 }
      let share = dLargest[column] / ties
      for t in 0..<steps where base[offset(t) + column] == largest[column] {
        target[offset(t) + column] += share
      }
    }
  }

  // MARK: The fast bodies

  package func find(_ columns: Range<Int>, into largest: UnsafeMutablePointer<S>) {
    guard let kernels = S.instructions?.kernels else {
      return findReference(columns, into: largest)
    }
    let first = columns.lowerBound
    kernels.pointee.largest(
      steps, columns.count, base.floats + first, width, rows, largest.floats + first)
  }

  package func addGradient(
    _ columns: Range<Int>, largest: UnsafePointer<S>, dLargest: UnsafePointer<S>,
    to target: UnsafeMutablePointer<S>
  ) {
    guard let kernels = S.instructions?.kernels else {
      return addGradientReference(columns, largest: largest, dLargest: dLargest, to: target)
    }
    let first = columns.lowerBound
    kernels.pointee.largestBack(
      steps, columns.count, base.floats + first, width, rows, largest.floats + first,
      dLargest.floats + first, target.floats + first, width)
  }
}
