import KerasFormat

/// Masks the time steps whose features all equal `maskValue`, and zeroes them:
/// `(B, T, F) → (B, T, F)` with a mask `(B, T)`; likewise with more axes before the features, or none.
public struct Masking: Layer {
  public static let className = "Masking"
  /// What all features of a step must equal for it to be masked.
  public let maskValue: Double

  /// With Keras's default, 0.
  public init(maskValue: Double = 0) { self.maskValue = maskValue }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    maskValue = try config.number("mask_value", default: 0)
  }

  public var config: JSONObject { ["mask_value": .number(maskValue)] }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    guard inputs[0].rank >= 1 else {
      throw KerasError(
        .shapeMismatch, "input \(inputs[0]) but Masking needs (batch, …, features)")
    }
    return inputs
  }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { true }
  public func emitsMask(receivingMask: Bool) -> Bool { true }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let (x, width, steps) = (input.reals(in: &pass.workspace), input.width, input.vectors)
    // Compared in the input's own precision, as Keras does: 0.1 is not representable in either.
    let value = S(Float(maskValue))
    let flags = pass.workspace.scratch(Bool.self, count: steps)
    let y = pass.workspace.zeros(S.self, count: input.count)
    for step in 0..<steps {
      let features = x + step * width
      flags[step] = (0..<width).contains { features[$0] != value }
      if flags[step] { (y + step * width).update(from: features, count: width) }
    }
    let mask = Mask(flags, shape: Extents(input.shape.dropLast()))
    return [Signal(Tensor(y, shape: input.shape), mask: mask)]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0], let mask = trace.outputs[0].mask else { return }
    let (dy, width) = (outputGradients[0].pointer, trace.inputs[0].tensor.width)
    for step in 0..<trace.inputs[0].tensor.vectors where mask.flags[step] {
      Elementwise.add(dy + step * width, to: dx + step * width, count: width)
    }
  }
}
