import KerasFormat

/// A layer that runs a cell over time: `(B, T, F) → (B, U)`, or `(B, T, U)` with
/// ``RecurrentOptions/returnSequences``.
///
/// Weights: `cell/kernel (F, G·U)`, `cell/recurrent_kernel (U, G·U)`, `cell/bias`.
protocol RecurrentLayer: Layer, RecurrentCell {
  var options: RecurrentOptions { get set }
  var settings: RecurrentWeights { get }
  /// The bias's shape, `[G·U]` but for `reset_after`.
  var biasShape: [Int] { get }
}

extension RecurrentLayer {
  var biasShape: [Int] { [gateWidth] }

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    guard inputs[0].rank == 2, let features = inputs[0].last else {
      throw KerasError(
        .shapeMismatch,
        "input \(inputs[0]) but \(Self.className) needs (batch, steps, features)")
    }
    var specs = [
      WeightSpec("cell/kernel", shape: [features, gateWidth], settings: settings.kernel),
      WeightSpec("cell/recurrent_kernel", shape: [units, gateWidth], settings: settings.recurrent),
    ]
    if useBias { specs.append(WeightSpec("cell/bias", shape: biasShape, settings: settings.bias)) }
    return specs
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    [options.returnSequences ? inputs[0].replacingLast(with: units) : [units]]
  }

  public var supportsMasking: Bool { true }

  public func emitsMask(receivingMask: Bool) -> Bool { receivingMask && options.returnSequences }

  public var usesSeedGenerator: Bool { true }

  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    if pass.isTraining && (options.dropout != 0 || options.recurrentDropout != 0) {
      throw KerasError(
        .unsupportedConfiguration,
        "training with dropout inside a recurrent layer is not supported",
        hint: "put a Dropout layer in front of it")
    }
    return [TimeLoop(cell: self, options: options).forward(inputs[0], weights, &trace, &pass)]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    TimeLoop(cell: self, options: options).backward(
      outputGradients[0].pointer, into: inputGradients[0], weights, gradients, trace, &pass)
  }
}
