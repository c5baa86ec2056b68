import KerasFormat

/// The largest value of each window: `(B, T, C) → (B, T', C)`. Padding does not take part.
///
/// On a tie the first of the largest values gets the gradient, as in TensorFlow's `MaxPoolGrad`.
public struct MaxPooling1D: Pooling1D {
  public static let className = "MaxPooling1D"
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
    var largest = values[0]
    for value in values where value > largest || value.isNaN { largest = value }
    return largest
  }

  static func share<S: Scalar>(
    _ dy: S, among values: UnsafeMutableBufferPointer<S>, result: S, at index: Int
  ) -> S {
    values.firstIndex(of: result) == index ? dy : 0
  }
}
