import KerasFormat

/// Each vector divided by its root mean square, then scaled (Zhang and Sennrich 2019):
/// `y = γ·x/√(mean x² + ε)`, any shape, unchanged. Weights: scale, of the extents of the axes.
public struct RMSNormalization: WideLayer {
  public static let className = "RMSNormalization"
  /// Axes with the batch as 0, or from behind.
  public let axis: [Int]
  /// ε
  public let epsilon: Double
  private let scale = WeightSettings(.ones)

  /// By default the last axis, and ε = 1e-6.
  public init(axis: [Int] = [-1], epsilon: Double = 1e-6) {
    self.axis = axis
    self.epsilon = epsilon
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    axis = try config.axes("axis", default: [-1])
    epsilon = try config.number("epsilon", default: 1e-6)
  }

  public var config: JSONObject {
    [
      "axis": .axes(axis),
      "epsilon": .number(epsilon),
    ]
  }

  // MARK: Weights

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let positions = try AxisMap.positions(axis, rank: inputs[0].rank, of: Self.className)
    let extents = positions.compactMap { inputs[0].extents[$0] }
    guard extents.count == positions.count else {
      throw KerasError(.shapeMismatch, "input \(inputs[0]) but the axes normalized must be known")
    }
    return [WeightSpec("scale", shape: extents, settings: scale)]
  }

  public var computesStepsAlike: Bool { axis == [-1] }

  // MARK: Forward

  private func arithmetic(_ extents: [Int]) throws(KerasError) -> Normalize {
    try Normalize(
      over: axis, of: extents, for: Self.className, epsilon: epsilon, size: .meanSquare,
      isCentered: false)
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    var output = try arithmetic(Array(inputs[0].tensor.shape.dropFirst())).apply(
      to: inputs[0], gamma: weights[0], beta: nil, trace: &trace, pass: &pass)
    output.mask = nil
    return [output]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let normalize = try? arithmetic(Array(trace.inputs[0].tensor.shape.dropFirst())) else {
      return
    }
    normalize.goBack(
      outputGradients[0].pointer, into: inputGradients[0], gamma: weights[0],
      dGamma: gradients[0], dBeta: nil, trace: trace, pass: &pass)
  }
}
