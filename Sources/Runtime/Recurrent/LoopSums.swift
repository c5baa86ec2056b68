/// The gradients of a recurrent kernel and its biases while a loop goes back: summed step by step,
/// while what a step has computed is still in the nearest caches.
///
/// Positions are divided by the batch alone, each part has sums of its own, and these are added in the
/// order of the parts: the same bits come out for any number of threads.
struct LoopSums<S: Scalar> {
  /// Those of one part.
  struct Arrays {
    /// `[U × G·U]`
    let recurrentKernel: UnsafeMutablePointer<S>
    /// `[G·U]` each.
    let bias: UnsafeMutablePointer<S>?
    let recurrentBias: UnsafeMutablePointer<S>?
  }

  /// Positions of each part.
  let parts: [Range<Int>]
  let arrays: [Arrays]

  /// Rows of a batch that make a part, and parts at most.
  private static var rowsOfPart: Int { 64 }
  private static var mostParts: Int { 8 }
  /// Numbers of a recurrent kernel that fit into the nearest caches beside a step's.
  private static var largestKernel: Int { 1 << 15 }

  /// - Parameter hasMasks: whether masks lie by the whole batch, so that it cannot be divided.
  /// - Returns: `nil` where the kernel is so large that one product over all steps is faster.
  init?(_ cell: some RecurrentCell, _ course: Course, hasMasks: Bool, _ workspace: inout Workspace)
  {
    let width = cell.gateWidth
    guard hasMasks || cell.units * width <= Self.largestKernel else { return nil }
    parts = course.parts(
      hasMasks ? 1 : min(Self.mostParts, max(1, course.batch / Self.rowsOfPart)))
    arrays = parts.map { _ in
      Arrays(
        recurrentKernel: workspace.zeros(S.self, count: cell.units * width),
        bias: cell.useBias ? workspace.zeros(S.self, count: width) : nil,
        recurrentBias: cell.hasRecurrentBias ? workspace.zeros(S.self, count: width) : nil)
    }
  }

  /// Adds all parts to the gradients of a layer's weights.
  func add(to gradients: Weights<S>, _ cell: some RecurrentCell) {
    let width = cell.gateWidth
    for part in arrays {
      Elementwise.add(part.recurrentKernel, to: gradients[1], count: cell.units * width)
      if let bias = part.bias { Elementwise.add(bias, to: gradients[2], count: width) }
      if let bias = part.recurrentBias {
        Elementwise.add(bias, to: gradients[2] + width, count: width)
      }
    }
  }
}
