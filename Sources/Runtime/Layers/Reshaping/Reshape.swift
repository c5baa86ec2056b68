import KerasFormat

/// The same numbers in row-major order under other extents: `(B, …) → (B,) + target_shape`.
public struct Reshape: Layer {
  public static let className = "Reshape"
  /// Without the batch; one extent may be -1 and follows from the others.
  public let targetShape: [Int]

  /// - Parameter targetShape: without the batch; one extent may be -1.
  public init(targetShape: [Int]) { self.targetShape = targetShape }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    guard let value = config.value("target_shape"), let list = value.array else {
      throw config.error("target_shape", "missing, but this layer needs a list of extents")
    }
    let extents = list.compactMap(\.integer)
    guard extents.count == list.count, extents.allSatisfy({ $0 >= -1 && $0 != 0 }),
      extents.filter({ $0 == -1 }).count < 2
    else {
      throw config.error(
        "target_shape",
        "\(value.pythonText()) but positive extents belong here, at most one of them -1")
    }
    targetShape = extents
  }

  public var config: JSONObject { ["target_shape": .array(targetShape.map(JSON.integer))] }

  // MARK: Shape

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let known = inputs[0].extents.compactMap { $0 }
    guard known.count == inputs[0].rank else {
      return [Shape(targetShape.map { $0 == -1 ? nil : $0 })]
    }
    return [Shape(try resolved(known).map { $0 })]
  }

  private func resolved(_ extents: [Int]) throws(KerasError) -> [Int] {
    let count = try product(extents)
    let fixed = try product(targetShape.filter { $0 != -1 })
    let fits = targetShape.contains(-1) ? count.isMultiple(of: fixed) : count == fixed
    guard fits else {
      throw KerasError(
        .shapeMismatch,
        "\(count) numbers in \(Shape(extents)) cannot be reshaped to \(Shape(targetShape))")
    }
    return targetShape.map { $0 == -1 ? count / fixed : $0 }
  }

  private func product(_ extents: [Int]) throws(KerasError) -> Int {
    var product = 1
    for extent in extents {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw KerasError(.shapeMismatch, "a shape that is too large") }
      product = next
    }
    return product
  }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let shape = try resolved(Array(input.shape.dropFirst()))
    return [Signal(Tensor(input.content, shape: [input.batch] + shape))]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dx = inputGradients[0] else { return }
    Elementwise.add(outputGradients[0].pointer, to: dx, count: trace.inputs[0].tensor.count)
  }
}
