import KerasFormat

/// The mean of each window: `(B, T, C) → (B, T', C)`. Padding does not count.
public struct AveragePooling1D: Pooling1D {
  public static let className = "AveragePooling1D"
  let windows: SequenceWindows
  let layout: SequenceLayout

  /// - Parameter strides: default: `poolSize`, so that windows do not overlap.
  public init(poolSize: Int = 2, strides: Int? = nil, padding: SequencePadding = .valid) {
    windows = SequenceWindows(
      size: poolSize, stride: strides ?? poolSize, dilation: 1, padding: padding)
    layout = SequenceLayout()
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    (windows, layout) = try Self.windows(from: &config)
  }

  static func pooled<S: Scalar>(_ values: UnsafeMutableBufferPointer<S>) -> S {
    var sum = S(0)
    for value in values { sum += value }
    return sum / S(values.count)
  }

  static func share<S: Scalar>(
    _ dy: S, among values: UnsafeMutableBufferPointer<S>, result: S, at index: Int
  ) -> S {
    dy / S(values.count)
  }
}
