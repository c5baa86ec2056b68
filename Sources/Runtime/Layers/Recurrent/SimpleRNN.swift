import KerasFormat

/// A plain recurrent layer: `h' = f(x·W + b + h·U)`.
///
/// Weights: kernel `(F, U)`, recurrent kernel `(U, U)`, bias `(U,)`.
public struct SimpleRNN: RecurrentLayer {
  public static let className = "SimpleRNN"
  var common: RecurrentSettings

  public var units: Int { common.units }
  public var activation: Activation { common.activation }
  public var useBias: Bool { common.useBias }
  public var options: RecurrentOptions {
    get { common.options }
    set { common.options = newValue }
  }

  public init(
    units: Int, activation: Activation = .tanh, useBias: Bool = true,
    dropout: Double = 0, recurrentDropout: Double = 0, returnSequences: Bool = false,
    goBackwards: Bool = false, zeroOutputForMask: Bool = false
  ) {
    common = RecurrentSettings(
      units: units, activation: activation, useBias: useBias,
      options: RecurrentOptions(
        returnSequences: returnSequences, goBackwards: goBackwards,
        zeroOutputForMask: zeroOutputForMask, dropout: dropout, recurrentDropout: recurrentDropout))
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    common = try RecurrentSettings(from: &config, hasGates: false)
  }

  public var config: JSONObject { common.config() }

  /// Keras 3's cell makes its generator first.
  public func draw(_ specs: [WeightSpec], from draws: inout LayerDraws) {
    if draws.generation == .keras3 { draws.generator(seed: generatorSeed) }
    draws.weights(specs, of: config)
  }

  // MARK: Cell

  var gateCount: Int { 1 }
  var stateCount: Int { 1 }
  var savedWidth: Int { 0 }
  var keepsInputs: Bool { activation.derivativeNeedsInput }

  func loop<S: Scalar>(_ type: S.Type) -> StepLoop? {
    S.instructions != nil && activation == .tanh ? .simpleRNN : nil
  }

  @specialized(where S == Float)
  func step<S: Scalar>(_ step: CellStep<S>, scratch: UnsafeMutablePointer<S>) {
    S.addProduct(
      MatrixProduct(
        .init(step.h, stride: units), .init(step.recurrentKernel, stride: units),
        startingFrom: step.x, into: step.gates, strideC: units, m: step.rows, n: units, k: units))
    step.inputs?.update(from: step.gates, count: step.rows * units)
    activation.apply(step.gates, into: step.newH, vectors: step.rows, width: units)
    step.gates.update(from: step.newH, count: step.rows * units)
  }

  @specialized(where S == Float)
  func stepBack<S: Scalar>(_ step: CellStepBack<S>, scratch: UnsafeMutablePointer<S>) {
    activation.gradient(
      step.dNewH, z: step.inputs ?? step.gates, y: step.gates, into: step.dGates,
      vectors: step.rows, width: units)
    Elementwise.setZero(step.dH, count: step.rows * units)
    S.addProduct(
      MatrixProduct(
        .init(step.dGates, stride: units), .init(step.recurrentTransposed, stride: units),
        into: step.dH, strideC: units, m: step.rows, n: units, k: units))
  }
}
