import KerasFormat
import KerasRuntime

/// Everything that an optimizer has gathered of a model's weights: taken out of a run and put back,
/// the run goes on as if nothing had happened.
///
/// The arrays are references. ``Updater/state`` copies them in both directions, so that a state
/// which was taken out stays as it is.
public struct OptimizerState: Sendable {
  /// Batches done.
  public internal(set) var iterations = 0
  /// One number for every weight, in the order of ``Optimizer/allSlotNames``: running averages of
  /// the weights, gradients waiting to be averaged, the optimizer's own. Empty before the first
  /// update.
  public internal(set) var slots: [Parameters<Float>] = []
  /// What is kept for all weights together: Nadam's running product. Empty before the first update.
  public internal(set) var scalars: [Float] = []

  /// The scale of the loss, where it moves; `nil` before the first update and where there is none.
  public internal(set) var lossScale: LossScale.State?

  /// The names of what is no optimizer's own, as files of Keras 3 have them.
  static let average = "average"
  static let accumulator = "gradient_accumulator"
  static let product = OptimizerRecord.productSlot

  /// Before the first update.
  public init() {}

  /// The same numbers in arrays of their own.
  func copied() -> OptimizerState {
    var copy = self
    copy.slots = slots.map { Parameters(copying: $0) }
    return copy
  }
}
