extension GRU {
  @specialized(where S == Float)
  func stepBack<S: Scalar>(_ step: CellStepBack<S>, scratch: UnsafeMutablePointer<S>) {
    let rows = step.rows
    for row in 0..<rows {
      let gates = step.gates + row * gateWidth
      let (z, g) = (gates, gates + 2 * units)
      let (h, dh) = (step.h + row * units, step.dNewH + row * units)
      let dGates = step.dGates + row * gateWidth
      let (dz, dr, dg) = (dGates, dGates + units, dGates + 2 * units)
      let (dOldH, saved) = (step.dH + row * units, step.saved + row * savedWidth)
      for u in 0..<units {
        dz[u] = dh[u] * (h[u] - g[u])
        dg[u] = dh[u] * (1 - z[u])
        dOldH[u] = dh[u] * z[u]
      }
      activation.gradient(
        dg, z: inputs(saved, gates) + 2 * units, y: g, into: dg, vectors: 1, width: units)
      if resetAfter { for u in 0..<units { dr[u] = dg[u] * saved[u] } }
    }
    if !resetAfter {
      // The gradient of r·h, in the first columns of the scratch.
      scratch.update(repeating: 0, count: rows * units)
      S.addProduct(
        MatrixProduct(
          .init(step.dGates + 2 * units, stride: gateWidth),
          .init(step.recurrentTransposed + 2 * units * units, stride: units),
          into: scratch, strideC: units, m: rows, n: units, k: units))
    }
    for row in 0..<rows {
      let gates = step.gates + row * gateWidth
      let r = gates + units
      let dGates = step.dGates + row * gateWidth
      let h = step.h + row * units
      if !resetAfter {
        let (dReset, dOldH) = (scratch + row * units, step.dH + row * units)
        if let mask = step.masks.map({ $0 + (2 * rows + row) * units }) {
          for u in 0..<units { dReset[u] *= mask[u] }
        }
        for u in 0..<units {
          dGates[units + u] = dReset[u] * h[u]
          dOldH[u] += dReset[u] * r[u]
        }
      }
      recurrentActivation.gradient(
        dGates, z: inputs(step.saved + row * savedWidth, gates), y: gates, into: dGates,
        vectors: 2, width: units)
    }
    guard resetAfter else {
      step.addStateGradient(of: step.dGates, gates: 0..<2, units: units, width: gateWidth)
      return
    }
    // What the recurrent product gets: as the gates, but g's part went through r.
    let dRecurrent = step.dRecurrent ?? scratch
    for row in 0..<rows {
      let (dGates, dInner) = (step.dGates + row * gateWidth, dRecurrent + row * gateWidth)
      let r = step.gates + row * gateWidth + units
      dInner.update(from: dGates, count: 2 * units)
      for u in 0..<units { dInner[2 * units + u] = dGates[2 * units + u] * r[u] }
    }
    step.addStateGradient(of: dRecurrent, gates: 0..<3, units: units, width: gateWidth)
  }

  /// The kept sums that went into the gates; where none were kept, no derivative reads them.
  private func inputs<S: Scalar>(
    _ saved: UnsafePointer<S>, _ gates: UnsafePointer<S>
  ) -> UnsafePointer<S> {
    savedWidth > units ? saved + units : gates
  }

  func addRecurrentGradients<S: Scalar>(_ sums: CellGradientSums<S>) {
    if let dRecurrent = sums.dRecurrent {
      sums.addKernelGradient(of: dRecurrent, gates: 0..<3, units: units, width: gateWidth)
      if let dBias = sums.dRecurrentBias {
        Elementwise.addColumnSums(of: dRecurrent, rows: sums.rows, width: gateWidth, to: dBias)
      }
      return
    }
    sums.addKernelGradient(of: sums.dGates, gates: 0..<2, units: units, width: gateWidth)
    S.addProduct(
      MatrixProduct(
        .init(sums.saved, stride: savedWidth, transposed: true),
        .init(sums.dGates + 2 * units, stride: gateWidth),
        into: sums.dRecurrentKernel + 2 * units, strideC: gateWidth,
        m: units, n: units, k: sums.rows))
  }
}
