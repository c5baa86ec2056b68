import KerasFormat

/// eˣ over its sum along `axis`: any shape, unchanged.
///
/// A mask takes elements out: 2.15 adds -1e9 to them, Keras 3 sets them to 0 afterwards as well. It
/// is laid over the input from the last axis, as NumPy broadcasts.
public struct Softmax: Layer, Equatable {
  public static let className = "Softmax"
  /// Axes with the batch as 0, or from behind.
  public let axis: [Int]

  /// With Keras's default, the last axis.
  public init(axis: [Int] = [-1]) { self.axis = axis }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    axis = try config.axes("axis", default: [-1])
  }

  public var config: JSONObject {
    ["axis": .axes(axis)]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    _ = try AxisMap.positions(axis, rank: inputs[0].rank, of: Self.className)
    return inputs
  }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { axis == [-1] }

  /// For every element of a sample, which sum it belongs to. Axes that the sample does not have,
  /// which building the layer refuses, say nothing.
  func groups(_ extents: [Int]) -> [Int] {
    let axes = axis.map { AxisMap.position($0, rank: extents.count) }
    return AxisMap.indices(of: extents.indices.filter { !axes.contains($0) }, in: extents)
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let groups = groups(Array(input.shape.dropFirst()))
    var x = input.reals(in: &pass.workspace)
    let flags = pass.generation >= .keras2_15 ? try laidOver(inputs[0]) : nil
    if let flags {
      let masked = pass.workspace.scratch(S.self, count: input.count)
      for i in 0..<input.count {
        masked[i] = flags[i] ? x[i] : pass.generation == .keras3 ? -1e9 : x[i] - 1e9
      }
      x = masked
    }
    let y = pass.workspace.scratch(S.self, count: input.count)
    let isLast = axis == [-1] || axis == [input.shape.count - 1]
    if S.roundsOperations, isLast, flags == nil {
      Activation.softmax.apply(x, into: y, vectors: input.vectors, width: input.width)
      return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
    }
    Self.normalize(x, into: y, batch: input.batch, groups: groups)
    if let flags, pass.generation == .keras3 {
      for i in 0..<input.count where !flags[i] { y[i] = 0 }
    }
    return [
      Signal(
        Tensor(y, shape: input.shape), mask: inputs[0].mask,
        logits: isLast && flags == nil ? x : nil)
    ]
  }

  /// - Parameter groups: for every element of a sample, which sum it belongs to.
  static func normalize<S: Scalar>(
    _ x: UnsafePointer<S>, into y: UnsafeMutablePointer<S>, batch: Int, groups: [Int]
  ) {
    let count = (groups.max() ?? -1) + 1
    var largest = [S](repeating: 0, count: count)
    var sums = largest
    for row in 0..<batch {
      let offset = row * groups.count
      for group in 0..<count { (largest[group], sums[group]) = (-.infinity, 0) }
      for (i, group) in groups.enumerated() { largest[group] = max(largest[group], x[offset + i]) }
      for (i, group) in groups.enumerated() {
        y[offset + i] = S.exp(x[offset + i] - largest[group])
        sums[group] += y[offset + i]
      }
      for (i, group) in groups.enumerated() { y[offset + i] /= sums[group] }
    }
  }

  /// The mask's flag of every element.
  private func laidOver<S: Scalar>(_ input: Signal<S>) throws(KerasError) -> [Bool]? {
    guard let mask = input.mask else { return nil }
    let shape = input.tensor.shape
    let missing = shape.count - mask.shape.count
    let fits = zip(mask.shape, shape.dropFirst(missing)).allSatisfy { $0 == 1 || $0 == $1 }
    guard fits else {
      throw KerasError(
        .unsupportedConfiguration,
        "a mask \(mask.shape.tuple) cannot be laid over the input \(shape.tuple)",
        hint: "Keras refuses this too")
    }
    return (0..<input.tensor.count).map { element in
      var (rest, index, stride) = (element, 0, 1)
      for axis in shape.indices.reversed() where axis >= missing {
        let position = rest % shape[axis]
        rest /= shape[axis]
        if mask.shape[axis - missing] > 1 { index += position * stride }
        stride *= mask.shape[axis - missing]
      }
      return mask.flags[index]
    }
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let input = trace.inputs[0].tensor
    guard let dx = inputGradients[0] else { return }
    let groups = groups(Array(input.shape.dropFirst()))
    var dy = outputGradients[0].pointer
    if outputGradients[0].isOfLogits {
      Elementwise.add(dy, to: dx, count: input.count)
      guard let ofOutput = outputGradients[0].ofOutput else { return }
      dy = ofOutput
    }
    let y = trace.outputs[0].tensor.reals(in: &pass.workspace)
    Self.pull(dy, y: y, addingTo: dx, batch: input.batch, groups: groups)
  }

  /// Adds the gradient of the input to `dx`.
  static func pull<S: Scalar>(
    _ dy: UnsafePointer<S>, y: UnsafePointer<S>, addingTo dx: UnsafeMutablePointer<S>, batch: Int,
    groups: [Int]
  ) {
    var sums = [S](repeating: 0, count: (groups.max() ?? -1) + 1)
    for row in 0..<batch {
      let offset = row * groups.count
      for group in sums.indices { sums[group] = 0 }
      for (i, group) in groups.enumerated() { sums[group] += dy[offset + i] * y[offset + i] }
      for (i, group) in groups.enumerated() {
        dx[offset + i] += y[offset + i] * (dy[offset + i] - sums[group])
      }
    }
  }
}
