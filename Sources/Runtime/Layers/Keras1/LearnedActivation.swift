import KerasFormat

/// An activation of Keras 1 with parameters for each place of a sample, 1 along `shared_axes`.
protocol LearnedActivation: Layer {
  static var parameterNames: [String] { get }
  var sharedAxes: [Int] { get }
  var settings: [WeightSettings] { get }

  init(sharedAxes: [Int], settings: [WeightSettings])

  /// The value at `x`, and its derivatives by x and by each parameter.
  static func evaluate<S: Scalar>(
    _ x: S, _ parameters: [S]
  ) -> (value: S, byX: S, byParameters: [S])
}

extension LearnedActivation {
  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    let sharedAxes = try config.axes("shared_axes", default: [])
    var settings: [WeightSettings] = []
    for name in Self.parameterNames {
      settings.append(try WeightSettings(&config, name, default: .zeros))
    }
    self.init(sharedAxes: sharedAxes, settings: settings)
  }

  public var config: JSONObject {
    var config = JSONObject()
    for (name, setting) in zip(Self.parameterNames, settings) { setting.write(name, to: &config) }
    config["shared_axes"] = sharedAxes.isEmpty ? .null : .array(sharedAxes.map(JSON.integer))
    return config
  }

  // MARK: Weights

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    var extents: [Int] = []
    for (position, extent) in inputs[0].extents.enumerated() {
      guard let size = sharedAxes.contains(position + 1) ? 1 : extent else {
        throw KerasError(.shapeMismatch, "input \(inputs[0]) but its axes must be known")
      }
      extents.append(size)
    }
    return zip(Self.parameterNames, settings).map {
      WeightSpec($0, shape: extents, settings: $1)
    }
  }

  private func places(_ extents: [Int]) -> [Int] {
    AxisMap.indices(of: extents.indices.filter { !sharedAxes.contains($0 + 1) }, in: extents)
  }

  public var supportsMasking: Bool { true }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let places = places(Array(input.shape.dropFirst()))
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count {
      let parameters = settings.indices.map { weights[$0][places[i % places.count]] }
      y[i] = Self.evaluate(x[i], parameters).value
    }
    return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
  }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let input = trace.inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let places = places(Array(input.shape.dropFirst()))
    let dy = outputGradients[0].pointer
    for i in 0..<input.count {
      let place = places[i % places.count]
      let slopes = Self.evaluate(x[i], settings.indices.map { weights[$0][place] })
      for (index, slope) in slopes.byParameters.enumerated() {
        gradients[index][place] += dy[i] * slope
      }
      if let dx = inputGradients[0] { dx[i] += dy[i] * slopes.byX }
    }
  }
}
