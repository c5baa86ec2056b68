import KerasFormat

/// Multiplies by normal numbers of mean 1 and variance rate/(1 - rate) while training (Srivastava
/// et al. 2014); the identity otherwise. Any shape, unchanged.
public struct GaussianDropout: RandomLayer {
  public static let className = "GaussianDropout"
  /// The rate of the dropout that has as much noise, 0…1.
  public let rate: Double
  /// The seed of its own random numbers; `nil` takes them from the run's.
  public let seed: Int?

  /// - Parameter seed: the layer's own; `nil` takes one from the run's.
  public init(rate: Double, seed: Int? = nil) {
    self.rate = rate
    self.seed = seed
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    rate = try config.rate()
    seed = try config.optionalInteger("seed")
  }

  public var config: JSONObject {
    ["rate": .number(rate), "seed": seed.map(JSON.integer) ?? .null]
  }

  // MARK: Training

  var strength: Double { rate }

  var drawsAlways: Bool { true }
  func isIdentity(in generation: Generation) -> Bool { rate == 0 || rate == 1 }

  func draw<S: Scalar>(
    _ random: RandomFactors, from generator: inout Philox, pass: inout Pass
  ) -> (factors: UnsafeMutablePointer<S>?, shifts: UnsafeMutablePointer<S>?) {
    let deviation = Float((rate / (1 - rate)).squareRoot())
    let factors = generator.normals(random.count, mean: 1, stddev: deviation)
    return (random.spread(factors.map { S($0) }, &pass.workspace), nil)
  }
}
