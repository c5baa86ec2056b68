import KerasFormat

/// One kind of Keras layer: what it is configured with, which weights it has, what it computes, and
/// how gradients go back through it. A layer is a value; its weights live in ``Parameters``.
///
/// Implementations stand one to a file under `Layers/`, in the order configuration, weights, shape,
/// forward, backward, and are listed in ``LayerRegistry``.
public protocol Layer: Sendable {
  /// Keras 3's class name.
  static var className: String { get }

  /// Reads the canonical config: every key with a meaning, and refuses what it cannot compute.
  init(from config: inout ConfigReader) throws(KerasError)

  /// The canonical config that ``init(from:)`` reads.
  var config: JSONObject { get }

  /// How many inputs a call may have.
  static var inputCounts: ClosedRange<Int> { get }

  /// The layer fitted to where it stands: Keras's `build`. Asked once for each call, before shapes,
  /// weights and masks are; layers that hold other layers build those.
  func built(at site: BuildSite) throws(KerasError) -> Self

  /// The weights that inputs of these shapes need, in Keras's order.
  func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec]

  /// The shapes of the outputs for inputs of these shapes.
  func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape]

  /// Keras's `supports_masking`: whether a mask may come in at all.
  var supportsMasking: Bool { get }

  /// Whether a mask goes out, given whether one comes in: of a layer whose outputs are alike in this.
  func emitsMask(receivingMask: Bool) -> Bool

  /// Which outputs leave with a mask, given which inputs come with one.
  func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool]

  /// The seed draws that Keras makes when it constructs the layer; one seed for each of `specs`.
  func drawSeeds(for specs: [WeightSpec], from source: inout SeedSource) -> [UInt64]

  /// Seeds the layer draws for its own random numbers at training time, after those of weights.
  var usesSeedGenerator: Bool { get }

  /// The start of one weight, row-major.
  func initialValues(of spec: WeightSpec, seed: UInt64) -> [Float]

  /// The outputs for `inputs`. What ``backward(_:into:weights:gradients:trace:pass:)`` needs besides
  /// inputs and outputs goes into `trace` when `pass.keepsTrace`.
  func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>]

  /// Adds to `inputGradients` (one per input, `nil` where nobody wants it) and to the weights'
  /// `gradients` what the `outputGradients` mean for them.
  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass)
}

/// Where a layer is called.
public struct BuildSite: Sendable {
  public var inputs: [Shape]
  /// Which inputs come with a mask.
  public var masks: [Bool]
  public var generation: Generation

  public init(inputs: [Shape], masks: [Bool], generation: Generation) {
    self.inputs = inputs
    self.masks = masks
    self.generation = generation
  }
}

extension Layer {
  public static var inputCounts: ClosedRange<Int> { 1...1 }
  public func built(at site: BuildSite) throws(KerasError) -> Self { self }
  public var config: JSONObject { [:] }
  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] { [] }
  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] { inputs }
  public var supportsMasking: Bool { false }
  public func emitsMask(receivingMask: Bool) -> Bool { receivingMask && supportsMasking }
  public func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool] {
    Array(repeating: emitsMask(receivingMask: inputs.contains(true)), count: outputs)
  }
  public var usesSeedGenerator: Bool { false }

  public func initialValues(of spec: WeightSpec, seed: UInt64) -> [Float] {
    spec.settings.initializer.sample(shape: spec.shape, seed: seed)
  }

  public func drawSeeds(for specs: [WeightSpec], from source: inout SeedSource) -> [UInt64] {
    var seeds: [UInt64] = []
    for spec in specs { seeds.append(source.seed(for: spec.settings.initializer)) }
    return seeds
  }
}

/// The gradient of the loss with respect to one output of a layer.
public struct OutputGradient<S: Scalar> {
  public let pointer: UnsafeMutablePointer<S>
  /// `true` when it is the gradient of ``Signal/logits`` rather than of the output: losses that
  /// recover logits from a sigmoid or softmax go past that function.
  public let isOfLogits: Bool

  public init(_ pointer: UnsafeMutablePointer<S>, isOfLogits: Bool = false) {
    self.pointer = pointer
    self.isOfLogits = isOfLogits
  }
}

/// What one call of one layer keeps for its way back.
public struct Trace<S: Scalar> {
  public var inputs: [Signal<S>] = []
  public var outputs: [Signal<S>] = []
  /// Arrays that the layer named by position; see its file.
  public var saved: [UnsafeMutablePointer<S>] = []
  /// The traces of layers inside this one.
  public var inner: [Trace<S>] = []

  public init() {}
}

/// One pass through a network: its memory and the circumstances that layers depend on.
public struct Pass: ~Copyable {
  public var workspace = Workspace()
  /// Keras's `training` argument: whether dropout and the like are on.
  public let isTraining: Bool
  /// Whether a backward pass will follow.
  public let keepsTrace: Bool
  /// Whose rules apply where the generations differ.
  public let generation: Generation
  /// The seed of the layer that is running, and how often it has drawn: Keras's `SeedGenerator`.
  public var layerSeed: UInt64 = 0
  public var step: UInt64 = 0
  /// Training steps done before this one since the run began.
  public var stepOfRun = 0
  /// The states that stateful layers carry from call to call; `nil` starts each call from zero.
  public var states: RecurrentStates?
  /// What embeddings hand over instead of adding it up, where somebody asks: `nil` where nobody does.
  public var tableGradients: [TableGradient]?
  /// The way from the outermost graph to the layer that is running.
  public internal(set) var path: [Int] = []

  public init(generation: Generation, isTraining: Bool = false, keepsTrace: Bool = false) {
    self.generation = generation
    self.isTraining = isTraining
    self.keepsTrace = keepsTrace
  }
}

/// What stateful recurrent layers remember: a value that goes into a call and comes out changed. Row i
/// of a batch goes on where row i of the batch before stopped.
public struct RecurrentStates: Sendable {
  /// By the way to the layer, one array per state.
  var arrays: [[Int]: [[Float]]] = [:]

  /// All zero, as after Keras's `reset_states`.
  public init() {}
}

/// The seeds that a run hands to its initializers, in the order in which Keras asks for them.
public struct SeedSource: Sendable {
  private var twister: MersenneTwister

  /// Python's `random.seed(seed)`, which `keras.utils.set_random_seed` calls.
  public init(seed: UInt64) { twister = MersenneTwister(pythonSeed: Int(truncatingIfNeeded: seed)) }

  /// Python's `random.randint(1, 10**9)`.
  public mutating func next() -> UInt64 { UInt64(twister.randint(1, 1_000_000_000)) }

  /// The initializer's own seed, a drawn one, or 0 where no random number is needed.
  public mutating func seed(for initializer: Initializer) -> UInt64 {
    if let seed = initializer.seed { return UInt64(bitPattern: Int64(seed)) }
    return initializer.drawsSeed ? next() : 0
  }
}
