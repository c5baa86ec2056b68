import KerasFormat

/// Joins all axes after the batch in row-major order: `(B, T, F) → (B, T·F)`. With `channels_first`
/// the first of them is put last before.
public struct Flatten: Layer {
  public static let className = "Flatten"

  let isChannelsFirst: Bool

  /// With Keras's default, `channels_last`.
  public init() { isChannelsFirst = false }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    isChannelsFirst = try config.channelsFirst()
  }

  public var config: JSONObject {
    ["data_format": isChannelsFirst ? "channels_first" : "channels_last"]
  }

  /// Keras 1 and 2.2 flatten nothing that is flat already.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` there for an input that is flat.
  public func built(at site: BuildSite) throws(KerasError) -> Flatten {
    guard site.generation <= .keras2, site.inputs[0].rank < 2 else { return self }
    throw KerasError(
      .unsupportedConfiguration,
      "input \(site.inputs[0]), but Flatten takes three axes or more in Keras "
        + site.generation.rawValue,
      hint: site.inputs[0].rank == 1 ? "leave it out: it changes nothing there" : nil)
  }

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

  /// What puts the channels last, where they stand first.
  private func turning(_ rank: Int) -> Permute? {
    isChannelsFirst && rank > 1 ? Permute(dims: Array(2...rank) + [1]) : nil
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    var input = inputs[0].tensor
    if let permute = turning(input.shape.count - 1) {
      input = try permute.forward(inputs, weights: weights, trace: &trace, pass: &pass)[0].tensor
    }
    let width = input.shape.dropFirst().reduce(1, *)
    return [Signal(Tensor(input.content, shape: [input.batch, width]))]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let input = trace.inputs[0].tensor
    if let permute = turning(input.shape.count - 1) {
      permute.backward(
        outputGradients, into: inputGradients, weights: weights, gradients: gradients,
        trace: trace, pass: &pass)
    } else if let dx = inputGradients[0] {
      Elementwise.add(outputGradients[0].pointer, to: dx, count: input.count)
    }
  }
}
