import KerasFormat

/// An activation with parameters for each place of a sample, 1 along `shared_axes`: any shape,
/// unchanged.
protocol LearnedActivation: Layer {
  static var parameterNames: [String] { get }
  /// Axes that have one parameter together, counted from 1, or from behind.
  var sharedAxes: [Int] { get }
  var settings: [WeightSettings] { get }

  init(sharedAxes: [Int], settings: [WeightSettings])

  /// The value at `x`, the parameters being those at `place` in `weights`.
  static func value<S: Scalar>(_ x: S, _ weights: Weights<S>, at place: Int) -> S

  /// Adds `dy` times the derivatives by the parameters to `gradients`.
  ///
  /// - Returns: `dy` times the derivative by x.
  static func gradient<S: Scalar>(
    _ dy: S, _ x: S, _ weights: Weights<S>, at place: Int, into gradients: Weights<S>
  ) -> S
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
      guard let size = isShared(position, rank: inputs[0].rank) ? 1 : extent else {
        throw KerasError(
          .shapeMismatch,
          "input \(inputs[0]) but an axis without shared parameters must be known")
      }
      extents.append(size)
    }
    return zip(Self.parameterNames, settings).map {
      WeightSpec($0, shape: extents, settings: $1)
    }
  }

  private func isShared(_ position: Int, rank: Int) -> Bool {
    sharedAxes.contains { ($0 < 0 ? $0 + rank : $0 - 1) == position }
  }

  /// For every element of a sample the place of its parameters.
  private func places(_ extents: [Int]) -> [Int] {
    AxisMap.indices(
      of: extents.indices.filter { !isShared($0, rank: extents.count) }, in: extents)
  }

  public var supportsMasking: Bool { true }

  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let places = places(Array(input.shape.dropFirst()))
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count {
      y[i] = Self.value(x[i], weights, at: places[i % places.count])
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
      let slope = Self.gradient(
        dy[i], x[i], weights, at: places[i % places.count], into: gradients)
      if let dx = inputGradients[0] { dx[i] += slope }
    }
  }
}
