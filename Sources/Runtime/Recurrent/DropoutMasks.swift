/// The masks that a recurrent layer drew for one batch, 0 or 1/(1 - rate) each, and the products
/// with what they leave, forward and back.
struct DropoutMasks<S: Scalar> {
  let batch: Int
  private let timing: RecurrentDropout.Timing
  /// One mask, or one for each gate, one after another: `[B × F]`, or for each step `[T × B × F]`.
  var input: (values: UnsafeMutablePointer<S>, count: Int)?
  /// Of the previous output, one for each gate: `[G × B × U]`, or for each step `[T × G × B × U]`.
  private var recurrent: UnsafeMutablePointer<S>?
  /// Of the previous output as a whole: `[B × U]`, or for each step `[T × B × U]`.
  private(set) var state: UnsafeMutablePointer<S>?
  /// From a step's masks of the previous output to the next step's.
  let stepStride: Int

  init(batch: Int, gates: Int, units: Int, _ timing: RecurrentDropout.Timing) {
    self.batch = batch
    self.timing = timing
    stepStride = timing == .everyStep ? gates * batch * units : 0
  }

  /// The gates' masks of the previous output in processing step `t`.
  func recurrent(at t: Int) -> UnsafePointer<S>? {
    recurrent.map { UnsafePointer($0 + t * stepStride) }
  }

  /// Takes the masks of the previous output: one for each gate, or one for it as a whole.
  mutating func takes(_ values: UnsafeMutablePointer<S>, replacingState: Bool) {
    if replacingState { state = values } else { recurrent = values }
  }

  /// Whether nothing is dropped.
  var isEmpty: Bool { input == nil && recurrent == nil && state == nil }

  /// What a trace has to keep: the input's masks, then those of the previous output.
  var arrays: [UnsafeMutablePointer<S>] {
    [input?.values, state ?? recurrent].compactMap { $0 }
  }

  // MARK: Input

  /// `target = source ∘ mask` over all steps, the mask at `index`.
  private func drop(
    _ source: UnsafePointer<S>, _ index: Int, into target: UnsafeMutablePointer<S>, count: Int,
    width: Int
  ) {
    guard let values = input?.values else { return }
    let period = timing == .once ? batch * width : count
    let mask = values + index * period
    for start in stride(from: 0, to: count, by: max(1, period)) {
      for i in 0..<period { target[start + i] = source[start + i] * mask[i] }
    }
  }

  /// `gates += (x ∘ mask) · W`. A mask that all gates share goes into `x` itself.
  func addInputProduct(_ product: InputProduct<S>, _ crew: Crew, _ workspace: inout Workspace) {
    let (rows, features, width) = (product.rows, product.features, product.gateWidth)
    if let (_, count) = input, count > 1 {
      let (dropped, units) = (
        workspace.scratch(S.self, count: rows * features), width / count
      )
      for gate in 0..<count {
        drop(product.x, gate, into: dropped, count: rows * features, width: features)
        S.addProduct(
          MatrixProduct(
            .init(dropped, stride: features), .init(product.kernel + gate * units, stride: width),
            into: product.gates + gate * units, strideC: width, m: rows, n: units, k: features))
      }
      return
    }
    drop(product.x, 0, into: product.x, count: rows * features, width: features)
    crew.addProduct(
      MatrixProduct(
        .init(product.x, stride: features), .init(product.kernel, stride: width),
        into: product.gates, strideC: width, m: rows, n: width, k: features))
  }

  /// From the gates' gradients, which stand in `product.gates`, to those of the kernel and, where
  /// `dx [rows × features]`, all zeros, is given, of the input.
  func addInputGradients(
    _ product: InputProduct<S>, dKernel: UnsafeMutablePointer<S>, dx: UnsafeMutablePointer<S>?,
    _ crew: Crew, _ workspace: inout Workspace
  ) {
    let (rows, features, width) = (product.rows, product.features, product.gateWidth)
    guard let count = input?.count, count > 1 else {
      crew.addProduct(
        MatrixProduct(
          .init(product.x, stride: features, transposed: true),
          .init(product.gates, stride: width), into: dKernel, strideC: width, m: features, n: width,
          k: rows))
      guard let dx else { return }
      crew.addProduct(
        MatrixProduct(
          .init(product.gates, stride: width),
          .init(product.kernel, stride: width, transposed: true), into: dx, strideC: features,
          m: rows, n: features, k: width))
      drop(dx, 0, into: dx, count: rows * features, width: features)
      return
    }
    let (part, units) = (workspace.scratch(S.self, count: rows * features), width / count)
    for gate in 0..<count {
      drop(product.x, gate, into: part, count: rows * features, width: features)
      S.addProduct(
        MatrixProduct(
          .init(part, stride: features, transposed: true),
          .init(product.gates + gate * units, stride: width), into: dKernel + gate * units,
          strideC: width, m: features, n: units, k: rows))
      guard let dx else { continue }
      Elementwise.setZero(part, count: rows * features)
      S.addProduct(
        MatrixProduct(
          .init(product.gates + gate * units, stride: width),
          .init(product.kernel + gate * units, stride: width, transposed: true), into: part,
          strideC: features, m: rows, n: features, k: units))
      drop(part, gate, into: part, count: rows * features, width: features)
      Elementwise.add(part, to: dx, count: rows * features)
    }
  }

  // MARK: State

  /// What is left of `h`, or of its gradient, in processing step `t`.
  func dropState(
    _ h: UnsafePointer<S>, at t: Int, into target: UnsafeMutablePointer<S>, units: Int
  ) {
    guard let state = state.map({ $0 + t * stepStride }) else { return }
    for i in 0..<batch * units { target[i] = h[i] * state[i] }
  }
}

/// The product of all steps' inputs with a kernel, into the gates.
struct InputProduct<S: Scalar> {
  /// `[rows × features]`, rows being those of all steps: steps × batch where there are masks.
  let x: UnsafeMutablePointer<S>
  let kernel: UnsafeMutablePointer<S>
  /// `[rows × gateWidth]`
  let gates: UnsafeMutablePointer<S>
  let rows: Int
  let features: Int
  let gateWidth: Int
}

// MARK: - Gates with masks of their own

extension CellStep {
  /// `target[:, gates] = start[:, gates] + (h ∘ mask) · U[:, gates]`
  func addRecurrentProduct(
    gates: Range<Int>, units: Int, width: Int, startingFrom start: MatrixRows<S>,
    into target: UnsafeMutablePointer<S>
  ) {
    guard let masks, let dropped else {
      S.addProduct(
        MatrixProduct(
          .init(h, stride: units), .init(recurrentKernel + gates.lowerBound * units, stride: width),
          startingFrom: start.from(column: gates.lowerBound * units),
          into: target + gates.lowerBound * units, strideC: width, m: rows,
          n: gates.count * units, k: units))
      return
    }
    let first = gates.lowerBound * units
    start.from(column: first)
      .copy(rows, width: gates.count * units, to: target + first, stride: width)
    for gate in gates {
      let mask = masks + gate * rows * units
      for i in 0..<rows * units { dropped[i] = h[i] * mask[i] }
      S.addProduct(
        MatrixProduct(
          .init(dropped, stride: units), .init(recurrentKernel + gate * units, stride: width),
          into: target + gate * units, strideC: width, m: rows, n: units, k: units))
    }
  }
}

extension CellStepBack {
  /// `dH += mask ∘ (dGates[:, gates] · U[:, gates]ᵀ)`
  func addStateGradient(
    of dGates: UnsafePointer<S>, gates: Range<Int>, units: Int, width: Int
  ) {
    guard let masks, let dropped else {
      var kernel = MatrixProduct<S>.Operand(
        recurrentTransposed + gates.lowerBound * units * units, stride: units)
      if gates.count * units == width { kernel.packed = packedTransposed }
      S.addProduct(
        MatrixProduct(
          .init(dGates + gates.lowerBound * units, stride: width), kernel,
          into: dH, strideC: units, m: rows, n: units, k: gates.count * units))
      return
    }
    for gate in gates {
      let mask = masks + gate * rows * units
      Elementwise.setZero(dropped, count: rows * units)
      S.addProduct(
        MatrixProduct(
          .init(dGates + gate * units, stride: width),
          .init(recurrentTransposed + gate * units * units, stride: units),
          into: dropped, strideC: units, m: rows, n: units, k: units))
      for i in 0..<rows * units { dH[i] += dropped[i] * mask[i] }
    }
  }
}

extension CellGradientSums {
  /// `dU[:, gates] += (H ∘ mask)ᵀ · dGates[:, gates]`
  func addKernelGradient(
    of dGates: UnsafePointer<S>, gates: Range<Int>, units: Int, width: Int
  ) {
    guard let masks, let dropped else {
      addProduct(
        MatrixProduct(
          .init(previousOutputs, stride: units, transposed: true),
          .init(dGates + gates.lowerBound * units, stride: width),
          into: dRecurrentKernel + gates.lowerBound * units, strideC: width, m: units,
          n: gates.count * units, k: rows))
      return
    }
    for gate in gates {
      let mask = masks + gate * rows * units
      for i in 0..<rows * units { dropped[i] = previousOutputs[i] * mask[i] }
      S.addProduct(
        MatrixProduct(
          .init(dropped, stride: units, transposed: true),
          .init(dGates + gate * units, stride: width),
          into: dRecurrentKernel + gate * units, strideC: width, m: units, n: units, k: rows))
    }
  }
}
