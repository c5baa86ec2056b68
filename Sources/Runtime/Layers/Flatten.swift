import KerasFormat

/// Joins all axes after the batch in row-major order: `(B, T, F) → (B, T·F)`.
public struct Flatten: Layer {
  public static let className = "Flatten"

  public init() {}

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    let format = try config.string("data_format", default: "channels_last")
    guard format == "channels_last" else {
      throw config.error("data_format", "'\(format)' but only channels_last is supported")
    }
  }

  public var config: JSONObject { ["data_format": "channels_last"] }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    var product: Int? = 1
    for extent in inputs[0].extents {
      guard let known = product, let extent else {
        product = nil
        continue
      }
      let (next, overflow) = known.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw KerasError(.shapeMismatch, "an input \(inputs[0]), which is too large to flatten")
      }
      product = next
    }
    return [[product]]
  }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    let input = inputs[0].tensor
    let shape = [input.batch, input.shape.dropFirst().reduce(1, *)]
    return [Signal(Tensor(input.reals(in: &pass.workspace), shape: shape))]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    Elementwise.add(outputGradients[0].pointer, to: dx, count: trace.inputs[0].tensor.count)
  }
}
