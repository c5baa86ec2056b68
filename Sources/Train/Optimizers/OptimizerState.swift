import KerasFormat
import KerasRuntime

/// Everything that an optimizer has gathered of a model's weights: taken out of a run and put back,
/// the run goes on as if nothing had happened.
///
/// The arrays are references. ``Updater/state`` copies them in both directions, so that a state which
/// was taken out stays as it is.
public struct OptimizerState: Sendable {
  /// Batches done.
  public internal(set) var iterations = 0
  /// One number for every weight, in the order of ``Optimizer/slotNames``; empty before the first
  /// update.
  public internal(set) var slots: [Parameters<Float>] = []
  /// What is kept for all weights together: Nadam's running product. Empty before the first update.
  public internal(set) var scalars: [Float] = []

  /// Before the first update.
  public init() {}

  /// The same numbers in arrays of their own.
  func copied() -> OptimizerState {
    var copy = self
    copy.slots = slots.map { Parameters(copying: $0) }
    return copy
  }
}
