import KerasFormat

/// Each vector divided by its Euclidean length: `y = x/√max(Σx², 1e-12)`, any shape, unchanged.
public struct UnitNormalization: Layer {
  public static let className = "UnitNormalization"
  /// Axes with the batch as 0, or from behind.
  public let axis: [Int]

  /// With Keras's default, the last axis.
  public init(axis: [Int] = [-1]) { self.axis = axis }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    axis = try config.axes("axis", default: [-1])
  }

  public var config: JSONObject {
    ["axis": .axes(axis)]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    _ = try AxisMap.positions(axis, rank: inputs[0].rank, of: Self.className)
    return inputs
  }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { axis == [-1] }

  // MARK: Forward

  private func arithmetic(_ extents: [Int]) throws(KerasError) -> Normalize {
    try Normalize(
      over: axis, of: extents, for: Self.className, epsilon: 1e-12, size: .sumOfSquares,
      isCentered: false)
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    [
      try arithmetic(Array(inputs[0].tensor.shape.dropFirst())).apply(
        to: inputs[0], gamma: nil, beta: nil, trace: &trace, pass: &pass)
    ]
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
      outputGradients[0].pointer, into: inputGradients[0], gamma: nil, dGamma: nil, dBeta: nil,
      trace: trace, pass: &pass)
  }
}
