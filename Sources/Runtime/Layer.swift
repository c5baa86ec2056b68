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
  ///
  /// - Throws: ``KerasError`` naming the layer and the key:
  ///   ``KerasError/Code/unsupportedConfiguration`` for a setting that is missing, of the wrong
  ///   kind or not computed, ``KerasError/Code/unknownName`` for an activation, an initializer or a
  ///   class that nobody has.
  init(from config: inout ConfigReader) throws(KerasError)

  /// The canonical config that ``init(from:)`` reads. By default none.
  var config: JSONObject { get }

  /// How many inputs a call may have. By default one.
  static var inputCounts: ClosedRange<Int> { get }

  /// The layer fitted to where it stands: Keras's `build`. Asked once for each call, before shapes,
  /// weights and masks are; layers that hold other layers build those. By default the layer as it
  /// is.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` where its generation does not have it
  ///   so, ``KerasError/Code/shapeMismatch`` for inputs that it cannot take.
  func built(at site: BuildSite) throws(KerasError) -> Self

  /// The weights that inputs of these shapes need, in Keras's order. By default none.
  ///
  /// - Throws: ``KerasError/Code/shapeMismatch`` where an extent that a weight needs is open, or
  ///   the rank is another.
  func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec]

  /// The shapes of the outputs for inputs of these shapes. By default the inputs' own.
  ///
  /// - Throws: ``KerasError/Code/shapeMismatch`` for inputs of a rank or extents that it cannot
  ///   take, ``KerasError/Code/unsupportedConfiguration`` for some that Keras takes and it does
  ///   not.
  func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape]

  /// Keras's `supports_masking`: whether a mask may come in at all. By default not.
  var supportsMasking: Bool { get }

  /// Whether a mask goes out, given whether one comes in: of a layer whose outputs are alike in
  /// this. By default one does where one comes in and may.
  func emitsMask(receivingMask: Bool) -> Bool

  /// Whether each step of a sequence is computed by itself, and all alike, so that a
  /// ``StepPredictor`` can hand over one after another. By default not.
  var computesStepsAlike: Bool { get }

  /// Whether the layer, or one inside it, carries states from call to call. By default not.
  var isStateful: Bool { get }

  /// Which outputs leave with a mask, given which inputs come with one. By default all alike, by
  /// ``emitsMask(receivingMask:)``.
  func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool]

  /// Draws what Keras draws at random when it makes the layer and its weights `specs`. By default
  /// the starts of the weights, in their order, and the generator's seed.
  func draw(_ specs: [WeightSpec], from draws: inout LayerDraws)

  /// Draws what Keras before 3 draws at random when the layer is called. By default for each of the
  /// ``randomOperations``.
  func drawCall(from draws: inout LayerDraws)

  /// Whether Keras 3's layer holds a random generator, whose seed is drawn after those of weights.
  /// By default not.
  var usesSeedGenerator: Bool { get }
  /// How many random operations a call of the layer makes in Keras before 3. By default one where
  /// there is a generator, else none.
  var randomOperations: Int { get }
  /// The seed that the layer was given for its own random numbers; `nil` takes one from the run's.
  /// By default `nil`.
  var generatorSeed: Int? { get }

  /// The start of one weight, row-major. By default what the weight's initializer draws.
  func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float]

  /// The outputs for `inputs`. What ``backward(_:into:weights:gradients:trace:pass:)`` needs
  /// besides inputs and outputs goes into `trace` when `pass.keepsTrace`.
  ///
  /// - Throws: ``KerasError`` for what shapes could not show beforehand:
  ///   ``KerasError/Code/invalidData`` with row and step for an id outside of a table,
  ///   ``KerasError/Code/shapeMismatch`` where extents that were open do not fit.
  func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S>

  /// Adds to `inputGradients` (one per input, `nil` where nobody wants it) and to the weights'
  /// `gradients` what the `outputGradients` mean for them.
  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass)
}

/// A layer that can take the vectors of words as they lie in an embedding's table, ``Tensor/words``; on
/// the way back it then adds what they mean straight to the table's gradient, ``Pass/tableTarget``.
protocol WordLayer: Layer {
  /// Whether it does so with its settings; else words are looked up for it as for any layer.
  var takesWords: Bool { get }
}

/// Where a layer is called.
public struct BuildSite: Sendable {
  /// The shapes of the inputs, without the batch axis.
  public var inputs: [Shape]
  /// Which inputs come with a mask.
  public var masks: [Bool]
  /// Whose rules apply where the generations differ.
  public var generation: Generation

  /// Inputs of these shapes; `masks` has one flag for each.
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
  public var computesStepsAlike: Bool { false }
  public var isStateful: Bool { false }
  public func emitsMask(receivingMask: Bool) -> Bool { receivingMask && supportsMasking }
  public func emitsMasks(receiving inputs: [Bool], outputs: Int) -> [Bool] {
    Array(repeating: emitsMask(receivingMask: inputs.contains(true)), count: outputs)
  }
  public var usesSeedGenerator: Bool { false }

  public var randomOperations: Int { usesSeedGenerator ? 1 : 0 }
  public var generatorSeed: Int? { nil }

  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    spec.settings.initializer.sample(shape: spec.shape, from: start)
  }

  public func draw(_ specs: [WeightSpec], from draws: inout LayerDraws) {
    draws.weights(specs, of: config)
    if draws.generation == .keras3, usesSeedGenerator { draws.generator(seed: generatorSeed) }
  }

  public func drawCall(from draws: inout LayerDraws) {
    for operation in 0..<randomOperations {
      draws.generator(seed: generatorSeed, operation: operation)
    }
  }
}

/// The gradient of the loss with respect to one output of a layer.
public struct OutputGradient<S: Scalar> {
  /// As many numbers as the output has, in the workspace of the pass.
  public let pointer: UnsafeMutablePointer<S>
  /// `true` when it is the gradient of ``Signal/logits`` rather than of the output: losses that
  /// recover logits from a sigmoid or softmax go past that function.
  public let isOfLogits: Bool
  /// Beside a gradient of logits, that of the output itself, from others who use it.
  public internal(set) var ofOutput: UnsafeMutablePointer<S>?

  /// By default the gradient of the output itself.
  public init(
    _ pointer: UnsafeMutablePointer<S>, isOfLogits: Bool = false,
    ofOutput: UnsafeMutablePointer<S>? = nil
  ) {
    self.pointer = pointer
    self.isOfLogits = isOfLogits
    self.ofOutput = ofOutput
  }
}

/// What one call of one layer keeps for its way back.
public struct Trace<S: Scalar> {
  /// What the layer was given.
  public var inputs = Signals<S>()
  /// What it gave.
  public var outputs = Signals<S>()
  /// Arrays that the layer named by position; see its file.
  public var saved: [UnsafeMutablePointer<S>] = []
  /// The traces of layers inside this one.
  public var inner: [Trace<S>] = []
  /// What a recurrent layer went through.
  var loop: LoopTrace<S>?

  /// Nothing kept yet.
  public init() {}
}

/// One pass through a network: its memory and the circumstances that layers depend on.
public struct Pass: ~Copyable {
  /// Where everything that flows between layers lies.
  public var workspace = Workspace()
  /// Keras's `training` argument: whether dropout and the like are on. A call may turn it off.
  public internal(set) var isTraining: Bool
  /// Whether a backward pass will follow.
  public let keepsTrace: Bool
  /// Whose rules apply where the generations differ.
  public let generation: Generation
  /// The random generators of the network's layers.
  public var streams: RandomStreams
  /// How many draws a layer makes for its input, one for every step of the rows that a
  /// ``TimeDistributed`` hands it at once; elsewhere 1.
  var drawsPerCall = 1
  /// Training steps done before this one since the run began.
  public var stepOfRun = 0
  /// The penalties on what comes out of layers, and what they come to so far; see
  /// ``ActivityPenalties``.
  public var activities = ActivityPenalties()
  /// What the penalties on outputs come to so far, over the pass.
  public internal(set) var activityPenalty = 0.0
  /// The states that stateful layers carry from call to call; `nil` starts each call from zero.
  public var states: RecurrentStates?
  /// What embeddings hand over instead of adding it up, where somebody asks: `nil` where nobody
  /// does.
  public var tableGradients: [TableGradient]?
  /// The threads that share a batch.
  public var crew = Crew.alone
  /// What recurrent layers know of words, by the way to the layer; `nil` where nothing is kept from
  /// batch to batch, since weights change.
  var wordCaches: [[Int]: AnyObject]?
  /// Where a ``WordLayer`` adds the gradient of the words that it took, `[V × width]`.
  var tableTarget: UnsafeMutableRawPointer?
  /// The way from the outermost graph to the layer that is running.
  public private(set) var path: [Int] = []
  /// The same to the layer's first call in each graph, where its states are kept.
  private(set) var statePath: [Int] = []
  /// The weights of layers that compute in another type than the network's, in that type, by the
  /// way to the layer.
  var castWeights: [[Int]: AnyObject] = [:]
  /// Whether layers compute in the types of their policies, else in the pass's own.
  var followsPolicies = true
  /// Whether a `Double` pass follows float64 policies, so that layers of float32 must be cast.
  var castsToFloat32 = false

  /// By default outside of training, with nothing kept for a way back.
  public init(generation: Generation, isTraining: Bool = false, keepsTrace: Bool = false) {
    self.generation = generation
    self.isTraining = isTraining
    self.keepsTrace = keepsTrace
    streams = RandomStreams(generation: generation)
  }

  /// Goes on to a layer inside of the one that runs, or of the outermost graph.
  ///
  /// - Parameter first: where the layer's states are kept, if not at `index`.
  mutating func enter(_ index: Int, statesOf first: Int? = nil) {
    path.append(index)
    statePath.append(first ?? index)
  }

  mutating func leave() {
    path.removeLast()
    statePath.removeLast()
  }

  mutating func leaveAll() {
    path.removeAll(keepingCapacity: true)
    statePath.removeAll(keepingCapacity: true)
  }

  /// What the running layer knows of words, where that is kept.
  mutating func wordCache<S: Scalar>(for words: WordVectors<S>, width: Int) -> WordCache<S>? {
    guard wordCaches != nil, !keepsTrace else { return nil }
    if let cache = wordCaches?[path] as? WordCache<S> { return cache }
    let cache = WordCache<S>(rows: words.rows, width: width)
    wordCaches?[path] = cache
    return cache
  }

  /// The random numbers of one draw of the running layer; the next draw has others.
  ///
  /// - Parameters:
  ///   - count: how many numbers will be taken; it decides where the next draw begins.
  ///   - operation: which of the layer's ``Layer/randomOperations`` draws.
  public mutating func random(_ count: Int, operation: Int = 0) -> Philox {
    streams.next(count, operation: operation, at: path)
  }
}

/// What stateful recurrent layers remember: a value that goes into a call and comes out changed.
/// Row i of a batch goes on where row i of the batch before stopped.
public struct RecurrentStates: Sendable {
  /// By the way to the layer, one array per state.
  var arrays: [[Int]: [[Double]]] = [:]

  /// All zero, as after Keras's `reset_states`.
  public init() {}

  /// Whether no layer has left any.
  package var isEmpty: Bool { arrays.isEmpty }

  // MARK: As JSON

  /// The states by the way to their layer, `"2"` or `"1/0"` for one inside another.
  package var json: JSONObject {
    var object = JSONObject()
    for (path, states) in arrays {
      object[path.map(String.init).joined(separator: "/")] = .array(
        states.map { .array($0.map(JSON.number)) })
    }
    return object
  }

  /// - Throws: ``KerasError/Code/damagedFile`` where it is not what ``json`` gives.
  package init(json: JSONObject) throws(KerasError) {
    for (key, value) in json.members {
      let path = key.split(separator: "/").map { Int($0) ?? -1 }
      let lists = value.array ?? []
      let states = lists.map { ($0.array ?? []).compactMap(\.number) }
      guard !path.contains(-1), !states.isEmpty,
        zip(lists, states).allSatisfy({ $0.array?.count == $1.count && !$1.isEmpty })
      else {
        throw KerasError(.damagedFile, "no states of a layer", at: .init(path: ["states", key]))
      }
      arrays[path] = states
    }
  }
}
