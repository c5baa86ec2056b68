import KerasFormat

/// Long short-term memory (Hochreiter and Schmidhuber 1997), as Keras has it:
///
///     i, f, o = σ(x·W + h·U + b)    g = f(x·W + h·U + b)
///     c' = f·c + i·g                h' = o·f(c')
///
/// Weights: kernel `(F, 4U)`, recurrent kernel `(U, 4U)`, bias `(4U,)`, columns in the order i f g o.
public struct LSTM: RecurrentLayer {
  public static let className = "LSTM"
  var common: RecurrentSettings
  public let recurrentActivation: Activation
  /// Whether the forget gate's bias starts at one.
  public let unitForgetBias: Bool

  public var units: Int { common.units }
  public var activation: Activation { common.activation }
  public var useBias: Bool { common.useBias }
  public var options: RecurrentOptions {
    get { common.options }
    set { common.options = newValue }
  }

  public init(
    units: Int, activation: Activation = .tanh, recurrentActivation: Activation = .sigmoid,
    useBias: Bool = true, unitForgetBias: Bool = true,
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
    self.unitForgetBias = unitForgetBias
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    common = try RecurrentSettings(from: &config, hasGates: true)
    recurrentActivation = common.recurrentActivation ?? .sigmoid
    unitForgetBias = try config.bool("unit_forget_bias", default: true)
  }

  public var config: JSONObject { common.config(["unit_forget_bias": .bool(unitForgetBias)]) }

  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    guard unitForgetBias && spec.name.hasSuffix("bias") else {
      return gatedValues(of: spec, from: start)
    }
    // Keras puts the bias together from three pieces.
    func piece(_ gates: Int) -> [Float] {
      spec.settings.initializer.sample(shape: [gates * units], from: start)
    }
    return piece(1) + Array(repeating: 1, count: units) + piece(2)
  }

  // MARK: Cell

  var gateCount: Int { 4 }
  var stateCount: Int { 2 }
  /// In Keras 3 with `implementation` 1 each gate's product has its bias at once.
  func addsBiasLast(_ generation: Generation) -> Bool {
    options.implementation != 1 || generation < .keras3
  }
  private var keepsInputs: Bool {
    activation.derivativeNeedsInput || recurrentActivation.derivativeNeedsInput
  }
  var fitsGPU: Bool { activation == .tanh && recurrentActivation == .sigmoid && useBias }
  /// f(c'), then the sums that went into the gates where a derivative asks for them.
  var savedWidth: Int { keepsInputs ? units + gateWidth : units }

  @specialized(where S == Float)
  func step<S: Scalar>(_ step: CellStep<S>, scratch: UnsafeMutablePointer<S>) {
    guard let c = step.c, let newC = step.newC else { return }
    step.addRecurrentProduct(gates: 0..<4, units: units, width: gateWidth, into: step.gates)
    for row in 0..<step.rows {
      let gates = step.gates + row * gateWidth
      let saved = step.saved + row * savedWidth
      if let bias = step.lastBias { Elementwise.add(bias, to: gates, count: gateWidth) }
      if keepsInputs { (saved + units).update(from: gates, count: gateWidth) }
      recurrentActivation.apply(gates, into: gates, vectors: 2, width: units)
      activation.apply(gates + 2 * units, into: gates + 2 * units, vectors: 1, width: units)
      recurrentActivation.apply(
        gates + 3 * units, into: gates + 3 * units, vectors: 1, width: units)
      let (i, f, g, o) = (gates, gates + units, gates + 2 * units, gates + 3 * units)
      let (oldC, c, h) = (c + row * units, newC + row * units, step.newH + row * units)
      for u in 0..<units { c[u] = f[u] * oldC[u] + i[u] * g[u] }
      activation.apply(c, into: saved, vectors: 1, width: units)
      for u in 0..<units { h[u] = o[u] * saved[u] }
    }
  }

  @specialized(where S == Float)
  func stepBack<S: Scalar>(_ step: CellStepBack<S>, scratch: UnsafeMutablePointer<S>) {
    guard let c = step.c, let newC = step.newC, let dNewC = step.dNewC, let dC = step.dC else {
      return
    }
    for row in 0..<step.rows {
      let gates = step.gates + row * gateWidth
      let (i, f, g, o) = (gates, gates + units, gates + 2 * units, gates + 3 * units)
      let saved = step.saved + row * savedWidth
      let (oldC, dh) = (c + row * units, step.dNewH + row * units)
      let (dCell, dOldC) = (dNewC + row * units, dC + row * units)
      let dGates = step.dGates + row * gateWidth
      let (di, df, dg, dout) = (dGates, dGates + units, dGates + 2 * units, dGates + 3 * units)
      for u in 0..<units { di[u] = dh[u] * o[u] }
      activation.gradient(
        di, z: newC + row * units, y: saved, into: dg, vectors: 1, width: units)
      for u in 0..<units {
        let cell = dCell[u] + dg[u]
        dout[u] = dh[u] * saved[u]
        di[u] = cell * g[u]
        df[u] = cell * oldC[u]
        dg[u] = cell * i[u]
        dOldC[u] = cell * f[u]
      }
      // Where inputs were not kept, no derivative reads them.
      let z = keepsInputs ? saved + units : gates
      recurrentActivation.gradient(di, z: z, y: gates, into: di, vectors: 2, width: units)
      activation.gradient(dg, z: z + 2 * units, y: g, into: dg, vectors: 1, width: units)
      recurrentActivation.gradient(
        dout, z: z + 3 * units, y: o, into: dout, vectors: 1, width: units)
    }
    step.dH.update(repeating: 0, count: step.rows * units)
    step.addStateGradient(of: step.dGates, gates: 0..<4, units: units, width: gateWidth)
  }
}
