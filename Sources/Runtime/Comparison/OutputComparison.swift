import KerasFormat

/// Two networks run on the same data, layer by layer: where their outputs part.
///
/// Layers that belong together are found as for ``ModelComparison``, those of models inside the
/// models too, under names like `encoder/dense`; a layer that only one network has is passed over.
/// Data may come in parts, so that memory does not grow with it:
///
///     var comparison = OutputComparison(a, b)
///     try comparison.run(inputs)
///     print(comparison.first ?? "equal")
public struct OutputComparison: Sendable {
  /// The output of one layer that differs.
  public struct Difference: Sendable, Equatable, CustomStringConvertible {
    /// The layer's name in either network, behind those of the models that it is in.
    public var layer: String
    /// The same in the second network.
    public var otherLayer: String
    /// Which call of a shared layer it is, and which of its outputs, from 0.
    public var call: Int
    /// Which of the call's outputs, from 0.
    public var output: Int
    /// The shape in either network, all rows together.
    public var shape: [Int]
    /// The shape in the second network.
    public var otherShape: [Int]
    /// How far they are apart; `nil` for outputs of two shapes.
    public var numbers: NumericDifference?

    /// Row, step and feature of a place: the first axis is the row, the last one the feature, and
    /// of three axes or more the second is the step.
    public func axes(
      of place: NumericDifference.Place
    ) -> (row: Int, step: Int?, rest: [Int], feature: Int?) {
      let indices = NumericDifference.indices(of: place.position, in: shape)
      return (
        indices.first ?? 0, indices.count > 2 ? indices[1] : nil,
        indices.count > 3 ? Array(indices[2..<indices.count - 1]) : [],
        indices.count > 1 ? indices[indices.count - 1] : nil
      )
    }

    public var description: String {
      var text = layer == otherLayer ? layer : "\(layer) (\(otherLayer))"
      if call > 0 { text += ", call \(call)" }
      if output > 0 { text += ", output \(output)" }
      guard let numbers else { return "\(text): shape \(shape.tuple) and \(otherShape.tuple)" }
      let first = numbers.earliest
      text +=
        ": \(Float(first.first)) and \(Float(first.second)) at \(words(for: first)), "
        + first.distance
      guard numbers.largest != first else { return text }
      let largest = numbers.largest
      let most =
        largest.size.isFinite
        ? "at most by \(Float(largest.size))"
        : "\(Float(largest.first)) and \(Float(largest.second))"
      return text + "; \(most), at \(words(for: largest))"
    }

    private func words(for place: NumericDifference.Place) -> String {
      let axes = axes(of: place)
      var words = ["row \(axes.row)"]
      if let step = axes.step { words.append("step \(step)") }
      words += axes.rest.map { "place \($0)" }
      if let feature = axes.feature { words.append("feature \(feature)") }
      return words.joined(separator: ", ")
    }
  }

  /// The outputs that differ, in the order in which the first network computes them.
  public var differences: [Difference] { found.compactMap { $0 } }
  /// The first layer whose output differs.
  public var first: Difference? { differences.first }
  /// Rows that have been run.
  public private(set) var rows = 0
  /// How many outputs of layers are compared.
  public var count: Int { outputs.count }

  private let networks: [Network]
  private let tolerance: Double
  private let outputs: [(first: LayerCall, second: LayerCall, output: Int)]
  private var found: [Difference?]

  /// - Parameter tolerance: how far two numbers may be apart and still count as equal; default
  ///   1e-5.
  public init(_ first: Network, _ second: Network, tolerance: Double = 1e-5) {
    networks = [first, second]
    self.tolerance = tolerance
    outputs = LayerCall.pairs(first.graph, second.graph).flatMap { first, second in
      let common = min(first.node.outputShapes.count, second.node.outputShapes.count)
      return (0..<common).map { (first, second, $0) }
    }
    found = Array(repeating: nil, count: outputs.count)
  }

  // MARK: - Running

  /// Both networks on some rows, which follow those of earlier calls.
  ///
  /// - Parameters:
  ///   - inputs: one array per input of the models, `(N, …)` each.
  ///   - otherInputs: what the second network is given instead; default: the same.
  ///   - batchSize: rows computed at once; it has no influence on the result.
  /// - Throws: ``KerasError`` where an array does not fit a model, naming row and step.
  public mutating func run(
    _ inputs: [NumericArray], _ otherInputs: [NumericArray]? = nil, batchSize: Int = 32
  ) throws(KerasError) {
    guard batchSize > 0 else {
      throw KerasError(.invalidArgument, "batch size \(batchSize) but it must be 1 or more")
    }
    let otherInputs = otherInputs ?? inputs
    let count = try networks[0].checkedRows(of: inputs)
    guard try networks[1].checkedRows(of: otherInputs) == count else {
      throw KerasError(.shapeMismatch, "the two models are given numbers of rows that differ")
    }
    var passes = Passes(networks)
    for start in stride(from: 0, to: count, by: batchSize) {
      let range = start..<min(start + batchSize, count)
      var traces: (NetworkTrace<Float>, NetworkTrace<Float>)
      do {
        traces = (
          try Self.trace(networks[0], inputs, range, &passes.first),
          try Self.trace(networks[1], otherInputs, range, &passes.second)
        )
      } catch {
        throw error.shiftingRows(by: rows + start)
      }
      for index in outputs.indices {
        let (call, otherCall, output) = outputs[index]
        compare(
          index, call.outputs(in: traces.0.nodes)[output].tensor,
          otherCall.outputs(in: traces.1.nodes)[output].tensor, &passes, before: rows + start)
      }
      passes.first.workspace.reset()
      passes.second.workspace.reset()
    }
    rows += count
    for (index, difference) in found.enumerated() {
      guard let difference, difference.shape.first == difference.otherShape.first else { continue }
      found[index]?.shape[0] = rows
      found[index]?.otherShape[0] = rows
    }
  }

  /// The memory of both networks' calls.
  private struct Passes: ~Copyable {
    var first: Pass
    var second: Pass

    init(_ networks: [Network]) {
      first = Pass(generation: networks[0].generation)
      second = Pass(generation: networks[1].generation)
    }
  }

  private static func trace(
    _ network: Network, _ inputs: [NumericArray], _ rows: Range<Int>, _ pass: inout Pass
  ) throws(KerasError) -> NetworkTrace<Float> {
    var tensors: [Tensor<Float>] = []
    for input in inputs { tensors.append(Tensor(rows: rows, of: input, in: &pass.workspace)) }
    var trace = NetworkTrace<Float>()
    _ = try network.forward(
      tensors, parameters: network.parameters, trace: &trace, pass: &pass)
    return trace
  }

  private mutating func compare(
    _ index: Int, _ first: Tensor<Float>, _ second: Tensor<Float>, _ passes: inout Passes,
    before rows: Int
  ) {
    let (call, otherCall, output) = outputs[index]
    var difference = Difference(
      layer: call.name, otherLayer: otherCall.name, call: call.number, output: output,
      shape: Array(first.shape), otherShape: Array(second.shape))
    guard first.shape == second.shape else {
      if found[index] == nil { found[index] = difference }
      return
    }
    let numbers = UnsafeBufferPointer(
      start: first.reals(in: &passes.first.workspace), count: first.count)
    let others = UnsafeBufferPointer(
      start: second.reals(in: &passes.second.workspace), count: second.count)
    let offset = rows * first.shape.dropFirst().reduce(1, *)
    guard
      let part = NumericDifference(numbers, others, tolerance: tolerance, offset: offset)
    else { return }
    if found[index] == nil {
      difference.numbers = part
      found[index] = difference
    } else {
      found[index]?.numbers?.add(part)
    }
  }
}
