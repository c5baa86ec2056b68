import KerasFormat

/// A pooling layer over windows of time: `(B, T, C) → (B, T', C)`.
protocol Pooling1D: Layer {
  var windows: SequenceWindows { get }
  var layout: SequenceLayout { get }

  /// One window of one channel: `values` of the steps that are there.
  static func pooled<S: Scalar>(_ values: UnsafeMutableBufferPointer<S>) -> S
  /// What each of `values` gets of the gradient `dy` of their result.
  static func share<S: Scalar>(
    _ dy: S, among values: UnsafeMutableBufferPointer<S>, result: S, at index: Int
  ) -> S
}

extension Pooling1D {
  public var config: JSONObject {
    [
      "pool_size": [.integer(windows.size)], "padding": .string(windows.padding.rawValue),
      "strides": [.integer(windows.stride)], "data_format": layout.json,
    ]
  }

  static func windows(
    from config: inout ConfigReader
  ) throws(KerasError) -> (SequenceWindows, SequenceLayout) {
    let size = try config.extent("pool_size", default: 2)
    let stride = try config.extent("strides", default: size)
    let padding = try config.sequencePadding(causal: false)
    return (
      SequenceWindows(size: size, stride: stride, dilation: 1, padding: padding),
      try SequenceLayout(from: &config)
    )
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let (steps, channels) = try layout.axes(of: inputs[0], for: Self.className)
    return [
      layout.shape(
        steps: try windows.outputSteps(for: steps, of: Self.className), channels: channels)
    ]
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = layout.incoming(inputs[0].tensor, &pass.workspace)
    let (batch, steps, channels) = (input.shape[0], input.shape[1], input.shape[2])
    let outputs = windows.outputSteps(for: steps)
    let y = pass.workspace.scratch(S.self, count: batch * outputs * channels)
    forEachWindow(input, &pass.workspace) { index, values, _ in y[index] = Self.pooled(values) }
    if pass.keepsTrace { trace.saved = [y] }
    let output = Tensor(y, shape: [batch, outputs, channels])
    return [Signal(layout.outgoing(output, &pass.workspace))]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard let dInput = inputGradients[0] else { return }
    let input = layout.incoming(trace.inputs[0].tensor, &pass.workspace)
    let outputShape = trace.outputs[0].tensor.shape
    let dy = layout.incoming(
      Tensor(outputGradients[0].pointer, shape: outputShape), &pass.workspace
    ).reals(in: &pass.workspace)
    let dx = pass.workspace.zeros(S.self, count: input.count)
    forEachWindow(input, &pass.workspace) { index, values, places in
      for (i, place) in places.enumerated() {
        dx[place] += Self.share(dy[index], among: values, result: trace.saved[0][index], at: i)
      }
    }
    layout.add(dx, shape: input.shape, to: dInput)
  }

  /// Calls `body` with every output's index, the values it sees and their places in the input.
  private func forEachWindow<S: Scalar>(
    _ input: Tensor<S>, _ workspace: inout Workspace,
    _ body: (Int, UnsafeMutableBufferPointer<S>, ArraySlice<Int>) -> Void
  ) {
    let (batch, steps, channels) = (input.shape[0], input.shape[1], input.shape[2])
    let x = input.reals(in: &workspace)
    let sources = windows.sources(for: steps)
    let outputs = windows.outputSteps(for: steps)
    let values = UnsafeMutableBufferPointer(
      start: workspace.scratch(S.self, count: windows.size), count: windows.size)
    var places = [Int](repeating: 0, count: windows.size)
    for row in 0..<batch {
      for output in 0..<outputs {
        let window = sources[output * windows.size..<(output + 1) * windows.size]
        for channel in 0..<channels {
          var count = 0
          for source in window where source >= 0 {
            let place = (row * steps + source) * channels + channel
            values[count] = x[place]
            places[count] = place
            count += 1
          }
          body(
            (row * outputs + output) * channels + channel,
            UnsafeMutableBufferPointer(rebasing: values[..<count]), places[..<count])
        }
      }
    }
  }
}

extension ConfigReader {
  /// Reads `padding`.
  mutating func sequencePadding(causal: Bool) throws(KerasError) -> SequencePadding {
    let name = try string("padding", default: "valid")
    guard let padding = SequencePadding(rawValue: name), causal || padding != .causal else {
      throw error(
        "padding", "'\(name)' but valid\(causal ? ", same or causal" : " or same") belongs here")
    }
    return padding
  }
}
