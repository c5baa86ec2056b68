extension GRU {
  @specialized(where S == Float)
  func stepBack<S: Scalar>(_ step: CellStepBack<S>, scratch: UnsafeMutablePointer<S>) {
    let (rows, gates): (Int, GRUGates<S>) = (step.rows, pointwise(step.rows))
    gates.outputBack(
      step.gates, h: step.h, dNewH: step.dNewH, dGates: step.dGates, dH: step.dH,
      inputs: step.inputs)
    guard resetAfter else {
      // The gradient of r·h.
      Elementwise.setZero(scratch, count: rows * units)
      S.addProduct(
        MatrixProduct(
          .init(step.dGates + 2 * units, stride: gateWidth),
          .init(step.recurrentTransposed + 2 * units * units, stride: units),
          into: scratch, strideC: units, m: rows, n: units, k: units))
      if let mask = step.masks.map({ $0 + 2 * rows * units }) {
        for i in 0..<rows * units { scratch[i] *= mask[i] }
      }
      gates.resetBeforeBack(
        step.gates, h: step.h, dReset: scratch, dGates: step.dGates, dH: step.dH,
        inputs: step.inputs)
      step.addStateGradient(of: step.dGates, gates: 0..<2, units: units, width: gateWidth)
      return
    }
    // What the recurrent product gets: as the gates, but g's part went through r.
    let dRecurrent = step.dRecurrent ?? scratch
    gates.resetAfterBack(
      step.gates, kept: step.saved, dGates: step.dGates, dInner: dRecurrent, inputs: step.inputs)
    step.addStateGradient(of: dRecurrent, gates: 0..<3, units: units, width: gateWidth)
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
    sums.addProduct(
      MatrixProduct(
        .init(sums.saved, stride: units, transposed: true),
        .init(sums.dGates + 2 * units, stride: gateWidth),
        into: sums.dRecurrentKernel + 2 * units, strideC: gateWidth,
        m: units, n: units, k: sums.rows))
  }
}
