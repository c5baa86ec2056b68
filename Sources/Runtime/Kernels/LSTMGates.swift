import CKerasKernels

/// What an LSTM's step computes beside its matrix product, forward and back, for some rows of a
/// batch.
///
/// `gates` is `[rows × 4U]` in the order i f g o: before a step the sums that go into the gates,
/// after it their values. States are `[rows × U]`.
package struct LSTMGates<S: Scalar> {
  let rows: Int
  let units: Int
  let activation: Activation
  let recurrentActivation: Activation

  package init(
    rows: Int, units: Int, activation: Activation, recurrentActivation: Activation
  ) {
    self.rows = rows
    self.units = units
    self.activation = activation
    self.recurrentActivation = recurrentActivation
  }

  private var width: Int { 4 * units }

  // MARK: The plain bodies

  /// `i, f, o = σ`, `g = f(g)`, `newC = f·c + i·g`, `kept = f(newC)`, `newH = o·kept`
  package func outputReference(
    _ gates: UnsafeMutablePointer<S>, c: UnsafePointer<S>, newC: UnsafeMutablePointer<S>,
    newH: UnsafeMutablePointer<S>, kept: UnsafeMutablePointer<S>
  ) {
    for row in 0..<rows {
      let i = gates + row * width
      let (f, g, o) = (i + units, i + 2 * units, i + 3 * units)
      recurrentActivation.apply(i, into: i, vectors: 2, width: units)
      activation.apply(g, into: g, vectors: 1, width: units)
      recurrentActivation.apply(o, into: o, vectors: 1, width: units)
      let (c, newC) = (c + row * units, newC + row * units)
      let (newH, kept) = (newH + row * units, kept + row * units)
      for u in 0..<units { newC[u] = f[u] * c[u] + i[u] * g[u] }
      activation.apply(newC, into: kept, vectors: 1, width: units)
      for u in 0..<units { newH[u] = o[u] * kept[u] }
    }
  }

  /// From the gradients of the new states to those of the gates' inputs and of the old cell state.
  ///
  /// - Parameter inputs: what went into the gates, where a derivative needs it.
  package func outputBackReference(
    _ gates: UnsafePointer<S>, c: UnsafePointer<S>, newC: UnsafePointer<S>, kept: UnsafePointer<S>,
    dNewH: UnsafePointer<S>, dNewC: UnsafePointer<S>, dGates: UnsafeMutablePointer<S>,
    dC: UnsafeMutablePointer<S>, inputs: UnsafePointer<S>? = nil
  ) {
    for row in 0..<rows {
      let i = gates + row * width
      let (f, g, o) = (i + units, i + 2 * units, i + 3 * units)
      let inputs = inputs.map { $0 + row * width } ?? i
      let di = dGates + row * width
      let (df, dg, dOutput) = (di + units, di + 2 * units, di + 3 * units)
      let (c, newC, kept) = (c + row * units, newC + row * units, kept + row * units)
      let (dh, dCell, dC) = (dNewH + row * units, dNewC + row * units, dC + row * units)
      for u in 0..<units { di[u] = dh[u] * o[u] }
      activation.gradient(di, z: newC, y: kept, into: dg, vectors: 1, width: units)
      for u in 0..<units {
        let cell = dCell[u] + dg[u]
        dOutput[u] = dh[u] * kept[u]
        di[u] = cell * g[u]
        df[u] = cell * c[u]
        dg[u] = cell * i[u]
        dC[u] = cell * f[u]
      }
      recurrentActivation.gradient(di, z: inputs, y: i, into: di, vectors: 2, width: units)
      activation.gradient(
        dg, z: inputs + 2 * units, y: g, into: dg, vectors: 1, width: units)
      recurrentActivation.gradient(
        dOutput, z: inputs + 3 * units, y: o, into: dOutput, vectors: 1, width: units)
    }
  }
}

// MARK: - The fast bodies

/// Each does what the plain body of its name does, in the machine's instruction set where that has
/// the activations and no derivative needs the gates' inputs.
extension LSTMGates {
  package func output(
    _ gates: UnsafeMutablePointer<S>, c: UnsafePointer<S>, newC: UnsafeMutablePointer<S>,
    newH: UnsafeMutablePointer<S>, kept: UnsafeMutablePointer<S>
  ) {
    guard let (kernels, gate) = fast else {
      return outputReference(gates, c: c, newC: newC, newH: newH, kept: kept)
    }
    kernels.pointee.lstmOutput(
      gate, rows, units, gates.floats, c.floats, newC.floats, newH.floats, kept.floats)
  }

  package func outputBack(
    _ gates: UnsafePointer<S>, c: UnsafePointer<S>, newC: UnsafePointer<S>, kept: UnsafePointer<S>,
    dNewH: UnsafePointer<S>, dNewC: UnsafePointer<S>, dGates: UnsafeMutablePointer<S>,
    dC: UnsafeMutablePointer<S>, inputs: UnsafePointer<S>?
  ) {
    guard inputs == nil, let (kernels, gate) = fast else {
      return outputBackReference(
        gates, c: c, newC: newC, kept: kept, dNewH: dNewH, dNewC: dNewC, dGates: dGates, dC: dC,
        inputs: inputs)
    }
    kernels.pointee.lstmOutputBack(
      gate, rows, units, gates.floats, c.floats, kept.floats, dNewH.floats, dNewC.floats,
      dGates.floats, dC.floats)
  }

  private var fast: (UnsafePointer<HornbillKernels>, HornbillGate)? {
    S.kernels(of: activation, recurrentActivation)
  }
}
