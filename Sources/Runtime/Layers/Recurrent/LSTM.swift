import KerasFormat

/// Long short-term memory (Hochreiter and Schmidhuber 1997), as Keras has it:
///
///     i, f, o = σ(x·W + h·U + b)    g = f(x·W + h·U + b)
///     c' = f·c + i·g                h' = o·f(c')
///
/// Weights: kernel `(F, 4U)`, recurrent kernel `(U, 4U)`, bias `(4U,)`, columns in the order i f g
/// o.
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
  var keepsInputs: Bool {
    activation.derivativeNeedsInput || recurrentActivation.derivativeNeedsInput
  }
  var fitsGPU: Bool { activation == .tanh && recurrentActivation == .sigmoid && useBias }
  /// f(c')
  var savedWidth: Int { units }

  private func pointwise<S: Scalar>(_ rows: Int) -> LSTMGates<S> {
    LSTMGates(
      rows: rows, units: units, activation: activation, recurrentActivation: recurrentActivation)
  }

  func loop<S: Scalar>(_ type: S.Type) -> StepLoop? {
    S.gate(of: activation, recurrentActivation).map { .lstm($0) }
  }

  @specialized(where S == Float)
  func step<S: Scalar>(_ step: CellStep<S>, scratch: UnsafeMutablePointer<S>) {
    guard let c = step.c, let newC = step.newC else { return }
    step.addRecurrentProduct(
      gates: 0..<4, units: units, width: gateWidth, startingFrom: step.x, into: step.gates)
    if let bias = step.lastBias {
      for row in 0..<step.rows {
        Elementwise.add(bias, to: step.gates + row * gateWidth, count: gateWidth)
      }
    }
    step.inputs?.update(from: step.gates, count: step.rows * gateWidth)
    pointwise(step.rows).output(
      step.gates, c: c, newC: newC, newH: step.newH, kept: step.saved)
  }

  @specialized(where S == Float)
  func stepBack<S: Scalar>(_ step: CellStepBack<S>, scratch: UnsafeMutablePointer<S>) {
    guard let c = step.c, let newC = step.newC, let dNewC = step.dNewC, let dC = step.dC else {
      return
    }
    pointwise(step.rows).outputBack(
      step.gates, c: c, newC: newC, kept: step.saved, dNewH: step.dNewH, dNewC: dNewC,
      dGates: step.dGates, dC: dC, inputs: step.inputs)
    Elementwise.setZero(step.dH, count: step.rows * units)
    step.addStateGradient(of: step.dGates, gates: 0..<4, units: units, width: gateWidth)
  }
}
