import KerasFormat

/// Dropout of whole features: one draw for all steps, `(B, T, F)` unchanged.
public struct SpatialDropout1D: RandomLayer {
  public static let className = "SpatialDropout1D"
  /// The share that is dropped, 0…1.
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
    // Keras keeps one from Dropout and draws by the input's shape all the same.
    config.ignore("noise_shape")
  }

  public var config: JSONObject {
    ["rate": .number(rate), "seed": seed.map(JSON.integer) ?? .null]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    guard inputs[0].rank == 2 else {
      throw KerasError(
        .shapeMismatch, "input \(inputs[0]) but SpatialDropout1D needs (batch, steps, features)")
    }
    return inputs
  }

  // MARK: Training

  var strength: Double { rate }
  var noiseShape: [Int?]? { [nil, 1, nil] }

  func draw<S: Scalar>(
    _ random: RandomFactors, from generator: inout Philox, pass: inout Pass
  ) -> (factors: UnsafeMutablePointer<S>?, shifts: UnsafeMutablePointer<S>?) {
    (drop(random, from: &generator, pass: &pass), nil)
  }
}
