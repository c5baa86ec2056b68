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
  private var keepsInputs: Bool {
    activation.derivativeNeedsInput || recurrentActivation.derivativeNeedsInput
  }
  /// Reset after: h·U + b' of g. Reset before: r·h, or what training leaves of it. Then the sums that went into the gates, where a
  /// derivative asks for them.
  var savedWidth: Int { keepsInputs ? units + gateWidth : units }

  @specialized(where S == Float)
  func step<S: Scalar>(_ step: CellStep<S>, scratch: UnsafeMutablePointer<S>) {
    let rows = step.rows
    if resetAfter {
      Elementwise.fillRows(scratch, with: step.recurrentBias, rows: rows, width: gateWidth)
      step.addRecurrentProduct(gates: 0..<3, units: units, width: gateWidth, into: scratch)
    } else {
      step.addRecurrentProduct(gates: 0..<2, units: units, width: gateWidth, into: step.gates)
    }
    for row in 0..<rows {
      let (gates, h) = (step.gates + row * gateWidth, step.h + row * units)
      let (saved, inner) = (step.saved + row * savedWidth, scratch + row * gateWidth)
      if resetAfter { for u in 0..<2 * units { gates[u] += inner[u] } }
      if keepsInputs { (saved + units).update(from: gates, count: 2 * units) }
      recurrentActivation.apply(gates, into: gates, vectors: 2, width: units)
      let (r, g) = (gates + units, gates + 2 * units)
      if resetAfter {
        for u in 0..<units {
          saved[u] = inner[2 * units + u]
          g[u] += r[u] * saved[u]
        }
      } else {
        for u in 0..<units { saved[u] = r[u] * h[u] }
        if let mask = step.masks.map({ $0 + (2 * rows + row) * units }) {
          for u in 0..<units { saved[u] *= mask[u] }
        }
      }
    }
    if !resetAfter {
      S.addProduct(
        MatrixProduct(
          .init(step.saved, stride: savedWidth),
          .init(step.recurrentKernel + 2 * units, stride: gateWidth),
          into: step.gates + 2 * units, strideC: gateWidth, m: rows, n: units, k: units))
    }
    for row in 0..<rows {
      let (z, g) = (step.gates + row * gateWidth, step.gates + row * gateWidth + 2 * units)
      let (h, newH) = (step.h + row * units, step.newH + row * units)
      if keepsInputs {
        (step.saved + row * savedWidth + 3 * units).update(from: g, count: units)
      }
      activation.apply(g, into: g, vectors: 1, width: units)
      for u in 0..<units { newH[u] = z[u] * h[u] + (1 - z[u]) * g[u] }
    }
  }
}
