import KerasFormat

/// A layer that makes one tensor of several, element by element.
///
/// Inputs of fewer axes get axes of extent 1 behind the batch, then extents of 1 are stretched, as
/// Keras does. A mask leaves where steps count in every masked input (to 2.15), or, in Keras 3,
/// where all inputs have one, in any of them.
protocol MergeLayer: Layer {
  /// Set by ``Layer/built(at:)``.
  var generation: Generation { get set }

  init()

  /// One output of the inputs at its place.
  static func merged<S: Scalar>(_ values: UnsafeBufferPointer<S>) -> S
  /// The same where steps may not count (`nil`: the input has no mask), as Keras 3's `Multiply`,
  /// `Maximum` and `Minimum` treat them.
  static func mergedMasked<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?]
  ) -> S
  /// The derivative of ``mergedMasked(_:_:)`` by the value at `index`.
  static func maskedSlope<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?], at index: Int
  ) -> S
  /// Whether it treats them so.
  var masksValues: Bool { get }
  /// The derivative of ``merged(_:)`` by the value at `index`.
  static func slope<S: Scalar>(
    _ values: UnsafeBufferPointer<S>, result: S, at index: Int
  ) -> S
}

extension MergeLayer {
  var masksValues: Bool { false }
  static func mergedMasked<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?]
  ) -> S { merged(UnsafeBufferPointer(values)) }
  static func maskedSlope<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?], at index: Int
  ) -> S {
    let all = UnsafeBufferPointer(values)
    return slope(all, result: merged(all), at: index)
  }

  public init(from config: inout ConfigReader) throws(KerasError) { self.init() }

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    if site.generation == .keras1, site.masks.contains(true), Self.className == "Maximum" {
      throw KerasError(.unsupportedConfiguration, "a mask, which Keras 1's merge by max refuses")
    }
    var layer = self
    layer.generation = site.generation
    return layer
  }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    guard generation > .keras1 || inputs.allSatisfy({ $0 == inputs[0] }) else {
      throw KerasError(.shapeMismatch, "inputs of several shapes, which Keras 1 does not merge")
    }
    let rank = inputs.map(\.rank).max() ?? 0
    let aligned = inputs.map { [Int?](repeating: 1, count: rank - $0.rank) + $0.extents }
    var extents: [Int?] = []
    for axis in 0..<rank {
      let known = aligned.compactMap { $0[axis] }.filter { $0 != 1 }
      guard Set(known).count < 2 else {
        throw KerasError(
          .shapeMismatch,
          "inputs \(inputs.map(\.description).joined(separator: " and ")), which do not fit "
            + "\(Self.className)")
      }
      let isOpen = aligned.contains { $0[axis] == nil }
      extents.append(known.first ?? (isOpen ? nil : 1))
    }
    return [Shape(extents)]
  }

  public var supportsMasking: Bool { true }

  public func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool] {
    [generation == .keras3 ? !inputs.contains(false) : inputs.contains(true)]
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let shape = try Broadcast.shape(of: inputs.map(\.tensor.shape), className: Self.className)
    let sources = inputs.map { Broadcast(from: $0.tensor.shape, to: shape) }
    let arrays = inputs.map { $0.tensor.reals(in: &pass.workspace) }
    let count = shape.product
    let y = pass.workspace.scratch(S.self, count: count)
    let values = pass.workspace.scratch(S.self, count: inputs.count)
    let steps = countedSteps(inputs, sources)
    for i in 0..<count {
      for (index, source) in sources.enumerated() { values[index] = arrays[index][source[i]] }
      let all = UnsafeMutableBufferPointer(start: values, count: inputs.count)
      if let steps {
        y[i] = Self.mergedMasked(all, steps.map { $0(i) })
      } else {
        y[i] = Self.merged(UnsafeBufferPointer(all))
      }
    }
    let mask = MergedMask(generation: generation).joined(inputs.map(\.mask), &pass.workspace)
    return [Signal(Tensor(y, shape: shape), mask: mask)]
  }

  /// By input whether an element of the output has one there that counts; `nil` where masks have no
  /// say.
  private func countedSteps<S: Scalar>(
    _ inputs: Signals<S>, _ sources: [Broadcast]
  ) -> [(Int) -> Bool?]? {
    guard masksValues, inputs.contains(where: { $0.mask != nil }) else { return nil }
    return zip(inputs, sources).map { input, source in
      guard let mask = input.mask else { return { _ in nil } }
      let width = max(1, input.tensor.count / max(1, mask.count))
      return { mask.flags[source[$0] / width] }
    }
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let output = trace.outputs[0].tensor
    let y = output.reals(in: &pass.workspace)
    let sources = trace.inputs.map { Broadcast(from: $0.tensor.shape, to: output.shape) }
    let arrays = trace.inputs.map { $0.tensor.reals(in: &pass.workspace) }
    let values = pass.workspace.scratch(S.self, count: arrays.count)
    let steps = countedSteps(trace.inputs, sources)
    let dy = outputGradients[0].pointer
    let all = UnsafeMutableBufferPointer(start: values, count: arrays.count)
    for i in 0..<output.count {
      for (index, source) in sources.enumerated() { values[index] = arrays[index][source[i]] }
      let counts = steps?.map { $0(i) }
      for (index, source) in sources.enumerated() {
        guard let dx = inputGradients[index] else { continue }
        let slope =
          counts.map { Self.maskedSlope(all, $0, at: index) }
          ?? Self.slope(UnsafeBufferPointer(all), result: y[i], at: index)
        dx[source[i]] += dy[i] * slope
      }
    }
  }
}

/// Where an element of a larger shape comes from in a smaller one, axes of extent 1 stretched and
/// axes missing added behind the batch.
struct Broadcast {
  private let indices: [Int]?

  /// The shape that several broadcast to, batch first.
  static func shape(of shapes: [Extents], className: String) throws(KerasError) -> Extents {
    let rank = shapes.map(\.count).max() ?? 0
    let aligned = shapes.map { Self.aligned($0, rank: rank) }
    var result = Extents()
    for axis in 0..<rank {
      let extents = Set(aligned.map { $0[axis] })
      guard extents.subtracting([1]).count < 2 else {
        throw KerasError(
          .shapeMismatch,
          "inputs \(shapes.map { Array($0).tuple }.joined(separator: " and ")), which do not fit \(className)"
        )
      }
      result.append(extents.subtracting([1]).first ?? 1)
    }
    return result
  }

  private static func aligned(_ shape: Extents, rank: Int) -> Extents {
    [shape[0]] + repeatElement(1, count: rank - shape.count) + shape.dropFirst()
  }

  init(from small: Extents, to large: Extents) {
    let extents = Self.aligned(small, rank: large.count)
    guard extents != large else {
      indices = nil
      return
    }
    var strides = [Int](repeating: 1, count: extents.count)
    for axis in extents.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    var indices = [0]
    for axis in large.indices {
      let stride = extents[axis] == 1 ? 0 : strides[axis]
      indices = indices.flatMap { start in (0..<large[axis]).map { start + $0 * stride } }
    }
    self.indices = indices
  }

  subscript(element: Int) -> Int { indices?[element] ?? element }
}

/// One mask of several.
struct MergedMask {
  let generation: Generation

  func joined(_ masks: [Mask?], _ workspace: inout Workspace) -> Mask? {
    let there = masks.compactMap { $0 }
    guard let first = there.first else { return nil }
    if generation == .keras3, there.count < masks.count { return nil }
    let rank = there.map(\.shape.count).max() ?? 0
    guard there.allSatisfy({ $0.shape.count == rank }) else { return nil }
    let shape = Extents(
      (0..<rank).map { axis in
        there.map { $0.shape[axis] }.first { $0 != 1 } ?? first.shape[axis]
      })
    let sources = there.map { Broadcast(from: $0.shape, to: shape) }
    let count = shape.product
    let flags = workspace.scratch(Bool.self, count: count)
    for i in 0..<count {
      let steps = zip(there, sources).lazy.map { $0.flags[$1[i]] }
      flags[i] = generation == .keras3 ? steps.contains(true) : !steps.contains(false)
    }
    return Mask(flags, shape: shape)
  }
}

/// Keras 3's way through operations that choose one of their values: one that does not count gives
/// way to the other.
enum MaskedChoice {
  /// The index of the value chosen; `replaces` says whether a value later in the row is taken over
  /// the one chosen so far.
  static func index<S: Scalar>(
    _ values: UnsafeMutableBufferPointer<S>, _ counts: [Bool?],
    _ replaces: (_ later: S, _ chosen: S) -> Bool
  ) -> Int {
    var (chosen, chosenCounts) = (0, counts[0])
    for index in 1..<max(1, values.count) {
      let other = counts[index] == false ? chosen : index
      if chosenCounts == false { chosen = other }
      if let own = chosenCounts, let step = counts[index] {
        chosenCounts = own || step
      } else {
        chosenCounts = nil
      }
      if replaces(values[other], values[chosen]) { chosen = other }
    }
    return chosen
  }
}
