import KerasFormat

/// The mathematics of one time step of a recurrent layer, forward and back. Everything about time
/// (masks, direction, sequences, sums over steps) is ``TimeLoop``'s.
///
/// A step works on some rows of the batch. `gates` takes one row of `gateCount · units` numbers per
/// batch row, the activated gates, which come of `x`, the rows of x·W + b.
protocol RecurrentCell: Sendable {
  var units: Int { get }
  /// Blocks of `units` columns in kernel and bias, in Keras's order.
  var gateCount: Int { get }
  /// State arrays: 1 (h) or 2 (h, c). The first is the output.
  var stateCount: Int { get }
  var useBias: Bool { get }
  /// Numbers per batch row that a step keeps for the way back.
  var savedWidth: Int { get }
  /// Whether a derivative asks for what went into the gates.
  var keepsInputs: Bool { get }
  /// Whether the recurrent product's gradient differs from the gates' (`reset_after`).
  var separatesRecurrent: Bool { get }
  /// Whether the recurrent product has a bias of its own, the second row of `bias`.
  var hasRecurrentBias: Bool { get }
  /// Whether Keras adds the bias to the sum of both products, not to the input's alone; it shows
  /// where every operation rounds.
  func addsBiasLast(_ generation: Generation) -> Bool
  /// Whether 2.15 takes the layer for one that a GPU could run, if `recurrent_dropout` is 0.
  var fitsGPU: Bool { get }

  func step<S: Scalar>(_ step: CellStep<S>, scratch: UnsafeMutablePointer<S>)

  /// The loop that does the same for many steps; `nil` where no instruction set has it.
  func loop<S: Scalar>(_ type: S.Type) -> StepLoop?

  /// From the gradients of the new states to those of the gates and of the old states.
  func stepBack<S: Scalar>(_ step: CellStepBack<S>, scratch: UnsafeMutablePointer<S>)

  /// Adds the gradient of the recurrent kernel (and recurrent bias).
  func addRecurrentGradients<S: Scalar>(_ sums: CellGradientSums<S>)
}

extension RecurrentCell {
  var gateWidth: Int { gateCount * units }
  var separatesRecurrent: Bool { false }
  func addsBiasLast(_ generation: Generation) -> Bool { false }
  var hasRecurrentBias: Bool { separatesRecurrent && useBias }
  var fitsGPU: Bool { false }

  /// `dU += Hᵀ · dGates` for cells whose recurrent product goes straight into the gates.
  func addRecurrentGradients<S: Scalar>(_ sums: CellGradientSums<S>) {
    sums.addKernelGradient(
      of: sums.dGates, gates: 0..<gateCount, units: units, width: gateWidth)
  }
}

/// What a cell sees of one step.
struct CellStep<S: Scalar> {
  let rows: Int
  /// x·W + b, each row `[gateWidth]`; may be `gates`.
  let x: MatrixRows<S>
  let gates: UnsafeMutablePointer<S>
  /// Old and new states, `[rows × units]` each; `c` only where the cell has two.
  let h: UnsafePointer<S>
  let c: UnsafePointer<S>?
  let newH: UnsafeMutablePointer<S>
  let newC: UnsafeMutablePointer<S>?
  /// `[rows × savedWidth]`
  let saved: UnsafeMutablePointer<S>
  /// What goes into the gates, `[rows × gateWidth]`, with `keepsInputs` alone: written.
  let inputs: UnsafeMutablePointer<S>?
  /// `[units × gateWidth]`
  let recurrentKernel: UnsafePointer<S>
  /// `[gateWidth]`, with `separatesRecurrent` alone: zeros where there is no bias.
  let recurrentBias: UnsafePointer<S>?
  /// `[gateWidth]`, where the step itself adds the bias: with `addsBiasLast`, and only where
  /// operations round.
  let lastBias: UnsafePointer<S>?
  /// What each gate drops of h, `[gateCount × rows × units]`, where gates have masks of their own,
  /// and room for what it leaves.
  let masks: UnsafePointer<S>?
  let dropped: UnsafeMutablePointer<S>?
}

/// What a cell sees of one step on the way back.
struct CellStepBack<S: Scalar> {
  let rows: Int
  let gates: UnsafePointer<S>
  let h: UnsafePointer<S>
  let c: UnsafePointer<S>?
  let newC: UnsafePointer<S>?
  let saved: UnsafePointer<S>
  let inputs: UnsafePointer<S>?
  /// The transposed recurrent kernel, `[gateWidth × units]`.
  let recurrentTransposed: UnsafePointer<S>
  /// The same packed, where it is large.
  let packedTransposed: UnsafePointer<S>?
  /// Gradients of the new states; left as they are.
  let dNewH: UnsafePointer<S>
  let dNewC: UnsafePointer<S>?
  /// Gradients of the gates' inputs, `[rows × gateWidth]`: written.
  let dGates: UnsafeMutablePointer<S>
  /// Those of the recurrent product, where they differ (`separatesRecurrent`): written.
  let dRecurrent: UnsafeMutablePointer<S>?
  /// Gradients of the old states: written.
  let dH: UnsafeMutablePointer<S>
  let dC: UnsafeMutablePointer<S>?
  /// As on the way forward.
  let masks: UnsafePointer<S>?
  let dropped: UnsafeMutablePointer<S>?
}

/// A step, or all steps together, for gradients that are sums over time.
struct CellGradientSums<S: Scalar> {
  let crew: Crew
  /// Those of the step, or of all steps.
  let rows: Int
  /// h before the step, `[rows × units]`.
  let previousOutputs: UnsafePointer<S>
  let saved: UnsafePointer<S>
  let dGates: UnsafePointer<S>
  let dRecurrent: UnsafePointer<S>?
  let dRecurrentKernel: UnsafeMutablePointer<S>
  let dRecurrentBias: UnsafeMutablePointer<S>?
  /// As on the way back of a step; all steps together have none.
  let masks: UnsafePointer<S>?
  let dropped: UnsafeMutablePointer<S>?

  func addProduct(_ product: MatrixProduct<S>) { crew.addProduct(product) }
}
