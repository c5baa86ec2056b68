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
  public let units: Int
  public let activation: Activation
  public let recurrentActivation: Activation
  public let useBias: Bool
  public let resetAfter: Bool
  public var options: RecurrentOptions
  let settings: RecurrentWeights

  public init(
    units: Int, activation: Activation = .tanh, recurrentActivation: Activation = .sigmoid,
    useBias: Bool = true, resetAfter: Bool = true,
    dropout: Double = 0, recurrentDropout: Double = 0, returnSequences: Bool = false,
    goBackwards: Bool = false, zeroOutputForMask: Bool = false
  ) {
    self.units = units
    self.activation = activation
    self.recurrentActivation = recurrentActivation
    self.useBias = useBias
    self.resetAfter = resetAfter
    options = RecurrentOptions(
      returnSequences: returnSequences, goBackwards: goBackwards,
      zeroOutputForMask: zeroOutputForMask, dropout: dropout, recurrentDropout: recurrentDropout)
    settings = RecurrentWeights()
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    units = try config.positiveInteger("units")
    activation = try config.activation("activation", default: .tanh)
    recurrentActivation = try config.activation("recurrent_activation", default: .sigmoid)
    useBias = try config.bool("use_bias", default: true)
    resetAfter = try config.bool("reset_after", default: true)
    settings = try RecurrentWeights(from: &config)
    options = try RecurrentOptions(from: &config)
  }

  public var config: JSONObject {
    var config: JSONObject = [
      "units": .integer(units), "activation": .string(activation.rawValue),
      "recurrent_activation": .string(recurrentActivation.rawValue), "use_bias": .bool(useBias),
    ]
    settings.write(to: &config)
    options.write(to: &config)
    config["reset_after"] = .bool(resetAfter)
    return config
  }

  // MARK: Cell

  var gateCount: Int { 3 }
  var stateCount: Int { 1 }
  var separatesRecurrent: Bool { resetAfter }
  var biasShape: [Int] { resetAfter ? [2, gateWidth] : [gateWidth] }
  private var keepsInputs: Bool {
    activation.derivativeNeedsInput || recurrentActivation.derivativeNeedsInput
  }
  /// Reset after: h·U + b' of g. Reset before: r·h. Then the sums that went into the gates, where a
  /// derivative asks for them.
  var savedWidth: Int { keepsInputs ? units + gateWidth : units }

  @specialized(where S == Float)
  func step<S: Scalar>(_ step: CellStep<S>, scratch: UnsafeMutablePointer<S>) {
    let (rows, kernel) = (
      step.rows, MatrixProduct<S>.Operand(step.recurrentKernel, stride: gateWidth)
    )
    if resetAfter {
      Elementwise.fillRows(scratch, with: step.recurrentBias, rows: rows, width: gateWidth)
      S.addProduct(
        MatrixProduct(
          .init(step.h, stride: units), kernel, into: scratch, strideC: gateWidth,
          m: rows, n: gateWidth, k: units))
    } else {
      S.addProduct(
        MatrixProduct(
          .init(step.h, stride: units), kernel, into: step.gates, strideC: gateWidth,
          m: rows, n: 2 * units, k: units))
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
      }
    }
    if !resetAfter {
      S.addProduct(
        MatrixProduct(
          .init(step.saved, stride: savedWidth), kernel.advanced(by: 2 * units),
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
