import KerasRuntime

/// One step of a recurrent layer on one row, written out from its formulas so that gates can be
/// looked at: nothing here depends on how ``GRU`` and ``LSTM`` compute. Double throughout.
struct CellModel: Sendable {
  private enum Kind {
    case simple
    case gru(resetAfter: Bool)
    case lstm
  }

  let units: Int
  /// Names of the sigmoid gates: z and r of a GRU, i, f and o of an LSTM.
  let gates: [String]
  /// Of the gates, and of the candidate and output.
  let recurrentActivation: Activation
  private let activation: Activation
  private let kind: Kind
  private let features: Int
  private let kernel: [Double]
  private let recurrentKernel: [Double]
  private let bias: [Double]
  let goesBackwards: Bool

  /// The cells of the layer at a node by the names that a reader knows them by: one, or both
  /// directions of a ``Bidirectional``. None for other layers.
  static func all(_ node: Graph.Node, of network: Network) -> [(name: String, cell: CellModel)] {
    guard let both = node.layer as? Bidirectional else {
      return CellModel(node.layer, node.weights, of: network).map { [(node.name, $0)] } ?? []
    }
    let middle = node.weights.lowerBound + node.weights.count / 2
    let forward = CellModel(
      both.inspected, node.weights.lowerBound..<middle, of: network)
    // The other one has the same settings, and reads from the other end.
    let backward = CellModel(
      both.inspected, middle..<node.weights.upperBound, of: network, isTurned: true)
    return [("\(node.name) forward", forward), ("\(node.name) backward", backward)]
      .compactMap { name, cell in cell.map { (name, $0) } }
  }

  private init?(
    _ layer: any Layer, _ weights: Range<Int>, of network: Network, isTurned: Bool = false
  ) {
    let goesBackwards: Bool
    switch layer {
    case let gru as GRU:
      kind = .gru(resetAfter: gru.resetAfter)
      gates = ["z", "r"]
      (units, activation, recurrentActivation) = (
        gru.units, gru.activation, gru.recurrentActivation
      )
      goesBackwards = gru.options.goBackwards
    case let lstm as LSTM:
      kind = .lstm
      gates = ["i", "f", "o"]
      (units, activation, recurrentActivation) = (
        lstm.units, lstm.activation, lstm.recurrentActivation
      )
      goesBackwards = lstm.options.goBackwards
    case let simple as SimpleRNN:
      kind = .simple
      gates = []
      (units, activation, recurrentActivation) = (simple.units, simple.activation, .linear)
      goesBackwards = simple.options.goBackwards
    default: return nil
    }
    self.goesBackwards = goesBackwards != isTurned
    let first = weights.lowerBound
    let specs = network.parameters.layout.specs
    guard weights.count >= 2, specs[first].shape.count == 2 else { return nil }
    features = specs[first].shape[0]
    kernel = network.parameters.values(first).map(Double.init)
    recurrentKernel = network.parameters.values(first + 1).map(Double.init)
    let hasBias = weights.count > 2 && specs[first + 2].name.hasSuffix("bias")
    bias = hasBias ? network.parameters.values(first + 2).map(Double.init) : []
  }

  private var width: Int { kernel.count / max(1, features) }
  /// Numbers of the whole state: h, and an LSTM's c behind it.
  var stateSize: Int { if case .lstm = kind { 2 * units } else { units } }

  private func apply(_ function: Activation, _ values: [Double]) -> [Double] {
    var result = values
    function.apply(values, into: &result, vectors: 1, width: values.count)
    return result
  }

  /// `x · matrix` for the columns `from..<from + count`.
  private func product(
    _ x: ArraySlice<Double>, _ matrix: [Double], _ from: Int, _ count: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: count)
    for (row, value) in x.enumerated() where value != 0 {
      let start = row * width + from
      for i in 0..<count { result[i] += value * matrix[start + i] }
    }
    return result
  }

  /// - Returns: the sigmoid gates after each other, `gates.count · units` numbers, and the new
  ///   state.
  func step(_ x: ArraySlice<Double>, _ state: [Double]) -> (gates: [Double], state: [Double]) {
    let h = state[0..<units]
    var sums = product(x, kernel, 0, width)
    for i in 0..<min(width, bias.count) { sums[i] += bias[i] }
    switch kind {
    case .simple:
      let own = product(h, recurrentKernel, 0, width)
      return ([], apply(activation, zip(sums, own).map(+)))
    case .gru(let resetAfter):
      var inner = product(h, recurrentKernel, 0, resetAfter ? width : 2 * units)
      if bias.count == 2 * width { for i in inner.indices { inner[i] += bias[width + i] } }
      let gates = apply(recurrentActivation, (0..<2 * units).map { sums[$0] + inner[$0] })
      var candidate = Array(sums[(2 * units)...])
      if resetAfter {
        for u in 0..<units { candidate[u] += gates[units + u] * inner[2 * units + u] }
      } else {
        let reset = (0..<units).map { gates[units + $0] * state[$0] }
        let own = product(reset[...], recurrentKernel, 2 * units, units)
        for u in 0..<units { candidate[u] += own[u] }
      }
      candidate = apply(activation, candidate)
      return (
        gates, (0..<units).map { gates[$0] * state[$0] + (1 - gates[$0]) * candidate[$0] }
      )
    case .lstm:
      let own = product(h, recurrentKernel, 0, width)
      for i in 0..<width { sums[i] += own[i] }
      let input = apply(recurrentActivation, Array(sums[0..<2 * units]))
      let candidate = apply(activation, Array(sums[2 * units..<3 * units]))
      let output = apply(recurrentActivation, Array(sums[(3 * units)...]))
      let c = (0..<units).map {
        input[units + $0] * state[units + $0] + input[$0] * candidate[$0]
      }
      let squashed = apply(activation, c)
      return (input + output, (0..<units).map { output[$0] * squashed[$0] } + c)
    }
  }
}
