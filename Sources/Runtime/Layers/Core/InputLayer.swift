import KerasFormat

/// Where data enters the network: `(B, …) → (B, …)`, unchanged.
///
/// The config's `batch_shape` says what comes after the batch axis. A concrete batch extent, as
/// Keras 3 writes for a model that was built by being called, is not enforced.
public struct InputLayer: Layer {
  public static let className = "InputLayer"
  public static let inputCounts = 0...0
  /// What comes after the batch axis.
  public let shape: Shape
  /// The type that Keras declares for the input; any numeric type is taken.
  public let dtype: String
  /// The rows of a batch where the model fixes them.
  let batchExtent: Int?

  /// With Keras's default, float32, and any number of rows.
  public init(shape: Shape, dtype: String = "float32") {
    self.shape = shape
    self.dtype = dtype
    batchExtent = nil
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    guard let value = config.value("batch_shape") else {
      throw config.error("batch_shape", "missing, but an input layer needs it")
    }
    guard let extents = value.array, !extents.isEmpty else {
      throw config.error("batch_shape", "\(value.kind) but a list such as [null, 50] belongs here")
    }
    var shape: [Int?] = []
    for extent in extents {
      if extent.isNull {
        shape.append(nil)
      } else if let size = extent.integer, (1...Int(Int32.max)).contains(size) {
        shape.append(size)
      } else {
        throw config.error(
          "batch_shape", "\(extent.kind) but an extent is null, or 1 or more and below 2^31")
      }
    }
    batchExtent = shape[0]
    self.shape = Shape(Array(shape.dropFirst()))
    dtype = config.value("dtype")?.string ?? "float32"
    for key in ["sparse", "ragged"] where try config.bool(key, default: false) {
      throw config.error(key, "true, but only dense inputs are supported")
    }
    config.ignore("optional")
  }

  public var config: JSONObject {
    let extents = ([batchExtent] + shape.extents).map { $0.map(JSON.integer) ?? .null }
    return [
      "batch_shape": .array(extents), "dtype": .string(dtype), "sparse": false, "ragged": false,
      "optional": false,
    ]
  }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] { [shape] }
  public var supportsMasking: Bool { true }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> { inputs }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let target = inputGradients[0] else { return }
    Elementwise.add(outputGradients[0].pointer, to: target, count: trace.inputs[0].tensor.count)
  }
}
