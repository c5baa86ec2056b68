import KerasFormat

/// Dropout that keeps mean and variance behind `selu` (Klambauer et al. 2017): while training a
/// share of the inputs becomes α' = -λα, and all are then stretched and shifted; the identity
/// otherwise. Any shape, unchanged.
public struct AlphaDropout: RandomLayer {
  public static let className = "AlphaDropout"
  /// The share that is dropped, 0…1.
  public let rate: Double
  /// Broadcast extents, batch first; `nil` entries mean the input's own extent.
  public let noiseShape: [Int?]?
  /// The seed of its own random numbers; `nil` takes them from the run's.
  public let seed: Int?

  /// - Parameter seed: the layer's own; `nil` takes one from the run's.
  public init(rate: Double, seed: Int? = nil) {
    self.rate = rate
    self.seed = seed
    noiseShape = nil
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    rate = try config.rate()
    seed = try config.optionalInteger("seed")
    noiseShape = config.value("noise_shape")?.array?.map { $0.integer }
  }

  public var config: JSONObject {
    [
      "rate": .number(rate), "seed": seed.map(JSON.integer) ?? .null,
      "noise_shape": noiseShape.map { .array($0.map { $0.map(JSON.integer) ?? .null }) } ?? .null,
    ]
  }

  // MARK: Training

  var strength: Double { rate }

  func isIdentity(in generation: Generation) -> Bool { rate == 0 || rate == 1 }

  func draw<S: Scalar>(
    _ random: RandomFactors, from generator: inout Philox, pass: inout Pass
  ) -> (factors: UnsafeMutablePointer<S>?, shifts: UnsafeMutablePointer<S>?) {
    let dropped = -1.0507009873554805 * 1.6732632423543772
    let stretch = 1 / ((1 - rate) * (1 + rate * dropped * dropped)).squareRoot()
    let shift = -stretch * dropped * rate
    let isKept = generator.uniforms(random.count).map { $0 >= Float(rate) }
    return (
      random.spread(isKept.map { $0 ? S(stretch) : 0 }, &pass.workspace),
      random.spread(
        isKept.map { $0 ? S(shift) : S(stretch * dropped + shift) }, &pass.workspace)
    )
  }
}
