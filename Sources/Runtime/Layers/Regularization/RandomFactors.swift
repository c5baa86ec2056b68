import KerasFormat

/// Random numbers of a layer while training, drawn from its seed and the number of the step alone, as
/// Keras 3's `SeedGenerator` has it.
struct RandomFactors {
  let shape: [Int]
  /// Extents to draw for; 1 shares one number along an axis.
  let extents: [Int]

  init(shape: [Int], sharing noiseShape: [Int?]? = nil) {
    self.shape = shape
    extents = noiseShape.map { zip(shape, $0).map { $1 ?? $0 } } ?? shape
  }

  /// One number per element of the shape, those along shared axes equal.
  func spread<S: Scalar>(
    _ drawn: [S], _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S> {
    let count = shape.reduce(1, *)
    let factors = workspace.scratch(S.self, count: count)
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

  private var count: Int { extents.reduce(1, *) }

  func uniforms(_ generator: inout Philox) -> [Float] {
    (0..<count).map { _ in generator.uniform() }
  }

  func normals(_ generator: inout Philox) -> [Float] {
    var values: [Float] = []
    while values.count < count {
      let (a, b) = generator.normalPair()
      values += [a, b]
    }
    return Array(values.prefix(count))
  }
}

/// A layer that is the identity but while training, when it draws `y = x·factor + shift` at random.
protocol RandomLayer: Layer {
  /// The layer's own seed; `nil` takes one from the run's.
  var seed: Int? { get }
  /// Whether it does nothing even while training.
  var isIdentity: Bool { get }
  /// Factor and, where there is one, shift of every element.
  func draw<S: Scalar>(
    for shape: [Int], from generator: inout Philox, _ workspace: inout Workspace
  ) throws(KerasError) -> (factors: UnsafeMutablePointer<S>?, shifts: UnsafeMutablePointer<S>?)
}

extension RandomLayer {
  public var supportsMasking: Bool { true }
  public var usesSeedGenerator: Bool { !isIdentity }

  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    guard pass.isTraining && !isIdentity else { return inputs }
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    var generator = Philox(
      seed: seed.map { UInt64(bitPattern: Int64($0)) } ?? pass.layerSeed, offset: pass.step)
    let (factors, shifts): (UnsafeMutablePointer<S>?, UnsafeMutablePointer<S>?) = try draw(
      for: input.shape, from: &generator, &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count { y[i] = x[i] * (factors?[i] ?? 1) + (shifts?[i] ?? 0) }
    if let factors { trace.saved = [factors] }
    return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
  }

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

extension ConfigReader {
  /// A share of what is dropped.
  mutating func rate() throws(KerasError) -> Double {
    let rate = try number("rate", default: 0)
    guard rate >= 0 && rate <= 1 else {
      throw error("rate", "\(rate) but a dropout rate is within 0…1")
    }
    return rate
  }
}
