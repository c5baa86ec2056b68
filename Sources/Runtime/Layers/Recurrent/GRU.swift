import KerasFormat

/// A gated recurrent unit, in Keras's two forms:
///
///     z, r = σ(x·W + h·U + b)       h' = z·h + (1 - z)·g
///     reset after:   g = f(x·W + b + r·(h·U + b'))      (Keras 3's and 2.15's default)
///     reset before:  g = f(x·W + b + (r·h)·U)           (Keras 1's and 2.2's default; Cho et al. 2014)
///
/// Weights: kernel `(F, 3U)`, recurrent kernel `(U, 3U)`, columns in the order z r g; bias `(2, 3U)`
/// when reset after, because input and recurrent product each have their own, else `(3U,)`.
public struct GRU: RecurrentLayer {
  public static let className = "GRU"
  var common: RecurrentSettings
  public let recurrentActivation: Activation
  public let resetAfter: Bool

  public var units: Int { common.units }
  public var activation: Activation { common.activation }
  public var useBias: Bool { common.useBias }
  public var options: RecurrentOptions {
    get { common.options }
    set { common.options = newValue }
  }

  public init(
    units: Int, activation: Activation = .tanh, recurrentActivation: Activation = .sigmoid,
    useBias: Bool = true, resetAfter: Bool = true,
    dropout: Double = 0, recurrentDropout: Double = 0, returnSequences: Bool = false,
    goBackwards: Bool = false, zeroOutputForMask: Bool = false
  ) {
    common = RecurrentSettings(
      units: units, activation: activation, recurrentActivation: recurrentActivation,
      useBias: useBias,
      options: RecurrentOptions(
        returnSequences: returnSequences, goBackwards: goBackwards,
        zeroOutputForMask: zeroOutputForMask, dropout: dropout, recurrentDropout: recurrentDropout))
    self.recurrentActivation = recurrentActivation
    self.resetAfter = resetAfter
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    common = try RecurrentSettings(from: &config, hasGates: true)
    recurrentActivation = common.recurrentActivation ?? .sigmoid
    resetAfter = try config.bool("reset_after", default: true)
  }

  public var config: JSONObject { common.config(["reset_after": .bool(resetAfter)]) }

  // MARK: Cell

  var gateCount: Int { 3 }
  var stateCount: Int { 1 }
  var separatesRecurrent: Bool { resetAfter }
  var biasShape: [Int] { resetAfter ? [2, gateWidth] : [gateWidth] }
  var fitsGPU: Bool {
    activation == .tanh && recurrentActivation == .sigmoid && useBias && resetAfter
  }
  var keepsInputs: Bool {
    activation.derivativeNeedsInput || recurrentActivation.derivativeNeedsInput
  }
  /// Reset after: h·U + b' of g. Reset before: r·h, or what training leaves of it.
  var savedWidth: Int { units }

  func pointwise<S: Scalar>(_ rows: Int) -> GRUGates<S> {
    GRUGates(
      rows: rows, units: units, activation: activation, recurrentActivation: recurrentActivation)
  }

  func loop<S: Scalar>(_ type: S.Type) -> StepLoop? {
    S.gate(of: activation, recurrentActivation).map { .gru($0, resetsAfter: resetAfter) }
  }

  @specialized(where S == Float)
  func step<S: Scalar>(_ step: CellStep<S>, scratch: UnsafeMutablePointer<S>) {
    let (rows, gates): (Int, GRUGates<S>) = (step.rows, pointwise(step.rows))
    if resetAfter {
      guard let bias = step.recurrentBias else { return }
      step.addRecurrentProduct(
        gates: 0..<3, units: units, width: gateWidth, startingFrom: MatrixRows(bias, stride: 0),
        into: scratch)
      if let inputs = step.inputs { keep(step.x, into: inputs, adding: scratch, rows: rows) }
      gates.resetAfter(of: step.x, step.gates, inner: scratch, kept: step.saved)
    } else {
      step.addRecurrentProduct(
        gates: 0..<2, units: units, width: gateWidth, startingFrom: step.x, into: step.gates)
      if let inputs = step.inputs {
        keep(MatrixRows(UnsafePointer(step.gates), stride: gateWidth), into: inputs, rows: rows)
      }
      gates.resetBefore(step.gates, h: step.h, reset: step.saved)
      if let mask = step.masks.map({ $0 + 2 * rows * units }) {
        for i in 0..<rows * units { step.saved[i] *= mask[i] }
      }
      S.addProduct(
        MatrixProduct(
          .init(step.saved, stride: units),
          .init(step.recurrentKernel + 2 * units, stride: gateWidth),
          startingFrom: step.x.from(column: 2 * units), into: step.gates + 2 * units,
          strideC: gateWidth, m: rows, n: units, k: units))
    }
    if let inputs = step.inputs {
      for row in 0..<rows {
        let g = row * gateWidth + 2 * units
        (inputs + g).update(from: step.gates + g, count: units)
      }
    }
    gates.output(step.gates, h: step.h, newH: step.newH)
  }

  /// Keeps what goes into z and r.
  private func keep<S: Scalar>(
    _ x: MatrixRows<S>, into inputs: UnsafeMutablePointer<S>,
    adding inner: UnsafePointer<S>? = nil, rows: Int
  ) {
    for row in 0..<rows {
      let (start, x) = (row * gateWidth, x[row])
      for i in 0..<2 * units { inputs[start + i] = inner.map { x[i] + $0[start + i] } ?? x[i] }
    }
  }
}
