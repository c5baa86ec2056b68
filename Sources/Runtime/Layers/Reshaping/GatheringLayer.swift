import KerasFormat

/// A layer whose every output is one of its inputs, or zero: which one follows from the shape
/// alone.
protocol GatheringLayer: Layer {
  /// For every output element of one row, the input element it shows, `nil` for zero.
  ///
  /// - Parameter extents: of the input, without the batch.
  func sources(for extents: [Int]) -> [Int?]

  /// The output's extents for an input's, both without the batch.
  func extents(for extents: [Int?]) throws(KerasError) -> [Int?]
}

extension GatheringLayer {
  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    [Shape(try extents(for: inputs[0].extents))]
  }

  /// Refuses an input without the axes (batch, steps, features).
  func requireSequence(_ extents: [Int?]) throws(KerasError) {
    guard extents.count == 2 else {
      throw KerasError(
        .shapeMismatch,
        "input \(Shape(extents)) but \(Self.className) needs (batch, steps, features)")
    }
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let extents = Array(input.shape.dropFirst())
    let sources = sources(for: extents)
    let shape = try self.extents(for: extents.map { $0 }).map { $0 ?? 0 }
    let (x, width) = (input.reals(in: &pass.workspace), extents.reduce(1, *))
    let y = pass.workspace.scratch(S.self, count: input.batch * sources.count)
    for row in 0..<input.batch {
      let (from, to) = (x + row * width, y + row * sources.count)
      for (i, source) in sources.enumerated() { to[i] = source.map { from[$0] } ?? 0 }
    }
    let isMasked = emitsMask(receivingMask: inputs[0].mask != nil)
    return [
      Signal(Tensor(y, shape: [input.batch] + shape), mask: isMasked ? inputs[0].mask : nil)
    ]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    let input = trace.inputs[0].tensor
    let extents = Array(input.shape.dropFirst())
    let (sources, width) = (sources(for: extents), extents.reduce(1, *))
    for row in 0..<input.batch {
      let (dy, target) = (outputGradients[0].pointer + row * sources.count, dx + row * width)
      for (i, source) in sources.enumerated() {
        if let source { target[source] += dy[i] }
      }
    }
  }
}

extension ConfigReader {
  /// One whole number, given as such or as a list of one: `kernel_size`, `strides`, `size`.
  mutating func extent(
    _ key: String, default fallback: Int? = nil, atLeast least: Int = 1
  ) throws(KerasError) -> Int {
    guard let value = value(key) else {
      if let fallback { return fallback }
      throw error(key, "missing, but this layer needs it")
    }
    let list = value.array
    guard let extent = list?.count == 1 ? list?[0].integer : value.integer,
      (least...Int(Int32.max)).contains(extent)
    else { throw error(key, "\(value.kind) but a whole number of at least \(least) belongs here") }
    return extent
  }

  /// Two whole numbers, or one for both: `padding`, `cropping`.
  mutating func extentPair(_ key: String, default fallback: Int) throws(KerasError) -> (Int, Int) {
    guard let value = value(key) else { return (fallback, fallback) }
    let list = value.array ?? [value, value]
    // Keras 1 may give one number in a list.
    let both = list.count == 1 ? [list[0], list[0]] : list
    guard both.count == 2, let first = both[0].integer, let second = both[1].integer,
      (0...Int(Int32.max)).contains(first), (0...Int(Int32.max)).contains(second)
    else {
      throw error(key, "\(value.kind) but one or two whole numbers of at least 0 belong here")
    }
    return (first, second)
  }
}
