import KerasFormat

/// Keras 1's `merge` with mode `cos`: the product of two inputs over one axis of each, divided by
/// `√(Σa²·Σb²)` of the same products, at least 1e-7. The output has an axis of extent 1 behind the
/// batch, `(B, 1, …)`.
public struct CosineDot: Layer {
  public static let className = "CosineDot"
  public static let inputCounts = 2...2
  private let dot: Dot

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
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    guard !pass.keepsTrace else {
      throw KerasError(.unsupportedConfiguration, "training through a merge of mode cos")
    }
    var products: [UnsafeMutablePointer<S>] = []
    var shape: [Int] = []
    for pair in [[inputs[0], inputs[1]], [inputs[0], inputs[0]], [inputs[1], inputs[1]]] {
      let product = try dot.forward(pair, weights: weights, trace: &trace, pass: &pass)[0].tensor
      if shape.isEmpty { shape = product.shape }
      guard product.shape == shape else {
        throw KerasError(
          .shapeMismatch, "products \(shape.tuple) and \(product.shape.tuple), which do not fit")
      }
      products.append(product.reals(in: &pass.workspace))
    }
    let count = shape.reduce(1, *)
    let y = pass.workspace.scratch(S.self, count: count)
    for i in 0..<count {
      // Keras 1 takes no root of what is negative.
      let size = max(products[1][i] * products[2][i], 0).squareRoot()
      y[i] = products[0][i] / max(size, 1e-7)
    }
    return [Signal(Tensor(y, shape: [shape[0], 1] + shape.dropFirst()))]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {}
}
