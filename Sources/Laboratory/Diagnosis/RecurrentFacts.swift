import KerasFormat
import KerasRuntime
import KerasTrain

/// What a recurrent layer does with its rows: how far its gates are open, how its state differs
/// from row to row as the steps go by, and for how long it remembers while it sees padding.
public struct RecurrentFacts: Sendable {
  /// Its name, and of both directions which: `bidirectional backward`.
  public let layer: String
  /// Keras's class.
  public let className: String
  /// The gates that it has, none for `SimpleRNN`.
  public let gates: [Gate]
  /// Its place in the network.
  let node: Int
  /// How far the state h of a row lies from the median of all, in the middle of the rows, at each
  /// step of the sequence, wherever the layer begins: the root mean square over its units.
  public let spreadByStep: [Double]
  /// What padding does to the state; `nil` where no padding comes in unmasked.
  public let onPadding: Memory?

  /// How often a gate is how far open, at the steps that are words.
  public struct Gate: Sendable {
    /// Keras's letter.
    public let name: String
    /// Shares of 20 equal intervals from 0 to 1.
    public let histogram: [Double]
    /// Share where the gate's function is flat: closer than 1% to either end.
    public let saturated: Double
  }

  /// The recurrent map near the state at which padding alone would leave it.
  public struct Memory: Sendable {
    /// Magnitudes of the eigenvalues of the map's Jacobian, the largest first.
    public let spectrum: [Double]
    /// The largest: what is left of a difference between two states after one more step of padding.
    public var radius: Double { spectrum.first ?? 0 }
    /// Steps until a difference has fallen to 1/e; infinite where it does not fall.
    public var length: Double {
      radius >= 1 ? .infinity : radius <= 0 ? 0 : -1 / Double.log(radius)
    }
  }

  /// Of every recurrent layer of a model, in the order in which they stand.
  ///
  /// - Parameter tokens: the inputs of token ids, whose padding is no word.
  static func all(
    _ model: Model, _ data: Dataset, rows: [Int], tokens: [TokenInput]
  ) throws(KerasError) -> [RecurrentFacts] {
    let network = model.network
    let nodes = network.recurrentNodes
    guard !nodes.isEmpty else { return [] }
    var pass = Pass(generation: network.generation, keepsTrace: true)
    // As for gradients of single words, so that vectors are looked up.
    pass.tableGradients = []
    var trace = NetworkTrace<Float>()
    let inputs = data.inputs.map { array in
      Tensor<Float>(
        gathering: rows, width: array.shape.dropFirst().reduce(1, *), of: array,
        in: &pass.workspace, shape: [rows.count] + array.shape.dropFirst())
    }
    _ = try network.forward(inputs, parameters: network.parameters, trace: &trace, pass: &pass)
    return nodes.flatMap { index -> [RecurrentFacts] in
      let node = network.nodes[index]
      guard let source = node.inputs.first?.node else { return [] }
      // Of several texts that meet before the layer the first says which steps are words.
      let words = tokens.first { network.isReached(index, from: $0.place.node) }
      return CellModel.all(node, of: network).compactMap { name, cell in
        RecurrentFacts(
          name, index, type(of: node.layer).className, cell, trace.outputs(of: source)[0],
          rows: rows,
          tokens: words?.rows.selecting(rows))
      }
    }
  }

  private init?(
    _ layer: String, _ node: Int, _ className: String, _ cell: CellModel,
    _ signal: Signal<Float>, rows: [Int], tokens given: TokenRows?
  ) {
    (self.layer, self.node, self.className) = (layer, node, className)
    guard signal.tensor.shape.count == 3, case .reals(let x) = signal.tensor.content else {
      return nil
    }
    // Pooling or strides in between leave no word's place.
    let tokens = given.flatMap { $0.steps == signal.tensor.shape[1] ? $0 : nil }
    let (steps, features) = (signal.tensor.shape[1], signal.tensor.shape[2])
    var histograms = cell.gates.map { _ in [Double](repeating: 0, count: 20) }
    var saturated = [Double](repeating: 0, count: cell.gates.count)
    var counted = 0.0
    var states = rows.map { _ in [Double](repeating: 0, count: cell.stateSize) }
    var spread: [Double] = []
    var padding: [Double]?
    for position in 0..<steps {
      let step = cell.goesBackwards ? steps - 1 - position : position
      for row in rows.indices {
        let index = row * steps + step
        if let mask = signal.mask, !mask.flags[index] { continue }
        let vector = (0..<features).map { Double(x[index * features + $0]) }
        let isWord = tokens.map { $0.ids[index] != 0 } ?? true
        if !isWord { padding = vector }
        let (gates, state) = cell.step(vector[...], states[row])
        states[row] = state
        guard isWord else { continue }
        counted += Double(cell.units)
        for (gate, _) in cell.gates.enumerated() {
          for value in gates[gate * cell.units..<(gate + 1) * cell.units] where value.isFinite {
            histograms[gate][min(19, max(0, Int(value * 20)))] += 1
            if value < 0.01 || value > 0.99 { saturated[gate] += 1 }
          }
        }
      }
      spread.append(Self.spread(states.map { $0[0..<cell.units] }))
    }
    gates = cell.gates.indices.map { gate in
      Gate(
        name: cell.gates[gate], histogram: histograms[gate].map { $0 / max(1, counted) },
        saturated: saturated[gate] / max(1, counted))
    }
    spreadByStep = cell.goesBackwards ? spread.reversed() : spread
    let isSeen = signal.mask == nil && states.joined().allSatisfy(\.isFinite)
    onPadding = isSeen ? padding.flatMap { Self.memory(cell, $0, from: states) } : nil
  }

  /// The root mean square over units of the median distance of rows from the unit's median.
  private static func spread(_ states: [ArraySlice<Double>]) -> Double {
    let units = states.first?.count ?? 0
    var sum = 0.0
    for unit in 0..<units {
      let values = states.map { $0[unit] }
      let center = Median.of(values) ?? 0
      sum += (Median.of(values.map { abs($0 - center) }) ?? 0).squared
    }
    return (sum / Double(max(1, units))).squareRoot()
  }

  /// The Jacobian of one step on padding, by forward differences, where padding alone would lead
  /// from the mean of the states.
  private static func memory(
    _ cell: CellModel, _ padding: [Double], from states: [[Double]]
  ) -> Memory? {
    var point = [Double](repeating: 0, count: cell.stateSize)
    for state in states {
      for i in point.indices { point[i] += state[i] / Double(states.count) }
    }
    for _ in 0..<500 { point = cell.step(padding[...], point).state }
    guard point.allSatisfy(\.isFinite) else { return nil }
    let base = cell.step(padding[...], point).state
    let size = cell.stateSize
    var jacobian = [Double](repeating: 0, count: size * size)
    let shift = 1e-6
    for column in 0..<size {
      var moved = point
      moved[column] += shift
      let result = cell.step(padding[...], moved).state
      for row in 0..<size { jacobian[row * size + column] = (result[row] - base[row]) / shift }
    }
    guard jacobian.allSatisfy(\.isFinite) else { return nil }
    return Memory(spectrum: Eigenvalues.of(jacobian, size: size).map(\.magnitude))
  }
}

extension Double {
  var squared: Double { self * self }
  /// The decimal logarithm.
  static func log10(_ x: Double) -> Double { log(x) / 2.302585092994046 }
  /// Between 0 and 1.
  var clamped: Double { isNaN ? 0 : Swift.min(1, Swift.max(0, self)) }
}
