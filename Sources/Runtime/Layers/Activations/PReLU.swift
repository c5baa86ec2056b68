import KerasFormat

/// A rectifier that learns its slope: `max(0, x) + alpha·min(0, x)` (He et al. 2015), any shape,
/// unchanged. Weights: alpha, of the input's extents, 1 along `shared_axes`.
public struct PReLU: Layer {
  public static let className = "PReLU"
  /// Axes that have one slope together, counted from 1.
  public let sharedAxes: [Int]
  private let alpha: WeightSettings

  public init(sharedAxes: [Int] = []) {
    self.sharedAxes = sharedAxes
    alpha = WeightSettings(.zeros)
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    sharedAxes = try config.axes("shared_axes", default: [])
    alpha = try WeightSettings(&config, "alpha", default: .zeros)
  }

  public var config: JSONObject {
    var config = JSONObject()
    alpha.write("alpha", to: &config)
    config["shared_axes"] = sharedAxes.isEmpty ? .null : .array(sharedAxes.map(JSON.integer))
    return config
  }

  // MARK: Weights

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    var extents: [Int] = []
    for (position, extent) in inputs[0].extents.enumerated() {
      if isShared(position, rank: inputs[0].rank) {
        extents.append(1)
      } else if let extent {
        extents.append(extent)
      } else {
        throw KerasError(
          .shapeMismatch, "input \(inputs[0]) but an axis without shared slope must be known")
      }
    }
    return [WeightSpec("alpha", shape: extents, settings: alpha)]
  }

  private func isShared(_ position: Int, rank: Int) -> Bool {
    sharedAxes.contains { ($0 < 0 ? $0 + rank : $0 - 1) == position }
  }

  public var supportsMasking: Bool { true }

  /// For every element of a sample its slope's place.
  private func places(_ extents: [Int]) -> [Int] {
    AxisMap.indices(
      of: extents.indices.filter { !isShared($0, rank: extents.count) }, in: extents)
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: [Signal<S>], weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> [Signal<S>] {
    let input = inputs[0].tensor
    let x = input.reals(in: &pass.workspace)
    let places = places(Array(input.shape.dropFirst()))
    let y = pass.workspace.scratch(S.self, count: input.count)
    for i in 0..<input.count {
      y[i] = x[i] > 0 ? x[i] : weights[0][places[i % places.count]] * x[i]
    }
    return [Signal(Tensor(y, shape: input.shape), mask: inputs[0].mask)]
  }

  // MARK: Backward

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
      if x[i] <= 0 { gradients[0][place] += dy[i] * x[i] }
      if let dx = inputGradients[0] { dx[i] += x[i] > 0 ? dy[i] : dy[i] * weights[0][place] }
    }
  }
}
