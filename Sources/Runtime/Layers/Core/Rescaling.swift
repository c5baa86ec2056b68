import KerasFormat

/// `scale·x + offset`: any shape, unchanged. Both may be one number, or one for each feature.
public struct Rescaling: Layer {
  public static let className = "Rescaling"
  /// One number, or one for each feature.
  public let scale: [Double]
  /// One number, or one for each feature.
  public let offset: [Double]
  /// From Keras 3 on it hands a mask on.
  private var keepsMask = true

  /// The same numbers for all features.
  public init(scale: Double, offset: Double = 0) {
    self.scale = [scale]
    self.offset = [offset]
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    scale = try config.numbers("scale", default: nil)
    offset = try config.numbers("offset", default: 0)
  }

  public var config: JSONObject {
    func json(_ values: [Double]) -> JSON {
      values.count == 1 ? .number(values[0]) : .array(values.map(JSON.number))
    }
    return ["scale": json(scale), "offset": json(offset)]
  }

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    var layer = self
    layer.keepsMask = site.generation == .keras3
    return layer
  }

  public var supportsMasking: Bool { keepsMask }
  public var computesStepsAlike: Bool { true }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    for values in [scale, offset] where values.count > 1 && values.count != inputs[0].last {
      throw KerasError(
        .shapeMismatch, "\(values.count) numbers do not fit the last axis of \(inputs[0])")
    }
    return inputs
  }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count {
      let feature = i % max(1, input.width)
      y[i] = x[i] * S(scale[feature % scale.count]) + S(offset[feature % offset.count])
    }
    return [Signal(Tensor(y, shape: input.shape), mask: keepsMask ? inputs[0].mask : nil)]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    let (input, dy) = (trace.inputs[0].tensor, outputGradients[0].pointer)
    for i in 0..<input.count {
      dx[i] += dy[i] * S(scale[i % max(1, input.width) % scale.count])
    }
  }
}

extension ConfigReader {
  /// One number or a list of them; missing without a default is an error.
  mutating func numbers(_ key: String, default fallback: Double?) throws(KerasError) -> [Double] {
    guard let value = value(key) else {
      guard let fallback else { throw error(key, "missing, but this layer needs it") }
      return [fallback]
    }
    let list = value.array ?? [value]
    let numbers = list.compactMap(\.number)
    guard numbers.count == list.count, !numbers.isEmpty else {
      throw error(key, "\(value.kind) but a number or a list of them belongs here")
    }
    return numbers
  }
}
