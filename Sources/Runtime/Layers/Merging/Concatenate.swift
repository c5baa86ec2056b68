import KerasFormat

/// Its inputs one behind the other along `axis`: `(B, T, F₁), (B, T, F₂) → (B, T, F₁ + F₂)`.
///
/// Along time, masks are concatenated; along the features a step counts where it does in every
/// input, or, in Keras 3, in any. An input without a mask counts everywhere.
public struct Concatenate: Layer {
  public static let className = "Concatenate"
  public static let inputCounts = 1...Int.max
  /// With the batch as 0, or from behind.
  public let axis: Int
  private var generation = Generation.keras3

  /// With Keras's default, the last axis.
  public init(axis: Int = -1) { self.axis = axis }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    axis = try config.integer("axis", default: -1)
  }

  public var config: JSONObject { ["axis": .integer(axis)] }

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    let isAlongFeatures = axis == -1 || axis == site.inputs[0].rank
    let refuses = site.generation == .keras1 || site.generation < .keras3 && !isAlongFeatures
    if refuses, Set(site.masks).count > 1 {
      throw KerasError(
        .unsupportedConfiguration,
        "masked and unmasked inputs, which Keras \(site.generation.rawValue) does not concatenate")
    }
    var layer = self
    layer.generation = site.generation
    return layer
  }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let rank = inputs[0].rank
    let position = try AxisMap.positions([axis], rank: rank, of: Self.className)[0]
    var extents = inputs[0].extents
    for other in inputs.dropFirst() {
      let fits =
        other.rank == rank
        && (0..<rank).allSatisfy { axis in
          axis == position || extents[axis] == nil || other.extents[axis] == nil
            || extents[axis] == other.extents[axis]
        }
      guard fits else {
        throw KerasError(
          .shapeMismatch, "inputs \(inputs[0]) and \(other) differ on another axis than \(axis)")
      }
      for axis in 0..<rank where axis != position {
        extents[axis] = extents[axis] ?? other.extents[axis]
      }
      let sum = extents[position].flatMap { a in other.extents[position].map { a + $0 } }
      extents[position] = sum
    }
    return [Shape(extents)]
  }

  public var supportsMasking: Bool { true }
  public func emitsMask(receivingMask: Bool) -> Bool { receivingMask }

  // MARK: Forward

  /// Numbers of one sample before the axis, and of each input from it on.
  private func blocks<S: Scalar>(_ inputs: Signals<S>) -> (outer: Int, widths: [Int], axis: Int) {
    let rank = inputs[0].tensor.shape.count
    let axis = self.axis < 0 ? self.axis + rank : self.axis
    return (
      inputs[0].tensor.shape[..<axis].reduce(1, *),
      inputs.map { $0.tensor.shape[axis...].reduce(1, *) }, axis
    )
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let (outer, widths, axis) = blocks(inputs)
    let total = widths.reduce(0, +)
    let y = pass.workspace.scratch(S.self, count: outer * total)
    var start = 0
    for (input, width) in zip(inputs, widths) {
      let x = input.tensor.reals(in: &pass.workspace)
      for block in 0..<outer {
        (y + block * total + start).update(from: x + block * width, count: width)
      }
      start += width
    }
    var shape = inputs[0].tensor.shape
    shape[axis] = inputs.reduce(0) { $0 + $1.tensor.shape[axis] }
    return [
      Signal(Tensor(y, shape: shape), mask: try mask(inputs, axis: axis, &pass.workspace))
    ]
  }

  private func mask<S: Scalar>(
    _ inputs: Signals<S>, axis: Int, _ workspace: inout Workspace
  ) throws(KerasError) -> Mask? {
    guard let known = inputs.compactMap(\.mask).first else { return nil }
    guard axis < known.shape.count else {
      // Along the features: an input without a mask counts everywhere.
      let flags = workspace.scratch(Bool.self, count: known.count)
      let isAny = generation == .keras3
      for i in 0..<known.count {
        let steps = inputs.map { $0.mask?.flags[i] ?? true }
        flags[i] = isAny ? steps.contains(true) : !steps.contains(false)
      }
      return Mask(flags, shape: known.shape)
    }
    let shapes = inputs.map { Array($0.tensor.shape[..<known.shape.count]) }
    let outer = known.shape[..<axis].reduce(1, *)
    let widths = shapes.map { $0[axis...].reduce(1, *) }
    let total = widths.reduce(0, +)
    let flags = workspace.scratch(Bool.self, count: outer * total)
    var start = 0
    for (input, width) in zip(inputs, widths) {
      for block in 0..<outer {
        for i in 0..<width {
          flags[block * total + start + i] = input.mask?.flags[block * width + i] ?? true
        }
      }
      start += width
    }
    var shape = known.shape
    shape[axis] = shapes.reduce(0) { $0 + $1[axis] }
    return Mask(flags, shape: shape)
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let (outer, widths, _) = blocks(trace.inputs)
    let total = widths.reduce(0, +)
    var start = 0
    for (index, width) in widths.enumerated() {
      if let dx = inputGradients[index] {
        for block in 0..<outer {
          Elementwise.add(
            outputGradients[0].pointer + block * total + start, to: dx + block * width,
            count: width)
        }
      }
      start += width
    }
  }
}
