import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a weight starts: one of Keras's initializers with its config.
///
/// `sample` draws from Philox streams as Keras 3 does on TensorFlow, so a seed gives Keras's numbers.
/// Fans: a matrix has (rows, columns); a convolution kernel (receptive field × in, × out).
/// Source: `keras/src/initializers/random_initializers.py`, Keras 3.15.
public struct Initializer: Sendable, Equatable {
  /// What is drawn, with every parameter.
  public enum Kind: Sendable, Equatable {
    case constant(Double)
    case identity(gain: Double)
    case uniform(low: Double, high: Double)
    case normal(mean: Double, stddev: Double)
    case truncatedNormal(mean: Double, stddev: Double)
    case variance(scale: Double, mode: FanMode, distribution: Distribution)
    case orthogonal(gain: Double)
  }

  public enum FanMode: String, Sendable {
    case fanIn = "fan_in"
    case fanOut = "fan_out"
    case fanAverage = "fan_avg"
  }

  public enum Distribution: String, Sendable {
    case uniform
    case truncatedNormal = "truncated_normal"
    case untruncatedNormal = "untruncated_normal"
  }

  public let kind: Kind
  /// The initializer's own seed; `nil` draws one from the run's.
  public let seed: Int?
  /// As Keras 3 serializes it: `{"class_name", "config"}`.
  public let json: JSON

  public static let zeros = Initializer(.constant(0), "Zeros")
  public static let ones = Initializer(.constant(1), "Ones")
  public static let glorotUniform = Initializer(
    .variance(scale: 1, mode: .fanAverage, distribution: .uniform), "GlorotUniform", seeded: true)
  public static let orthogonal = Initializer(
    .orthogonal(gain: 1), "Orthogonal", ["gain": 1.0], seeded: true)
  /// Keras's default for embeddings: uniform on ±0.05.
  public static let randomUniform = Initializer(
    .uniform(low: -0.05, high: 0.05), "RandomUniform", ["minval": -0.05, "maxval": 0.05],
    seeded: true)

  private init(_ kind: Kind, _ name: String, _ config: JSONObject = [:], seeded: Bool = false) {
    self.kind = kind
    seed = nil
    var config = config
    if seeded { config["seed"] = .null }
    json = ["class_name": .string(name), "config": .object(config)]
  }

  /// From its serialized form: an object with `class_name` and `config`, or a bare name.
  public init(json: JSON) throws(KerasError) {
    let name: String
    var config: ConfigReader
    if let string = json.string {
      guard let className = Self.classNames[string] else { throw Self.unknown(string) }
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
    kind = try Self.kind(name, &config)
    seed = try config.optionalInteger("seed")
    config.ignore("dtype", "input_axes", "output_axes")
    try config.finish()
  }

  private static func kind(_ name: String, _ config: inout ConfigReader) throws(KerasError) -> Kind
  {
    func variance(_ scale: Double, _ mode: FanMode, _ distribution: Distribution) -> Kind {
      .variance(scale: scale, mode: mode, distribution: distribution)
    }
    switch name {
    case "Zeros": return .constant(0)
    case "Ones": return .constant(1)
    case "Constant": return .constant(try config.number("value", default: 0))
    case "Identity", "IdentityInitializer":
      return .identity(gain: try config.number("gain", default: 1))
    case "RandomUniform":
      return .uniform(
        low: try config.number("minval", default: -0.05),
        high: try config.number("maxval", default: 0.05))
    case "RandomNormal":
      return .normal(
        mean: try config.number("mean", default: 0),
        stddev: try config.number("stddev", default: 0.05))
    case "TruncatedNormal":
      return .truncatedNormal(
        mean: try config.number("mean", default: 0),
        stddev: try config.number("stddev", default: 0.05))
    case "GlorotUniform": return variance(1, .fanAverage, .uniform)
    case "GlorotNormal": return variance(1, .fanAverage, .truncatedNormal)
    case "HeUniform": return variance(2, .fanIn, .uniform)
    case "HeNormal": return variance(2, .fanIn, .truncatedNormal)
    case "LecunUniform": return variance(1, .fanIn, .uniform)
    case "LecunNormal": return variance(1, .fanIn, .truncatedNormal)
    case "VarianceScaling":
      let mode = try config.string("mode", default: "fan_in")
      var distribution = try config.string("distribution", default: "truncated_normal")
      if distribution == "normal" { distribution = "truncated_normal" }
      guard let fan = FanMode(rawValue: mode) else {
        throw config.error("mode", "'\(mode)' but fan_in, fan_out or fan_avg belongs here")
      }
      guard let drawn = Distribution(rawValue: distribution) else {
        throw config.error("distribution", "unknown distribution '\(distribution)'")
      }
      return variance(try config.number("scale", default: 1), fan, drawn)
    case "Orthogonal", "OrthogonalInitializer":
      return .orthogonal(gain: try config.number("gain", default: 1))
    default: throw unknown(name)
    }
  }

  private static func unknown(_ name: String) -> KerasError {
    KerasError(
      .unknownName, "unknown initializer '\(name)'",
      hint: Suggestion.hint(for: name, among: Array(classNames.keys) + classNames.values))
  }

  /// The short names that Keras accepts, with the classes they stand for.
  private static let classNames = [
    "zeros": "Zeros", "ones": "Ones", "constant": "Constant", "identity": "Identity",
    "uniform": "RandomUniform", "random_uniform": "RandomUniform", "normal": "RandomNormal",
    "random_normal": "RandomNormal", "truncated_normal": "TruncatedNormal",
    "glorot_uniform": "GlorotUniform", "glorot_normal": "GlorotNormal", "he_uniform": "HeUniform",
    "he_normal": "HeNormal", "lecun_uniform": "LecunUniform", "lecun_normal": "LecunNormal",
    "orthogonal": "Orthogonal", "zero": "Zeros", "one": "Ones",
  ]
}

// MARK: - Drawing

extension Initializer {
  /// Whether a run's seed is asked for a number, as Keras does when the initializer is made.
  public var drawsSeed: Bool {
    switch kind {
    case .constant, .identity: false
    default: seed == nil
    }
  }

  /// The start of a weight of `shape`, row-major, from the Philox stream of `seed`.
  public func sample(shape: [Int], seed: UInt64) -> [Float] {
    let count = shape.reduce(1, *)
    switch kind {
    case .constant(let value): return Array(repeating: Float(value), count: count)
    case .identity(let gain):
      let columns = shape.last ?? 1
      return (0..<count).map { $0 / columns == $0 % columns ? Float(gain) : 0 }
    case .uniform(let low, let high): return Self.uniform(seed, count, Float(low), Float(high))
    case .normal(let mean, let stddev):
      return Philox.normals(seed: seed, count: count).map { $0 * Float(stddev) + Float(mean) }
    case .truncatedNormal(let mean, let stddev):
      return Philox.truncatedNormals(seed: seed, count: count)
        .map { $0 * Float(stddev) + Float(mean) }
    case .variance(let scale, let mode, let distribution):
      let fans = Self.fans(of: shape)
      let fan =
        switch mode {
        case .fanIn: Double(fans.in)
        case .fanOut: Double(fans.out)
        case .fanAverage: Double(fans.in + fans.out) / 2
        }
      let variance = scale / max(1, fan)
      switch distribution {
      case .uniform:
        let limit = Float((3 * variance).squareRoot())
        return Self.uniform(seed, count, -limit, limit)
      case .truncatedNormal:
        // The standard deviation of a unit normal cut at ±2 is 0.8796….
        let stddev = Float(variance.squareRoot() / 0.87962566103423978)
        return Philox.truncatedNormals(seed: seed, count: count).map { $0 * stddev }
      case .untruncatedNormal:
        let stddev = Float(variance.squareRoot())
        return Philox.normals(seed: seed, count: count).map { $0 * stddev }
      }
    case .orthogonal(let gain): return Self.orthogonal(shape, seed, Float(gain))
    }
  }

  private static func uniform(_ seed: UInt64, _ count: Int, _ low: Float, _ high: Float) -> [Float]
  {
    var generator = Philox(seed: seed)
    return (0..<count).map { _ in generator.uniform() * (high - low) + low }
  }

  /// Keras's fans.
  static func fans(of shape: [Int]) -> (in: Int, out: Int) {
    switch shape.count {
    case 0: return (1, 1)
    case 1: return (shape[0], shape[0])
    default:
      let receptive = shape.dropLast(2).reduce(1, *)
      return (receptive * shape[shape.count - 2], receptive * shape[shape.count - 1])
    }
  }

  /// Q of a normal matrix's QR decomposition with R's diagonal made positive; the larger extent is
  /// the number of rows, and a wide shape takes the transpose.
  private static func orthogonal(_ shape: [Int], _ seed: UInt64, _ gain: Float) -> [Float] {
    let columns = shape.last ?? 1
    let rows = shape.dropLast().reduce(1, *)
    let (tall, thin) = (max(rows, columns), min(rows, columns))
    let normals = Philox.normals(seed: seed, count: tall * thin)
    let q = orthonormalColumns(normals.map(Double.init), rows: tall, columns: thin)
    return (0..<rows * columns).map { index in
      let (row, column) = (index / columns, index % columns)
      return gain * Float(rows < columns ? q[column * thin + row] : q[row * thin + column])
    }
  }

  /// Modified Gram-Schmidt, twice over for orthogonality to the last bits; its R has a positive
  /// diagonal, which is the sign that Keras gives Q.
  private static func orthonormalColumns(
    _ matrix: [Double], rows: Int, columns: Int
  ) -> [Double] {
    var q = matrix
    for j in 0..<columns {
      for _ in 0..<2 {
        for i in 0..<j {
          var dot = 0.0
          for r in 0..<rows { dot += q[r * columns + i] * q[r * columns + j] }
          for r in 0..<rows { q[r * columns + j] -= dot * q[r * columns + i] }
        }
      }
      var norm = 0.0
      for r in 0..<rows { norm += q[r * columns + j] * q[r * columns + j] }
      norm = norm.squareRoot()
      for r in 0..<rows { q[r * columns + j] /= norm }
    }
    return q
  }
}
