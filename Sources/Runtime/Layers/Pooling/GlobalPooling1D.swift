import KerasFormat

/// One number for each feature of a sequence: `(B, T, F) → (B, F)`, or `(B, 1, F)` with `keepDims`.
protocol GlobalPooling1D: Layer {
  var keepDims: Bool { get }
  var layout: SequenceLayout { get }

  init(keepDims: Bool, layout: SequenceLayout)
}

extension GlobalPooling1D {
  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    let layout = try SequenceLayout(from: &config)
    self.init(keepDims: try config.bool("keepdims", default: false), layout: layout)
  }

  public var config: JSONObject {
    ["data_format": layout.json, "keepdims": .bool(keepDims)]
  }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let channels = try layout.axes(of: inputs[0], for: Self.className).channels
    return [keepDims ? layout.shape(steps: 1, channels: channels) : [channels]]
  }

  /// What comes out, of numbers `[batch × width]`.
  func pooled<S: Scalar>(
    _ y: UnsafeMutablePointer<S>, batch: Int, width: Int
  ) -> Signal<S> {
    let extents = keepDims ? layout.shape(steps: 1, channels: width).extents : [width]
    return Signal(Tensor(y, shape: [batch] + extents.compactMap { $0 }))
  }
}
