import KerasFormat

/// A spread that follows from the weight's shape: `variance = scale / n`, n being the inputs (`fan_in`),
/// the outputs (`fan_out`) or their mean (`fan_avg`). Glorot's, He's and LeCun's initializers are
/// this with a scale of 1 or 2.
public struct VarianceScaling: Sendable, Equatable {
  /// What n is, by Keras's name.
  public enum Mode: String, Sendable {
    /// The numbers that come in.
    case fanIn = "fan_in"
    /// The numbers that go out.
    case fanOut = "fan_out"
    /// The mean of both.
    case fanAverage = "fan_avg"
  }

  /// How numbers spread, by Keras's name.
  public enum Distribution: String, Sendable {
    /// Uniform on ±√(3 · variance).
    case uniform
    /// Normal, drawn again beyond two standard deviations, with the variance of what is left.
    case truncatedNormal = "truncated_normal"
    /// Normal.
    case untruncatedNormal = "untruncated_normal"
  }

  /// How many numbers come in and go out; Keras 1 and 2.2 take square roots for some shapes.
  public struct Fans: Sendable, Equatable {
    /// Numbers that come in.
    public var inputs: Double
    /// Numbers that go out.
    public var outputs: Double

    /// As many in, as many out.
    public init(_ inputs: Double, _ outputs: Double) {
      self.inputs = inputs
      self.outputs = outputs
    }

    init(_ inputs: Int, _ outputs: Int) { self.init(Double(inputs), Double(outputs)) }
  }

  /// The variance times n.
  public let scale: Double
  /// What n is.
  public let mode: Mode
  /// How the numbers spread.
  public let distribution: Distribution
  /// Keras 3's axes that count as inputs and outputs, where they are not those of the shape.
  public let axes: Axes?

  /// Axes of a weight, from 0, or from behind.
  public struct Axes: Sendable, Equatable {
    /// Those whose extents make the inputs.
    public let inputs: [Int]
    /// Those whose extents make the outputs.
    public let outputs: [Int]
  }

  /// By default with the axes that a weight of its shape has.
  public init(scale: Double, mode: Mode, distribution: Distribution, axes: Axes? = nil) {
    self.scale = scale
    self.mode = mode
    self.distribution = distribution
    self.axes = axes
  }

  // MARK: - Fans

  /// A matrix has (rows, columns), a convolution kernel (receptive field × in, × out), a vector its
  /// length twice; for Keras 1 and 2.2 what is no matrix and no kernel has the root of its size.
  /// Keras 1 keeps one-dimensional kernels with four axes, so here three are no kernel's.
  public func fans(of shape: [Int], _ generation: Generation) -> Fans {
    if let axes {
      let extent = { (axis: Int) in shape[axis < 0 ? axis + shape.count : axis] }
      return Fans(
        axes.inputs.reduce(1) { $0 * extent($1) }, axes.outputs.reduce(1) { $0 * extent($1) })
    }
    if shape.count == 2 { return Fans(shape[0], shape[1]) }
    let kernels = generation == .keras1 ? 4...5 : generation == .keras2 ? 3...5 : 3...Int.max
    if kernels.contains(shape.count) {
      let receptive = shape.dropLast(2).reduce(1, *)
      return Fans(receptive * shape[shape.count - 2], receptive * shape[shape.count - 1])
    }
    if generation <= .keras2 {
      let root = Double(shape.reduce(1, *)).squareRoot()
      return Fans(root, root)
    }
    return Fans(shape.first ?? 1, shape.first ?? 1)
  }

  func check(_ shape: [Int]) throws(KerasError) {
    for axis in (axes?.inputs ?? []) + (axes?.outputs ?? [])
    where !(-shape.count..<shape.count).contains(axis) {
      throw KerasError(
        .shapeMismatch, "an initializer's axis \(axis) but the weight has shape \(shape.tuple)")
    }
  }

  // MARK: - Drawing

  /// Keras 1 knows no truncated normal: its `glorot_normal` and `he_normal` keep every number and
  /// have the plain standard deviation.
  func sample(
    _ count: Int, fans: Fans, from stream: inout Philox, _ start: WeightStart
  ) -> [Float] {
    let generation = start.generation
    let fan =
      switch mode {
      case .fanIn: fans.inputs
      case .fanOut: fans.outputs
      case .fanAverage: (fans.inputs + fans.outputs) / 2
      }
    let variance = scale / (generation == .keras1 ? fan : max(1, fan))
    switch distribution {
    case .uniform:
      let limit = start.bound((3 * variance).squareRoot())
      return stream.uniforms(count, from: -limit, to: limit, as: start.type)
    case .truncatedNormal where generation > .keras1:
      // The standard deviation of a unit normal cut at ±2 is 0.8796….
      let stddev = variance.squareRoot() / 0.87962566103423978
      return stream.truncatedNormals(count, stddev: stddev, as: start.type)
    case .truncatedNormal, .untruncatedNormal:
      return stream.normals(count, stddev: variance.squareRoot(), as: start.type)
    }
  }
}

// MARK: - Configuration

extension Initializer {
  /// A class whose name says all but the seed and Keras 3's axes.
  static func scaling(
    _ config: inout ConfigReader, _ scale: Double, _ mode: VarianceScaling.Mode,
    _ distribution: VarianceScaling.Distribution
  ) throws(KerasError) -> Kind {
    .variance(
      VarianceScaling(
        scale: scale, mode: mode, distribution: distribution, axes: try axes(&config)))
  }

  static func varianceScaling(_ config: inout ConfigReader) throws(KerasError) -> Kind {
    let scale = try config.number("scale", default: 1)
    guard scale > 0 else { throw config.error("scale", "\(scale) but it must be above 0") }
    let mode = try config.string("mode", default: "fan_in").lowercased()
    guard let fan = VarianceScaling.Mode(rawValue: mode) else {
      throw config.error("mode", "'\(mode)' but fan_in, fan_out or fan_avg belongs here")
    }
    var distribution = try config.string("distribution", default: "truncated_normal").lowercased()
    if distribution == "normal" { distribution = "truncated_normal" }
    guard let drawn = VarianceScaling.Distribution(rawValue: distribution) else {
      throw config.error(
        "distribution",
        "'\(distribution)' but uniform, truncated_normal or untruncated_normal belongs here")
    }
    return try scaling(&config, scale, fan, drawn)
  }

  private static func axes(
    _ config: inout ConfigReader
  ) throws(KerasError) -> VarianceScaling.Axes? {
    func list(_ key: String) throws(KerasError) -> [Int]? {
      guard let value = config.value(key), !value.isNull else { return nil }
      if let axis = value.integer { return [axis] }
      let axes = value.array?.map(\.integer) ?? [nil]
      guard !axes.contains(nil) else {
        throw config.error(key, "\(value.kind) but a list of axes belongs here")
      }
      return axes.compactMap { $0 }
    }
    let (inputs, outputs) = (try list("input_axes"), try list("output_axes"))
    guard let inputs, let outputs else { return nil }
    return VarianceScaling.Axes(inputs: inputs, outputs: outputs)
  }
}
