import KerasFormat

/// The product of two inputs over one axis of each, sample by sample: with `axes` 2,
/// `(B, T, F), (B, U, F) → (B, T, U)`; of two vectors `(B, 1)`.
///
/// With `normalize` both are brought to length 1 along their axis first, which gives the cosine.
public struct Dot: Layer {
  public static let className = "Dot"
  public static let inputCounts = 2...2
  /// One axis for both or one for each, with the batch as 0 or from behind.
  public let axes: [Int]
  /// Whether both are brought to length 1 first.
  public let normalize: Bool

  /// With Keras's default: lengths as they are.
  public init(axes: [Int], normalize: Bool = false) {
    self.axes = axes
    self.normalize = normalize
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    axes = try config.axes("axes", default: [])
    guard axes.count == 1 || axes.count == 2 else {
      throw config.error("axes", "\(axes.count) axes but one or two belong here")
    }
    normalize = try config.bool("normalize", default: false)
  }

  public var config: JSONObject {
    [
      "axes": .axes(axes),
      "normalize": .bool(normalize),
    ]
  }

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    guard site.generation > .keras1 || site.inputs[0].rank == site.inputs[1].rank else {
      throw KerasError(.shapeMismatch, "inputs of two ranks, which Keras 1 does not multiply")
    }
    return self
  }

  // MARK: Shape

  /// The axis of each input, counted after the batch.
  private func positions(_ ranks: [Int]) throws(KerasError) -> [Int] {
    [
      try AxisMap.positions([axes[0]], rank: ranks[0], of: Self.className)[0],
      try AxisMap.positions([axes[axes.count - 1]], rank: ranks[1], of: Self.className)[0],
    ]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    let positions = try positions(inputs.map(\.rank))
    let (a, b) = (inputs[0].extents[positions[0]], inputs[1].extents[positions[1]])
    guard a == nil || b == nil || a == b else {
      throw KerasError(
        .shapeMismatch,
        "inputs \(inputs[0]) and \(inputs[1]) have \(a ?? 0) and \(b ?? 0) on the axes")
    }
    var extents: [Int?] = []
    for (input, position) in zip(inputs, positions) {
      extents += input.extents.indices.filter { $0 != position }.map { input.extents[$0] }
    }
    return [Shape(extents.isEmpty ? [1] : extents)]
  }

  public var supportsMasking: Bool { true }
  public func emitsMask(receivingMask: Bool) -> Bool { false }

  // MARK: Forward

  /// One input as a matrix per sample: rows are its other axes, columns the one that is summed
  /// over.
  private struct Matrix<S: Scalar> {
    let values: UnsafeMutablePointer<S>
    /// For each of a sample's elements its place in the matrix.
    let places: [Int]
    let rows: Int
    let columns: Int
  }

  private func matrix<S: Scalar>(
    _ tensor: Tensor<S>, _ position: Int, _ workspace: inout Workspace
  ) -> (matrix: Matrix<S>, kept: Normalize.Kept<S>?, normalize: Normalize) {
    let extents = Array(tensor.shape.dropFirst())
    let others = extents.indices.filter { $0 != position }
    let rows = AxisMap.indices(of: others, in: extents)
    let columns = AxisMap.indices(of: [position], in: extents)
    let places = zip(rows, columns).map { $0 * extents[position] + $1 }
    let x = tensor.reals(in: &workspace)
    let length = Normalize(
      groups: rows, groupCount: others.map { extents[$0] }.reduce(1, *), places: rows,
      epsilon: 1e-12, size: .sumOfSquares, isCentered: false)
    var values = x
    var kept: Normalize.Kept<S>?
    if normalize {
      values = workspace.scratch(S.self, count: tensor.count)
      kept = length.forward(
        x, blocks: tensor.batch, gamma: nil, beta: nil, into: values, &workspace)
    }
    let turned = workspace.scratch(S.self, count: tensor.count)
    for i in 0..<tensor.count {
      turned[i / places.count * places.count + places[i % places.count]] = values[i]
    }
    let matrix = Matrix(
      values: turned, places: places, rows: length.groupCount, columns: extents[position])
    return (matrix, kept, length)
  }

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let positions = try positions(inputs.map { $0.tensor.shape.count - 1 })
    let (a, _, _) = matrix(inputs[0].tensor, positions[0], &pass.workspace)
    let (b, _, _) = matrix(inputs[1].tensor, positions[1], &pass.workspace)
    let batch = inputs[0].tensor.batch
    guard a.columns == b.columns else {
      throw KerasError(
        .shapeMismatch,
        "inputs \(inputs[0].tensor.shape.tuple) and \(inputs[1].tensor.shape.tuple) on the axes")
    }
    let y = pass.workspace.zeros(S.self, count: batch * a.rows * b.rows)
    for row in 0..<batch {
      S.addProduct(
        MatrixProduct(
          .init(a.values + row * a.rows * a.columns, stride: a.columns),
          .init(b.values + row * b.rows * b.columns, stride: b.columns, transposed: true),
          into: y + row * a.rows * b.rows, strideC: b.rows, m: a.rows, n: b.rows, k: a.columns))
    }
    var shape: Extents = [batch]
    for (input, position) in zip(inputs, positions) {
      let extents = Array(input.tensor.shape.dropFirst())
      shape += extents.indices.filter { $0 != position }.map { extents[$0] }
    }
    return [Signal(Tensor(y, shape: shape.count == 1 ? [batch, 1] : shape))]
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let inputs = trace.inputs.map(\.tensor)
    guard let positions = try? positions(inputs.map { $0.shape.count - 1 }) else { return }
    let sides = [0, 1].map { matrix(inputs[$0], positions[$0], &pass.workspace) }
    let (a, b) = (sides[0].matrix, sides[1].matrix)
    let dy = outputGradients[0].pointer
    for side in 0..<2 {
      guard let dx = inputGradients[side] else { continue }
      let (own, other) = side == 0 ? (a, b) : (b, a)
      let gradient = pass.workspace.zeros(S.self, count: inputs[side].count)
      for row in 0..<inputs[0].batch {
        S.addProduct(
          MatrixProduct(
            .init(dy + row * a.rows * b.rows, stride: b.rows, transposed: side == 1),
            .init(other.values + row * other.rows * other.columns, stride: other.columns),
            into: gradient + row * own.rows * own.columns, strideC: own.columns, m: own.rows,
            n: own.columns, k: other.rows))
      }
      let turned = pass.workspace.scratch(S.self, count: inputs[side].count)
      let width = own.places.count
      for i in 0..<inputs[side].count {
        turned[i] = gradient[i / width * width + own.places[i % width]]
      }
      if let kept = sides[side].kept {
        sides[side].normalize.backward(
          turned, x: inputs[side].reals(in: &pass.workspace), blocks: inputs[side].batch,
          gamma: nil, kept: kept, dx: dx, dGamma: nil, dBeta: nil, &pass.workspace)
      } else {
        Elementwise.add(turned, to: dx, count: inputs[side].count)
      }
    }
  }
}
