import KerasFormat

/// The numbers that a layer draws for an input: how many, and which elements share one.
struct RandomFactors {
  let shape: Extents
  /// Extents to draw for; 1 shares one number along an axis.
  let extents: Extents

  init(shape: Extents, sharing noiseShape: [Int?]? = nil) {
    self.shape = shape
    extents = noiseShape.map { Extents(zip(shape, $0).map { $1 ?? $0 }) } ?? shape
  }

  /// One number per element of the shape, those along shared axes equal.
  func spread<S: Scalar>(
    _ drawn: [S], _ workspace: inout Workspace
  ) -> UnsafeMutablePointer<S> {
    let count = shape.product
    let factors = workspace.scratch(S.self, count: count)
    let places = Broadcast(from: extents, to: shape)
    for i in 0..<count { factors[i] = drawn[places[i]] }
    return factors
  }

  /// How many numbers are drawn.
  var count: Int { extents.product }
}

/// A layer that is the identity but while training, when it draws `y = x·factor + shift` at random.
protocol RandomLayer: Layer {
  /// The layer's own seed; `nil` takes one from the run's.
  var seed: Int? { get }
  /// The rate or the standard deviation; with 0 it does nothing even while training.
  var strength: Double { get }
  /// Whether Keras 1 draws outside training too, for nothing: it makes the noise before it asks.
  var drawsAlways: Bool { get }
  /// Whether it does nothing while training either.
  func isIdentity(in generation: Generation) -> Bool
  /// Broadcast extents of what is drawn, batch first; `nil` entries mean the input's own extent.
  var noiseShape: [Int?]? { get }
  /// Factor and, where there is one, shift of every element.
  func draw<S: Scalar>(
    _ random: RandomFactors, from generator: inout Philox, pass: inout Pass
  ) -> (factors: UnsafeMutablePointer<S>?, shifts: UnsafeMutablePointer<S>?)
}

extension RandomLayer {
  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { true }
  public var usesSeedGenerator: Bool { strength > 0 }
  public var generatorSeed: Int? { seed }
  var drawsAlways: Bool { false }
  var noiseShape: [Int?]? { nil }

  /// Keras 1 and 2.2 take a rate of 1 for none.
  func isIdentity(in generation: Generation) -> Bool {
    strength == 0 || strength == 1 && generation <= .keras2
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    guard pass.isTraining && !isIdentity(in: pass.generation) else {
      if drawsAlways, pass.generation == .keras1 { _ = pass.random(inputs[0].tensor.count) }
      return inputs
    }
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let (factors, shifts): (UnsafeMutablePointer<S>?, UnsafeMutablePointer<S>?) = drawn(
      for: input.shape, pass: &pass)
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count { y[i] = x[i] * (factors?[i] ?? 1) + (shifts?[i] ?? 0) }
    if let factors { trace.saved = [factors] }
    return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
  }

  /// Factors and shifts of a whole input, of rows that take turns where ``Pass/drawsPerCall`` says
  /// so.
  private func drawn<S: Scalar>(
    for shape: Extents, pass: inout Pass
  ) -> (UnsafeMutablePointer<S>?, UnsafeMutablePointer<S>?) {
    let turns = max(1, pass.drawsPerCall)
    let rows = shape[0] / turns
    let random = RandomFactors(shape: [rows] + shape.dropFirst(), sharing: noiseShape)
    var generator = pass.random(random.count)
    guard turns > 1 else { return draw(random, from: &generator, pass: &pass) }
    var whole: (UnsafeMutablePointer<S>?, UnsafeMutablePointer<S>?) = (nil, nil)
    for turn in 0..<turns {
      if turn > 0 { generator = pass.random(random.count) }
      let (factors, shifts): (UnsafeMutablePointer<S>?, UnsafeMutablePointer<S>?) = draw(
        random, from: &generator, pass: &pass)
      place(factors, turn, of: turns, shape, in: &whole.0, &pass.workspace)
      place(shifts, turn, of: turns, shape, in: &whole.1, &pass.workspace)
    }
    return whole
  }

  /// Puts the rows of one turn among those of all, which are made with the first.
  private func place<S: Scalar>(
    _ part: UnsafeMutablePointer<S>?, _ turn: Int, of turns: Int, _ shape: Extents,
    in all: inout UnsafeMutablePointer<S>?, _ workspace: inout Workspace
  ) {
    guard let part else { return }
    let width = shape.dropFirst().reduce(1, *)
    let target = all ?? workspace.scratch(S.self, count: shape[0] * width)
    for row in 0..<shape[0] / turns {
      (target + (row * turns + turn) * width).update(from: part + row * width, count: width)
    }
    all = target
  }

  /// 0 or 1/(1 - rate) for each number drawn.
  ///
  /// TensorFlow 1.12, under Keras 1, adds the share that is kept to the random number and rounds
  /// down; later ones compare with the rate.
  func drop<S: Scalar>(
    _ random: RandomFactors, from generator: inout Philox, pass: inout Pass
  ) -> UnsafeMutablePointer<S> {
    let kept = strength < 1 ? S(1 / (1 - strength)) : 0
    let share = Float(1 - strength)
    let addsShare = pass.generation == .keras1
    let factors = generator.uniforms(random.count).map { number in
      (addsShare ? number + share >= 1 : number >= Float(strength)) ? kept : S(0)
    }
    return random.spread(factors, &pass.workspace)
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
