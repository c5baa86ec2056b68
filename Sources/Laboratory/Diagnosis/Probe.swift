import KerasFormat
import KerasRuntime
import KerasTrain

/// A model on some rows at one moment: what it answers, and what gradient comes back to its weights
/// and to each step of its input. Nothing is dropped and nothing learned.
public struct Probe: Sendable {
  /// On these rows, penalties included.
  public let loss: Double
  /// One per weight, in Keras's order.
  public let weights: [WeightProbe]
  /// The gradient at each step of each sequence that comes in, `nil` where none comes back to it.
  public let flows: [GradientFlow?]
  /// The first of them; `nil` for a model without a sequence.
  public var flow: GradientFlow? { flows.first ?? nil }
  /// Units that are at zero, or the same, whatever the row.
  public let units: [UnitActivity]
  /// For each row what the first output says, before a sigmoid or softmax where there is one.
  let scores: [[Double]]
  /// The same behind it.
  let outputs: [[Double]]
  /// The size of the gradient at each row's score over that of the row's error, averaged: 1 for
  /// cross-entropy that knows the logits; near 0 where a saturated function swallows it.
  public let passedError: Double?
  /// Layers whose output holds something that is no finite number, in the order of the network.
  public let nonFinite: [String]

  /// One weight and its gradient.
  public struct WeightProbe: Sendable {
    /// `gru/cell/kernel`
    public let name: String
    /// Its length, the root of the sum of squares.
    public let norm: Double
    /// The length of its gradient.
    public let gradientNorm: Double
    /// Whether all its numbers are finite.
    public var isFinite: Bool { norm.isFinite }
  }

  /// What of a layer's units takes part.
  public struct UnitActivity: Sendable {
    /// The layer's name.
    public let layer: String
    /// How many the layer has.
    public let units: Int
    /// Units of a ReLU that are zero on every row and step.
    public let dead: Int
  }

  init(_ model: Model, _ data: Dataset, rows: [Int]) throws(KerasError) {
    let network = model.network
    let objective = try model.objective()
    var pass = Pass(generation: objective.generation, keepsTrace: true)
    // Asked for each word's own gradient, the network keeps words apart that it else would sum at
    // once.
    pass.tableGradients = []
    var trace = NetworkTrace<Float>()
    let outcome = try objective.evaluate(
      data, rows: rows[...], parameters: network.parameters, trace: &trace, pass: &pass)
    loss = outcome.loss

    let gradients = Parameters<Float>(network.parameters.layout)
    let sequences = network.sequences
    let last = network.outputs[0].node
    let beforeLast = network.nodes[last].inputs.first?.node
    let inputs = network.inputs.map { index -> UnsafeMutablePointer<Float>? in
      let tensor = trace.outputs(of: index)[0].tensor
      return sequences.contains { $0.node == index }
        ? pass.workspace.zeros(Float.self, count: tensor.count) : nil
    }
    // By node: at each step of the sequences, and for each row behind the recurrent layers.
    var stepNorms: [Int: [[Double]]] = [:]
    var (recurrentNorms, rowNorms): ([Int: [Double]], [Double]) = ([:], [])
    func norms(_ pointer: UnsafeMutablePointer<Float>, _ node: Int, parts: Int) -> [Double] {
      let width = trace.outputs(of: node)[0].tensor.count / max(1, parts)
      return (0..<parts).map { part in
        var sum = 0.0
        for i in part * width..<(part + 1) * width {
          sum += Double(pointer[i]) * Double(pointer[i])
        }
        // Losses are means over the rows.
        return sum.squareRoot() * Double(rows.count)
      }
    }
    func byStep(_ pointer: UnsafeMutablePointer<Float>, _ node: Int) -> [[Double]] {
      let shape = trace.outputs(of: node)[0].tensor.shape
      guard shape.count == 3 else { return [] }
      let all = norms(pointer, node, parts: shape[0] * shape[1])
      return (0..<shape[0]).map { Array(all[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }
    objective.backward(
      outcome, into: inputs, trace: trace, parameters: network.parameters, gradients: gradients,
      pass: &pass
    ) { node, arrived in
      guard let gradient = arrived[0], !gradient.isOfLogits else { return }
      if sequences.contains(where: { $0.node == node }) {
        stepNorms[node] = byStep(gradient.pointer, node)
      }
      if node == beforeLast { rowNorms = norms(gradient.pointer, node, parts: rows.count) }
      if sequences.contains(where: { $0.recurrent == node }) {
        recurrentNorms[node] = norms(gradient.pointer, node, parts: rows.count)
      }
    }
    for table in pass.tableGradients ?? [] { table.addToTable() }
    for sequence in sequences {
      if let index = network.inputs.firstIndex(of: sequence.node), let pointer = inputs[index] {
        stepNorms[sequence.node] = byStep(pointer, sequence.node)
      }
    }
    flows = sequences.map { sequence in
      guard let norms = stepNorms[sequence.node], !norms.isEmpty else { return nil }
      return GradientFlow(norms, atOutput: sequence.recurrent.flatMap { recurrentNorms[$0] })
    }

    weights = network.weightNames.enumerated().map { index, name in
      WeightProbe(
        name: name, norm: Self.norm(network.parameters.values(index)),
        gradientNorm: Self.norm(gradients.values(index)))
    }
    let output = trace.outputs(of: last)[network.outputs[0].output]
    let answers = Self.rows(output.tensor.reals(in: &pass.workspace), output.tensor)
    outputs = answers
    scores = output.logits.map { Self.rows($0, output.tensor) } ?? answers
    nonFinite = network.nodes.indices.compactMap { index in
      Self.isFinite(trace.outputs(of: index)[0].tensor) ? nil : network.nodes[index].name
    }
    units = network.nodes.indices.compactMap { Self.activity(network.nodes[$0], trace, $0) }
    passedError = Self.passedError(
      rowNorms, network, node: last, answers, data.targets[0].selecting(rows))
  }

  // MARK: - Pieces

  static func norm(_ values: [Float]) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  static func root(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  private static func rows(
    _ pointer: UnsafeMutablePointer<Float>, _ tensor: Tensor<Float>
  ) -> [[Double]] {
    let width = tensor.count / max(1, tensor.batch)
    return (0..<tensor.batch).map { row in (0..<width).map { Double(pointer[row * width + $0]) } }
  }

  private static func isFinite(_ tensor: Tensor<Float>) -> Bool {
    guard case .reals(let values) = tensor.content else { return true }
    return (0..<tensor.count).allSatisfy { values[$0].isFinite }
  }

  private static func activity(
    _ node: Graph.Node, _ trace: NetworkTrace<Float>, _ index: Int
  ) -> UnitActivity? {
    let tensor = trace.outputs(of: index)[0].tensor
    guard node.layer.activationName == "relu", case .reals(let values) = tensor.content else {
      return nil
    }
    let width = tensor.width
    let dead = (0..<width).filter { unit in
      (0..<tensor.vectors).allSatisfy { values[$0 * width + unit] <= 0 }
    }.count
    return UnitActivity(layer: node.name, units: width, dead: dead)
  }

  /// From what comes back through the last ``Dense``: its input's gradient is the score's times its
  /// one column of weights.
  private static func passedError(
    _ rowNorms: [Double], _ network: Network, node: Int, _ answers: [[Double]],
    _ targets: [Double]
  ) -> Double? {
    guard let dense = network.nodes[node].layer as? Dense, dense.units == 1,
      rowNorms.count == answers.count, targets.count == answers.count
    else { return nil }
    let kernel = norm(network.parameters.values(network.nodes[node].weights.lowerBound))
    var (passed, errors) = (0.0, 0.0)
    for (row, answer) in answers.enumerated() {
      passed += kernel > 0 ? rowNorms[row] / kernel : 0
      errors += abs(answer[0] - targets[row])
    }
    guard errors > 0, passed.isFinite, errors.isFinite else { return nil }
    return passed / errors
  }
}

extension Layer {
  /// Keras's name of what it applies at its end, where its config has one.
  var activationName: String? { config["activation"]?.string }
}

extension TableGradient {
  /// Adds each occurrence's vector to its row.
  fileprivate func addToTable() {
    let rows = table.assumingMemoryBound(to: Float.self)
    for i in 0..<count {
      for d in 0..<width { rows[Int(ids[i]) * width + d] += vectors[i * width + d] }
    }
  }
}

extension Network {
  /// Each weight's layer and name: `gru/cell/kernel`.
  var weightNames: [String] {
    var names = parameters.layout.specs.map(\.name)
    for node in nodes {
      for weight in node.weights where !names[weight].hasPrefix("\(node.name)/") {
        names[weight] = "\(node.name)/\(parameters.layout.specs[weight].name)"
      }
    }
    return names
  }
}

extension NumericArray {
  /// The numbers of some rows, one after another.
  func selecting(_ rows: [Int]) -> [Double] {
    let values = doubles()
    let width = values.count / max(1, shape[0])
    return rows.flatMap { values[$0 * width..<($0 + 1) * width] }
  }
}
