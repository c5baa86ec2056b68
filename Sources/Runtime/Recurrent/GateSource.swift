import KerasFormat

/// Where the sums that go into the gates come from before any state is added: x·W + b of every
/// step, or of every word of the batch once.
struct GateSource<S: Scalar> {
  private enum Kind {
    /// `x`, `[total × F]` in the order of the course.
    case reals(UnsafeMutablePointer<S>)
    case words(WordProjection<S>)
  }

  private let kind: Kind
  private let features: Int
  private let gateWidth: Int

  /// - Parameters:
  ///   - bias: what each sum begins with; `nil` for zero.
  ///   - gates: `[total × G·U]`, written at once where there are no words.
  init(
    _ cell: some RecurrentCell, _ options: RecurrentOptions, _ input: Tensor<S>,
    _ weights: Weights<S>, bias: UnsafePointer<S>?, _ course: Course,
    _ masks: DropoutMasks<S>, _ cache: WordCache<S>?, into gates: UnsafeMutablePointer<S>,
    _ pass: inout Pass
  ) {
    features = input.width
    gateWidth = cell.gateWidth
    if let words = input.words {
      kind = .words(
        WordProjection(
          words, course, kernel: weights[0], bias: bias, width: gateWidth,
          reversed: options.goBackwards, cache, &pass))
      return
    }
    let x = input.reals(in: &pass.workspace)
    let ordered = pass.workspace.scratch(S.self, count: course.total * features)
    for t in 0..<course.steps {
      let time = options.goBackwards ? course.steps - 1 - t : t
      for position in 0..<course.active[t] {
        (ordered + (course.offsets[t] + position) * features).update(
          from: x + (course.rows[position] * course.steps + time) * features, count: features)
      }
    }
    kind = .reals(ordered)
    Elementwise.fillRows(gates, with: bias, rows: course.total, width: gateWidth)
    masks.addInputProduct(product(ordered, weights[0], gates, course), pass.crew, &pass.workspace)
  }

  private func product(
    _ x: UnsafeMutablePointer<S>, _ kernel: UnsafeMutablePointer<S>,
    _ gates: UnsafeMutablePointer<S>, _ course: Course
  ) -> InputProduct<S> {
    InputProduct(
      x: x, kernel: kernel, gates: gates, rows: course.total, features: features,
      gateWidth: gateWidth)
  }

  /// What padding sends into the gates; of words alone.
  var ofPadding: UnsafePointer<S>? {
    guard case .words(let words) = kind else { return nil }
    return words.ofPadding
  }

  /// The sums of the course's rows from number `row` on: as words have them, or as they stand in the
  /// gates.
  func sums(from row: Int, in arrays: LoopArrays<S>) -> MatrixRows<S> {
    guard case .words(let words) = kind else {
      return MatrixRows(UnsafePointer(arrays.gates + row * gateWidth), stride: gateWidth)
    }
    return MatrixRows(words.projected, stride: gateWidth, numbers: words.slots + row)
  }

  // MARK: Backward

  /// From the gradients of the sums, of all steps and of the lead's, to those of the kernel and of
  /// the input, `dInput [batch × steps × F]`, or of the words' table, ``Pass/tableTarget``.
  func addGradients(
    of dGates: UnsafeMutablePointer<S>, _ course: Course, lead: UnsafeMutablePointer<S>?,
    leadSteps: Int, kernel: UnsafeMutablePointer<S>, dKernel: UnsafeMutablePointer<S>,
    dInput: UnsafeMutablePointer<S>?, dropping masks: DropoutMasks<S>, reversed: Bool,
    _ pass: inout Pass
  ) {
    switch kind {
    case .words(let words):
      words.addGradients(
        of: dGates, rows: course.total, lead: lead, leadSteps: leadSteps, kernel: kernel,
        dKernel: dKernel, &pass)
    case .reals(let x):
      let dx = dInput.map { _ in
        pass.workspace.zeros(S.self, count: course.total * features)
      }
      masks.addInputGradients(
        product(x, kernel, dGates, course), dKernel: dKernel, dx: dx, pass.crew, &pass.workspace)
      guard let dInput, let dx else { return }
      for t in 0..<course.steps {
        let time = reversed ? course.steps - 1 - t : t
        for position in 0..<course.active[t] {
          Elementwise.add(
            dx + (course.offsets[t] + position) * features,
            to: dInput + (course.rows[position] * course.steps + time) * features,
            count: features)
        }
      }
    }
  }
}
