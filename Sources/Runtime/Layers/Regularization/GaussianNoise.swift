import KerasFormat

/// Adds normal noise of mean 0 while training; the identity otherwise. Any shape, unchanged.
public struct GaussianNoise: RandomLayer {
  public static let className = "GaussianNoise"
  /// The noise's standard deviation.
  public let stddev: Double
  /// The seed of its own random numbers; `nil` takes them from the run's.
  public let seed: Int?

  /// - Parameter seed: the layer's own; `nil` takes one from the run's.
  public init(stddev: Double, seed: Int? = nil) {
    self.stddev = stddev
    self.seed = seed
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    stddev = try config.number("stddev", default: 0)
    guard stddev >= 0 else {
      throw config.error("stddev", "\(stddev) but a standard deviation is 0 or more")
    }
    seed = try config.optionalInteger("seed")
  }

  public var config: JSONObject {
    ["stddev": .number(stddev), "seed": seed.map(JSON.integer) ?? .null]
  }

  // MARK: Training

  var strength: Double { stddev }
  /// Before Keras 3 it draws for a deviation of 0 as well.
  public var randomOperations: Int { 1 }

  var drawsAlways: Bool { true }
  func isIdentity(in generation: Generation) -> Bool { stddev == 0 }

  func draw<S: Scalar>(
    _ random: RandomFactors, from generator: inout Philox, pass: inout Pass
  ) -> (factors: UnsafeMutablePointer<S>?, shifts: UnsafeMutablePointer<S>?) {
    let shifts = generator.normals(random.count, stddev: Float(stddev))
    return (nil, random.spread(shifts.map { S($0) }, &pass.workspace))
  }
}
