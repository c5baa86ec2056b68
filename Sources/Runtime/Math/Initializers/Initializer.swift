import KerasFormat

/// How a weight starts: one of Keras's initializers with its config.
///
/// ``sample(shape:from:fans:)`` draws as the generation does, so a seed gives Keras's numbers:
/// Keras 2.15 and 3 to the last bit for uniform distributions, to a unit in the last place for
/// normal ones, to 1e-6 for orthogonal matrices; Keras 1 and 2.2 likewise, but for the signs of
/// orthogonal matrices' columns, which their SVD leaves open.
///
/// Each family stands in a file of its own; the list by Keras's names is here. Source:
/// `random_initializers.py` and `constant_initializers.py` of Keras 3.15, `initializers.py` of
/// 2.2.4 and
/// 2.15, `initializations.py` of 1.2.2.
public struct Initializer: Sendable, Equatable {
  /// What is drawn, with every parameter.
  public enum Kind: Sendable, Equatable {
    /// The same number everywhere.
    case constant(Double)
    /// These numbers, as a table of word vectors is given to an embedding.
    case array(ConstantArray)
    /// A matrix with `gain` on its diagonal and 0 elsewhere.
    case identity(gain: Double)
    /// Uniform from `low` to `high`.
    case uniform(low: Double, high: Double)
    /// Normal.
    case normal(mean: Double, stddev: Double)
    /// Normal, drawn again beyond two standard deviations.
    case truncatedNormal(mean: Double, stddev: Double)
    /// By the weight's shape.
    case variance(VarianceScaling)
    /// A random matrix with orthonormal rows or columns, times `gain` (Saxe et al. 2013).
    case orthogonal(gain: Double)
  }

  /// What is drawn.
  public let kind: Kind
  /// The initializer's own seed; `nil` draws one from the run's.
  public let seed: Int?
  /// As Keras 3 serializes it: `{"class_name", "config"}`.
  public let json: JSON

  /// Keras's default for biases.
  public static let zeros = Initializer(.constant(0), "Zeros")
  /// Keras's default for scales.
  public static let ones = Initializer(.constant(1), "Ones")
  /// Keras's default for kernels: uniform on ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010).
  public static let glorotUniform = Initializer(
    .variance(VarianceScaling(scale: 1, mode: .fanAverage, distribution: .uniform)),
    "GlorotUniform", ["seed": .null])
  /// Keras's default for recurrent kernels, with a gain of 1.
  public static let orthogonal = Initializer(
    .orthogonal(gain: 1), "Orthogonal", ["gain": 1.0, "seed": .null])
  /// Keras's default for embeddings: uniform on ±0.05.
  public static let randomUniform = Initializer(
    .uniform(low: -0.05, high: 0.05), "RandomUniform",
    ["minval": -0.05, "maxval": 0.05, "seed": .null])

  private init(_ kind: Kind, _ name: String, _ config: JSONObject = [:]) {
    self.kind = kind
    seed = nil
    json = ["class_name": .string(name), "config": .object(config)]
  }

  /// From its serialized form: an object with `class_name` and `config`, or a bare name.
  ///
  /// - Throws: ``KerasError/Code/unknownName`` with a suggestion where Keras has no initializer of
  ///   that name, ``KerasError/Code/unsupportedConfiguration`` for a setting that it does not have
  ///   or cannot take.
  public init(json: JSON) throws(KerasError) {
    let name: String
    var config: ConfigReader
    if let string = json.string {
      guard let className = Self.shortNames[string] else { throw Self.unknown(string) }
      name = className
      config = ConfigReader([:], of: className)
      self.json = ["class_name": .string(className), "config": [:]]
    } else if let object = json.object, let className = object["class_name"]?.string {
      name = className
      config = ConfigReader(object["config"]?.object ?? [:], of: className)
      self.json = json
    } else {
      throw KerasError(.unsupportedConfiguration, "\(json.kind) is not an initializer")
    }
    guard let read = Self.classes[name] else { throw Self.unknown(name) }
    kind = try read(&config)
    seed = try config.optionalInteger("seed")
    config.ignore("dtype", "input_axes", "output_axes")
    try config.finish()
  }

  private static func unknown(_ name: String) -> KerasError {
    KerasError(
      .unknownName, "unknown initializer '\(name)'",
      hint: Suggestion.hint(for: name, among: Array(shortNames.keys) + Array(classes.keys)))
  }

  // MARK: - The list

  private typealias Reading = @Sendable (inout ConfigReader) throws(KerasError) -> Kind

  /// Keras's classes and how their configs are read.
  private static let classes: [String: Reading] = [
    "Zeros": { _ throws(KerasError) in .constant(0) },
    "Ones": { _ throws(KerasError) in .constant(1) },
    "Constant": { config throws(KerasError) in try constant(&config) },
    "Identity": { config throws(KerasError) in try identity(&config) },
    "IdentityInitializer": { config throws(KerasError) in try identity(&config) },
    "RandomUniform": { config throws(KerasError) in try uniform(&config) },
    "RandomNormal": { config throws(KerasError) in try normal(&config) },
    "TruncatedNormal": { config throws(KerasError) in try truncatedNormal(&config) },
    "GlorotUniform": { config throws(KerasError) in
      try scaling(&config, 1, .fanAverage, .uniform)
    },
    "GlorotNormal": { config throws(KerasError) in
      try scaling(&config, 1, .fanAverage, .truncatedNormal)
    },
    "HeUniform": { config throws(KerasError) in try scaling(&config, 2, .fanIn, .uniform) },
    "HeNormal": { config throws(KerasError) in try scaling(&config, 2, .fanIn, .truncatedNormal) },
    "LecunUniform": { config throws(KerasError) in try scaling(&config, 1, .fanIn, .uniform) },
    "LecunNormal": { config throws(KerasError) in
      try scaling(&config, 1, .fanIn, .truncatedNormal)
    },
    "VarianceScaling": { config throws(KerasError) in try varianceScaling(&config) },
    "Orthogonal": { config throws(KerasError) in try orthogonal(&config) },
    "OrthogonalInitializer": { config throws(KerasError) in try orthogonal(&config) },
  ]

  /// The short names that Keras accepts, with the classes they stand for.
  private static let shortNames = [
    "zeros": "Zeros", "ones": "Ones", "constant": "Constant", "identity": "Identity",
    "uniform": "RandomUniform", "random_uniform": "RandomUniform", "normal": "RandomNormal",
    "random_normal": "RandomNormal", "truncated_normal": "TruncatedNormal",
    "glorot_uniform": "GlorotUniform", "glorot_normal": "GlorotNormal", "he_uniform": "HeUniform",
    "he_normal": "HeNormal", "lecun_uniform": "LecunUniform", "lecun_normal": "LecunNormal",
    "variance_scaling": "VarianceScaling", "orthogonal": "Orthogonal", "zero": "Zeros",
    "one": "Ones",
  ]

  // MARK: - Drawing

  /// Whether random numbers are drawn at all.
  public var isRandom: Bool {
    switch kind {
    case .constant, .array, .identity: false
    default: true
    }
  }

  /// Refuses shapes that Keras refuses.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` with what the initializer needs.
  public func check(_ shape: [Int]) throws(KerasError) {
    switch kind {
    case .identity where shape.count != 2:
      throw KerasError(.unsupportedConfiguration, "an Identity initializer needs a matrix")
    case .orthogonal where shape.count < 2:
      throw KerasError(
        .unsupportedConfiguration, "an Orthogonal initializer needs two axes or more")
    case .array(let array): try array.check(shape)
    case .variance(let scaling): try scaling.check(shape)
    default: break
    }
  }

  /// The start of a weight of `shape`, row-major.
  ///
  /// - Parameter fans: of the weight, where they do not follow from its shape alone.
  public func sample(
    shape: [Int], from start: WeightStart, fans: VarianceScaling.Fans? = nil
  ) -> [Float] {
    let count = shape.reduce(1, *)
    let origin = start.origins.first ?? .nothing
    var stream = origin.stream
    switch kind {
    case .constant(let value): return Array(repeating: Float(value), count: count)
    case .array(let array): return array.values(spreadOver: shape)
    case .identity(let gain):
      return Self.identity(shape, gain: gain, generation: start.generation)
    case .uniform(let low, let high):
      return stream.uniforms(count, from: start.bound(low), to: start.bound(high), as: start.type)
    case .normal(let mean, let stddev):
      return stream.normals(count, mean: mean, stddev: stddev, as: start.type)
    case .truncatedNormal(let mean, let stddev):
      return stream.truncatedNormals(count, mean: mean, stddev: stddev, as: start.type)
    case .variance(let scaling):
      let fans = fans ?? scaling.fans(of: shape, start.generation)
      return scaling.sample(count, fans: fans, from: &stream, start)
    case .orthogonal(let gain):
      return Self.orthogonal(shape, gain: gain, from: origin, start)
    }
  }
}
