import KerasFormat

/// Sets a share of the inputs to zero while training and scales the others by 1/(1 - rate); the
/// identity otherwise. Any shape, unchanged.
///
/// Which ones follows from the layer's seed and the number of the training step alone, as Keras 3's
/// `SeedGenerator` has it: an element stays where a uniform number of the Philox stream is ≥ rate.
public struct Dropout: Layer {
  public static let className = "Dropout"
  public let rate: Double
  /// Broadcast extents, batch first; `nil` entries mean the input's own extent.
  public let noiseShape: [Int?]?
  /// The layer's own seed; `nil` takes one from the run's.
  public let seed: Int?

  public init(rate: Double, seed: Int? = nil) {
    self.rate = rate
    self.seed = seed
    noiseShape = nil
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    rate = try config.number("rate", default: 0)
    guard rate >= 0 && rate <= 1 else {
      throw config.error("rate", "\(rate) but a dropout rate is within 0…1")
    }
    seed = try config.optionalInteger("seed")
    noiseShape = try config.value("noise_shape")?.array.map { extents throws(KerasError) in
      var shape: [Int?] = []
      for extent in extents { shape.append(extent.integer) }
      return shape
    }
  }

  public var config: JSONObject {
    [
      "rate": .number(rate), "seed": seed.map(JSON.integer) ?? .null,
      "noise_shape": noiseShape.map { .array($0.map { $0.map(JSON.integer) ?? .null }) } ?? .null,
    ]
  }

  public var supportsMasking: Bool { true }
  public var usesSeedGenerator: Bool { rate > 0 }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    guard pass.isTraining && rate > 0 else { return inputs }
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let factors = factors(for: input.shape, pass: &pass) as UnsafeMutablePointer<S>
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count { y[i] = x[i] * factors[i] }
    trace.saved = [factors]
    return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
  }

  /// 0 or 1/(1 - rate) for each element of an array of `shape`.
  private func factors<S: Scalar>(for shape: [Int], pass: inout Pass) -> UnsafeMutablePointer<S> {
    let count = shape.reduce(1, *)
    let noise = noiseShape ?? shape.map { $0 }
    let extents = zip(shape, noise).map { $1 ?? $0 }
    var generator = Philox(seed: seed.map { UInt64($0) } ?? pass.layerSeed, offset: pass.step)
    let kept = rate < 1 ? 1 / (1 - S(rate)) : 0
    let drawn = (0..<extents.reduce(1, *)).map { _ in
      generator.uniform() >= Float(rate) ? kept : S(0)
    }
    let factors = pass.workspace.scratch(S.self, count: count)
    for i in 0..<count {
      var (rest, index, stride) = (i, 0, 1)
      for axis in shape.indices.reversed() {
        let position = rest % shape[axis]
        rest /= shape[axis]
        if extents[axis] > 1 { index += position * stride }
        stride *= extents[axis]
      }
      factors[i] = drawn[index]
    }
    return factors
  }

  // MARK: Backward

  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    let (dy, count) = (outputGradients[0].pointer, trace.inputs[0].tensor.count)
    guard let factors = trace.saved.first else {
      Elementwise.add(dy, to: dx, count: count)
      return
    }
    for i in 0..<count { dx[i] += dy[i] * factors[i] }
  }
}
