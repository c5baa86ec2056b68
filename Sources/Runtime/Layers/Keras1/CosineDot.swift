import KerasFormat

/// Keras 1's `merge` with mode `cos`: the product of two inputs over one axis of each, divided by
/// `√(Σa²·Σb²)` of the same products, at least 1e-7. The output has an axis of extent 1 behind the
/// batch, `(B, 1, …)`.
public struct CosineDot: Layer {
  public static let className = "CosineDot"
  public static let inputCounts = 2...2
  private let dot: Dot

  /// - Parameter axes: one for both inputs or one for each, with the batch as 0 or from behind.
  public init(axes: [Int]) { dot = Dot(axes: axes) }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    dot = try Dot(from: &config)
  }

  public var config: JSONObject { dot.config }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let product = try dot.outputs(for: inputs)[0]
    return [Shape([1] + product.extents)]
  }

  public var supportsMasking: Bool { true }
  public func emitsMask(receivingMask: Bool) -> Bool { false }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    var products: [UnsafeMutablePointer<S>] = []
    var shape = Extents()
    for pair in Self.pairs(inputs) {
      let product = try dot.forward(Signals(pair), weights: weights, trace: &trace, pass: &pass)[0]
        .tensor
      if shape.isEmpty { shape = product.shape }
      guard product.shape == shape else {
        throw KerasError(
          .shapeMismatch, "products \(shape.tuple) and \(product.shape.tuple), which do not fit")
      }
      products.append(product.reals(in: &pass.workspace))
    }
    let count = shape.product
    let y = pass.workspace.scratch(S.self, count: count)
    for i in 0..<count {
      y[i] = products[0][i] / max(Self.size(products[1][i], products[2][i]), Self.smallestSize())
    }
    if pass.keepsTrace { trace.saved = products }
    return [Signal(Tensor(y, shape: [shape[0], 1] + shape.dropFirst()))]
  }

  private static func pairs<Items: RandomAccessCollection<Item>, Item>(
    _ items: Items
  ) -> [[Item]] where Items.Index == Int {
    [[items[0], items[1]], [items[0], items[0]], [items[1], items[1]]]
  }

  private static func size<S: Scalar>(_ a: S, _ b: S) -> S {
    // Keras 1 takes no root of what is negative.
    max(a * b, 0).squareRoot()
  }

  private static func smallestSize<S: Scalar>() -> S { 1e-7 }

  // MARK: Backward

  /// Two vectors of which one is zero give NaN, as the derivative of the root does in TensorFlow.

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let (dy, count) = (outputGradients[0].pointer, trace.outputs[0].tensor.count)
    let (product, a, b) = (trace.saved[0], trace.saved[1], trace.saved[2])
    let smallest: S = Self.smallestSize()
    let dProducts = (0..<3).map { _ in pass.workspace.scratch(S.self, count: count) }
    for i in 0..<count {
      let size = Self.size(a[i], b[i])
      let divisor = max(size, smallest)
      dProducts[0][i] = dy[i] / divisor
      let dSize = size >= smallest ? -dy[i] * product[i] / (divisor * divisor) : 0
      let dSquare = a[i] * b[i] >= 0 ? dSize / (2 * size) : 0
      dProducts[1][i] = dSquare * b[i]
      dProducts[2][i] = dSquare * a[i]
    }
    let targets = Self.pairs(inputGradients)
    for (index, pair) in Self.pairs(trace.inputs).enumerated() {
      var inner = Trace<S>()
      inner.inputs = Signals(pair)
      dot.backward(
        [OutputGradient(dProducts[index])], into: targets[index], weights: weights,
        gradients: gradients, trace: inner, pass: &pass)
    }
  }
}
