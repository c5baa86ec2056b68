import KerasFormat

/// Sets a share of the inputs to zero while training and scales the others by 1/(1 - rate); the
/// identity otherwise. Any shape, unchanged.
///
/// Which ones follows from the layer's seed and what it has drawn before: an element stays where a
/// uniform number of its Philox stream is ≥ rate.
public struct Dropout: RandomLayer {
  public static let className = "Dropout"
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
    noiseShape = try config.value("noise_shape")?.array.map { extents throws(KerasError) in
      var shape: [Int?] = []
      for extent in extents { shape.append(extent.integer) }
      return shape
    }
  }

  public var config: JSONObject {
    [
      "rate": .number(rate), "seed": seed.map(JSON.integer) ?? .null,
      "noise_shape": noiseShape.map { .array($0.map { $0.map(JSON.integer) ?? .null }) } ?? .null,
    ]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    guard let noiseShape else { return inputs }
    let extents = [nil] + inputs[0].extents
    let fits =
      extents.count == noiseShape.count
      && zip(extents, noiseShape).allSatisfy { $0 == nil || $1 == nil || $1 == 1 || $0 == $1 }
    guard fits else {
      throw KerasError(
        .shapeMismatch, "a noise_shape of \(noiseShape.count) extents does not fit \(inputs[0])")
    }
    return inputs
  }

  // MARK: Training

  var strength: Double { rate }

  func draw<S: Scalar>(
    _ random: RandomFactors, from generator: inout Philox, pass: inout Pass
  ) -> (factors: UnsafeMutablePointer<S>?, shifts: UnsafeMutablePointer<S>?) {
    (drop(random, from: &generator, pass: &pass), nil)
  }
}
