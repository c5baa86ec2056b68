import KerasFormat

/// What a program draws at random while it makes its layers, in Keras's order: where the initial
/// values of each weight come from, and the seeds of the layers' own generators.
///
/// A layer that holds others, or whose parts Keras makes in another order than that of its weights,
/// says so in ``Layer/draw(_:from:)`` and ``Layer/drawCall(from:)``. Keras 3 draws when a layer is
/// constructed, for every initializer that it is given, whether or not its weight comes to be, and
/// for its generator. The others draw when a weight is made, and for random operations at each
/// call.
public struct LayerDraws: Sendable {
  /// Whose draws they are.
  public let generation: Generation
  private(set) var source: SeedSource
  /// By the name of the weight.
  private(set) var starts: [String: WeightStart] = [:]
  private(set) var streams: RandomStreams
  private var rename: @Sendable (String) -> String = { $0 }
  private var path: [Int] = []
  private var isKept = true
  private var type = ElementType.float32
  private let isFromDefinition: Bool

  /// - Parameter isFromDefinition: whether the program makes the model from its definition, as it
  ///   does a functional one, instead of layer by layer.
  init(seed: UInt64, generation: Generation, isFromDefinition: Bool) {
    source = SeedSource(seed: seed, generation: generation)
    self.generation = generation
    self.isFromDefinition = isFromDefinition
    // Nobody gives TensorFlow 1's graph a seed; `set_random_seed` does.
    streams = RandomStreams(
      generation: generation,
      graphSeed: generation == .keras2_15 ? seed : Philox.defaultGraphSeed)
  }

  // MARK: - The order of layers

  /// Whether models among the layers of a model draw before its other layers do.
  ///
  /// A program lists the layers of a `Sequential`: what stands in the list is made before the first
  /// of it is called and so gets weights. `from_config` of 2.2 and 2.15 likewise makes all layers
  /// of a functional model before it calls any; it adds those of a `Sequential` one by one, and
  /// Keras 1 calls each layer as it is made. In Keras 3 a layer draws when it is made, whatever it
  /// is.
  func makesModelsFirst(inSequential isSequential: Bool) -> Bool {
    switch generation {
    case .keras3: false
    case .keras2_15, .keras2: !isFromDefinition || !isSequential
    case .keras1: !isFromDefinition
    }
  }

  // MARK: - What a layer draws

  /// Draws for the weights of a plain layer with this config.
  public mutating func weights(_ specs: [WeightSpec], of config: JSONObject) {
    if generation == .keras3 {
      constructed(specs, config)
    } else {
      for spec in specs { weight(spec) }
    }
  }

  /// Draws for one weight.
  public mutating func weight(_ spec: WeightSpec) {
    let origin = source.origin(for: spec.settings.initializer, shape: spec.shape)
    keep(WeightStart([origin], generation: generation, type: type), for: spec.name)
  }

  /// Draws for a weight whose parts are made one by one: `shape` is that of a part.
  mutating func part(_ index: Int, of spec: WeightSpec, count: Int, shape: [Int]) {
    let origin = source.origin(for: spec.settings.initializer, shape: shape)
    var origins =
      starts[rename(spec.name)]?.origins ?? Array(repeating: .nothing, count: count)
    if index < origins.count { origins[index] = origin }
    keep(WeightStart(origins, generation: generation, type: type), for: spec.name)
  }

  /// Draws the seed of the layer's own generator, or of one of its random operations, unless it was
  /// given one.
  public mutating func generator(seed: Int?, operation: Int = 0) {
    let drawn = source.generator(given: seed)
    if isKept { streams.add(seed: drawn, at: path, operation: operation) }
  }

  /// Initializers in the order of Keras 3's constructors.
  private static let order = [
    "embeddings", "kernel", "depthwise", "pointwise", "recurrent", "bias", "beta", "gamma",
    "moving_mean", "moving_variance", "alpha",
  ]

  private mutating func constructed(_ specs: [WeightSpec], _ config: JSONObject) {
    var left = specs
    for key in Self.order {
      guard let json = config["\(key)_initializer"], !json.isNull else { continue }
      // A depthwise convolution's only kernel is called by the plain word.
      let names = [key, "\(key)_kernel"] + (key == "depthwise" ? ["kernel"] : [])
      if let index = left.firstIndex(where: { names.contains(Self.ownName($0)) }) {
        weight(left.remove(at: index))
      } else if let initializer = try? Initializer(json: json) {
        // Its weight is left out, `bias` under `use_bias=False`, but not the initializer.
        _ = source.origin(for: initializer, shape: [])
      }
    }
    for spec in left { weight(spec) }
  }

  private static func ownName(_ spec: WeightSpec) -> String {
    spec.name.split(separator: "/").last.map(String.init) ?? spec.name
  }

  private mutating func keep(_ start: WeightStart, for name: String) {
    if isKept { starts[rename(name)] = start }
  }

  // MARK: - Layers inside layers

  /// What a layer inside this one draws.
  ///
  /// - Parameters:
  ///   - index: its place on the way to the running layer, as ``Pass/path`` has it; `nil` where the
  ///     way does not tell them apart.
  ///   - type: what its weights are, where they are not what this layer's are.
  ///   - name: from the inner layer's name of a weight to the outer one's.
  mutating func inside(
    _ index: Int?, as type: ElementType? = nil,
    naming name: @escaping @Sendable (String) -> String = { $0 },
    _ body: (inout LayerDraws) -> Void
  ) {
    let (outer, way, outerType) = (rename, path, self.type)
    rename = { outer(name($0)) }
    if let index { path.append(index) }
    if let type { self.type = type }
    body(&self)
    (rename, path, self.type) = (outer, way, outerType)
  }

  /// What is drawn for a layer that is made and then thrown away.
  mutating func discarding(_ body: (inout LayerDraws) -> Void) {
    let kept = isKept
    isKept = false
    body(&self)
    isKept = kept
  }

  /// Lets another call of a layer use the generators of its first one.
  mutating func share(_ index: Int, with other: Int) {
    if isKept { streams.share(path + [index], with: path + [other]) }
  }
}
