import KerasFormat

/// The steps at which a row puts out zeros, whatever its state is: those that are masked where
/// `zero_output_for_mask` asks for it, and, from Keras 2.15 on, those that are masked before any
/// that counts where the layer started from a state. Keras 1 and 2 put out that state.
struct SilentSteps {
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

  /// Whether processing step `t` of a row is one.
  func contains(_ row: Int, at t: Int) -> Bool {
    guard let mask else { return false }
    if let firstCounted, t < firstCounted[row] { return true }
    return coversAll && !mask.flags[row * mask.steps + (isReversed ? mask.steps - 1 - t : t)]
  }
}
