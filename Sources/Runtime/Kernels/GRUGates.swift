import CKerasKernels

/// What a GRU's step computes between its matrix products, forward and back, for some rows of a
/// batch.
///
/// `gates` is `[rows × 3U]` in the order z r g: before a step the sums that go into the gates,
/// after it their values. States are `[rows × U]`.
package struct GRUGates<S: Scalar> {
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

  private var width: Int { 3 * units }

  // MARK: The plain bodies

  /// `z, r = σ(z), σ(r)`, `reset = r·h`
  package func resetBeforeReference(
    _ gates: UnsafeMutablePointer<S>, h: UnsafePointer<S>, reset: UnsafeMutablePointer<S>
  ) {
    for row in 0..<rows {
      let (gates, r) = (gates + row * width, gates + row * width + units)
      recurrentActivation.apply(gates, into: gates, vectors: 2, width: units)
      for u in row * units..<(row + 1) * units { reset[u] = r[u - row * units] * h[u] }
    }
  }

  /// `z, r = σ(x_z + inner), σ(x_r + inner)`, `g = x_g + r·inner`; `kept` takes inner's part of g.
  package func resetAfterReference(
    of x: MatrixRows<S>, _ gates: UnsafeMutablePointer<S>, inner: UnsafePointer<S>,
    kept: UnsafeMutablePointer<S>
  ) {
    x.copy(rows, width: width, to: gates, stride: width)
    for row in 0..<rows {
      let (gates, inner, kept) = (gates + row * width, inner + row * width, kept + row * units)
      for u in 0..<2 * units { gates[u] += inner[u] }
      recurrentActivation.apply(gates, into: gates, vectors: 2, width: units)
      let (r, g) = (gates + units, gates + 2 * units)
      for u in 0..<units {
        kept[u] = inner[2 * units + u]
        g[u] += r[u] * kept[u]
      }
    }
  }

  /// `g = f(g)`, `newH = z·h + (1 - z)·g`
  package func outputReference(
    _ gates: UnsafeMutablePointer<S>, h: UnsafePointer<S>, newH: UnsafeMutablePointer<S>
  ) {
    for row in 0..<rows {
      let (z, g) = (gates + row * width, gates + row * width + 2 * units)
      let (h, newH) = (h + row * units, newH + row * units)
      activation.apply(g, into: g, vectors: 1, width: units)
      for u in 0..<units { newH[u] = z[u] * h[u] + (1 - z[u]) * g[u] }
    }
  }

  /// From `dNewH` to the gradients of z's and g's inputs, and z's part of `dH`.
  ///
  /// - Parameter inputs: what went into the gates, where a derivative needs it.
  package func outputBackReference(
    _ gates: UnsafePointer<S>, h: UnsafePointer<S>, dNewH: UnsafePointer<S>,
    dGates: UnsafeMutablePointer<S>, dH: UnsafeMutablePointer<S>, inputs: UnsafePointer<S>? = nil
  ) {
    for row in 0..<rows {
      let gates = gates + row * width
      let inputs = inputs.map { $0 + row * width } ?? gates
      let (z, g) = (gates, gates + 2 * units)
      let (h, dh, dH) = (h + row * units, dNewH + row * units, dH + row * units)
      let (dz, dg) = (dGates + row * width, dGates + row * width + 2 * units)
      for u in 0..<units {
        dz[u] = dh[u] * (h[u] - g[u])
        dg[u] = dh[u] * (1 - z[u])
        dH[u] = dh[u] * z[u]
      }
      activation.gradient(
        dg, z: inputs + 2 * units, y: g, into: dg, vectors: 1, width: units)
      recurrentActivation.gradient(dz, z: inputs, y: z, into: dz, vectors: 1, width: units)
    }
  }

  /// From the gradient of r·h to that of r's input; r's part is added to `dH`.
  package func resetBeforeBackReference(
    _ gates: UnsafePointer<S>, h: UnsafePointer<S>, dReset: UnsafePointer<S>,
    dGates: UnsafeMutablePointer<S>, dH: UnsafeMutablePointer<S>, inputs: UnsafePointer<S>? = nil
  ) {
    for row in 0..<rows {
      let r = gates + row * width + units
      let input = inputs.map { $0 + row * width + units } ?? r
      let dr = dGates + row * width + units
      let (h, dReset, dH) = (h + row * units, dReset + row * units, dH + row * units)
      for u in 0..<units {
        dr[u] = dReset[u] * h[u]
        dH[u] += dReset[u] * r[u]
      }
      recurrentActivation.gradient(dr, z: input, y: r, into: dr, vectors: 1, width: units)
    }
  }

  /// From the gradient of g's input to that of r's, and to those of the recurrent product.
  package func resetAfterBackReference(
    _ gates: UnsafePointer<S>, kept: UnsafePointer<S>, dGates: UnsafeMutablePointer<S>,
    dInner: UnsafeMutablePointer<S>, inputs: UnsafePointer<S>? = nil
  ) {
    for row in 0..<rows {
      let r = gates + row * width + units
      let input = inputs.map { $0 + row * width + units } ?? r
      let (dGates, dInner) = (dGates + row * width, dInner + row * width)
      let (dr, dg, kept) = (dGates + units, dGates + 2 * units, kept + row * units)
      for u in 0..<units { dr[u] = dg[u] * kept[u] }
      recurrentActivation.gradient(dr, z: input, y: r, into: dr, vectors: 1, width: units)
      dInner.update(from: dGates, count: 2 * units)
      for u in 0..<units { dInner[2 * units + u] = dg[u] * r[u] }
    }
  }
}

// MARK: - The fast bodies

/// Each does what the plain body of its name does, in the machine's instruction set where that has
/// the activations and no derivative needs the gates' inputs.
extension GRUGates {
  package func resetBefore(
    _ gates: UnsafeMutablePointer<S>, h: UnsafePointer<S>, reset: UnsafeMutablePointer<S>
  ) {
    guard let (kernels, gate) = fast else {
      return resetBeforeReference(gates, h: h, reset: reset)
    }
    kernels.pointee.gruResetBefore(gate, rows, units, gates.floats, h.floats, reset.floats)
  }

  package func resetAfter(
    of x: MatrixRows<S>, _ gates: UnsafeMutablePointer<S>, inner: UnsafePointer<S>,
    kept: UnsafeMutablePointer<S>
  ) {
    guard let (kernels, gate) = fast else {
      return resetAfterReference(of: x, gates, inner: inner, kept: kept)
    }
    kernels.pointee.gruResetAfter(
      gate, rows, units, HornbillRows(x.floats), gates.floats, inner.floats, kept.floats)
  }

  package func output(
    _ gates: UnsafeMutablePointer<S>, h: UnsafePointer<S>, newH: UnsafeMutablePointer<S>
  ) {
    guard let (kernels, _) = fast else { return outputReference(gates, h: h, newH: newH) }
    kernels.pointee.gruOutput(rows, units, gates.floats, h.floats, newH.floats)
  }

  package func outputBack(
    _ gates: UnsafePointer<S>, h: UnsafePointer<S>, dNewH: UnsafePointer<S>,
    dGates: UnsafeMutablePointer<S>, dH: UnsafeMutablePointer<S>, inputs: UnsafePointer<S>?
  ) {
    guard inputs == nil, let (kernels, gate) = fast else {
      return outputBackReference(
        gates, h: h, dNewH: dNewH, dGates: dGates, dH: dH, inputs: inputs)
    }
    kernels.pointee.gruOutputBack(
      gate, rows, units, gates.floats, h.floats, dNewH.floats, dGates.floats, dH.floats)
  }

  package func resetBeforeBack(
    _ gates: UnsafePointer<S>, h: UnsafePointer<S>, dReset: UnsafePointer<S>,
    dGates: UnsafeMutablePointer<S>, dH: UnsafeMutablePointer<S>, inputs: UnsafePointer<S>?
  ) {
    guard inputs == nil, let (kernels, gate) = fast else {
      return resetBeforeBackReference(
        gates, h: h, dReset: dReset, dGates: dGates, dH: dH, inputs: inputs)
    }
    kernels.pointee.gruResetBeforeBack(
      gate, rows, units, gates.floats, h.floats, dReset.floats, dGates.floats, dH.floats)
  }

  package func resetAfterBack(
    _ gates: UnsafePointer<S>, kept: UnsafePointer<S>, dGates: UnsafeMutablePointer<S>,
    dInner: UnsafeMutablePointer<S>, inputs: UnsafePointer<S>?
  ) {
    guard inputs == nil, let (kernels, gate) = fast else {
      return resetAfterBackReference(
        gates, kept: kept, dGates: dGates, dInner: dInner, inputs: inputs)
    }
    kernels.pointee.gruResetAfterBack(
      gate, rows, units, gates.floats, kept.floats, dGates.floats, dInner.floats)
  }

  private var fast: (UnsafePointer<HornbillKernels>, HornbillGate)? {
    S.kernels(of: activation, recurrentActivation)
  }
}
