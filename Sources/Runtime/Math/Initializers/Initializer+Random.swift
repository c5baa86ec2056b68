import KerasFormat

/// Initializers with a distribution of their own: RandomUniform, RandomNormal, TruncatedNormal.
/// Their defaults are 0 ± 0.05 in every generation. A truncated normal leaves out what is two
/// standard deviations or more from its mean.
extension Initializer {
  static func uniform(_ config: inout ConfigReader) throws(KerasError) -> Kind {
    .uniform(
      low: try config.number("minval", default: -0.05),
      high: try config.number("maxval", default: 0.05))
  }

  static func normal(_ config: inout ConfigReader) throws(KerasError) -> Kind {
    .normal(
      mean: try config.number("mean", default: 0),
      stddev: try config.number("stddev", default: 0.05))
  }

  static func truncatedNormal(_ config: inout ConfigReader) throws(KerasError) -> Kind {
    .truncatedNormal(
      mean: try config.number("mean", default: 0),
      stddev: try config.number("stddev", default: 0.05))
  }
}
