import KerasFormat

/// A recurrent layer over a cell of its own, or over cells stacked on one another:
/// `(B, T, F) → (B, U)`, or `(B, T, U)` with `return_sequences`, U being the last cell's units.
///
/// Cells one on another are recurrent layers one behind another: each runs over the outputs of the
/// one below. Weights: each cell's kernel, recurrent kernel and bias, from below.
public struct RNN: SequenceLayer {
  public static let className = "RNN"
  var options: RecurrentOptions
  private let cells: [any RecurrentLayer]
  /// How the cells are stored: names, and whether they stand in a `StackedRNNCells`.
  private let cellConfig: JSON
  private let isStacked: Bool
  /// The way to each cell, `cell/cells/gru_cell/` or, in a stack within the stack, further on.
  private let prefixes: [String]
  /// Up to Keras 2.2 a masked step puts out the first state again, which of stacked cells is the
  /// lowest cell's, not the output.
  private var repeatsFirstState = false

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    let object = try config.object("cell")
    cellConfig = .object(object)
    isStacked = object["class_name"]?.string == "StackedRNNCells"
    let found = try Self.cells(.object(object), at: "cell/", of: config)
    guard !found.isEmpty else { throw config.error("cell", "no cell among the stacked ones") }
    cells = found.map(\.cell)
    prefixes = found.map(\.prefix)
    options = try RecurrentOptions(from: &config)
    // Keras 2 writes how many constants a call passes along; it cannot store such a call.
    try config.refuse("num_constants")
  }

  /// A cell, or those of a stack and of the stacks in it, from below.
  private static func cells(
    _ entry: JSON, at prefix: String, of config: ConfigReader
  ) throws(KerasError) -> [(cell: any RecurrentLayer, prefix: String)] {
    guard entry.object?["class_name"] == "StackedRNNCells" else {
      return [(try cell(entry, of: config), prefix)]
    }
    var cells: [(cell: any RecurrentLayer, prefix: String)] = []
    var names = LayerNames()
    for inner in entry.object?["config"]?.object?["cells"]?.array ?? [] {
      let name = names.next(for: inner.object?["class_name"]?.string ?? "")
      cells += try self.cells(inner, at: "\(prefix)cells/\(name)/", of: config)
    }
    return cells
  }

  private static func cell(
    _ entry: JSON, of config: ConfigReader
  ) throws(KerasError) -> any RecurrentLayer {
    guard let object = entry.object, let className = object["class_name"]?.string,
      let inner = object["config"]?.object
    else { throw config.error("cell", "\(entry.kind) but a cell belongs here") }
    let known = ["SimpleRNNCell", "GRUCell", "LSTMCell"]
    guard known.contains(className) else {
      throw config.error(
        "cell", "a cell of class \(className)",
        hint: Suggestion.hint(for: className, among: known)
          ?? "known are \(known.joined(separator: ", "))")
    }
    let layer: any Layer
    do {
      layer = try LayerRegistry.layer(
        className: String(className.dropLast(4)), name: "cell", config: inner)
    } catch {
      throw error.inside(config.owner)
    }
    guard var recurrent = layer as? any RecurrentLayer else {
      throw config.error("cell", "a \(className) but a recurrent cell belongs here")
    }
    recurrent.options.isCell = true
    return recurrent
  }

  public var config: JSONObject {
    var config: JSONObject = ["cell": cellConfig]
    options.write(to: &config)
    for key in ["dropout", "recurrent_dropout", "seed", "implementation", "activity_regularizer"] {
      config[key] = nil
    }
    return config
  }

  public func built(at site: BuildSite) throws(KerasError) -> Self {
    var layer = self
    layer.repeatsFirstState = site.generation <= .keras2
    return layer
  }

  // MARK: Weights and shape

  var weightCount: Int { cells.reduce(0) { $0 + $1.weightCount } }

  var stateUnits: [Int] { cells.flatMap(\.stateUnits) }

  var outputUnits: Int { cells[cells.count - 1].units }

  /// How many states each of stacked cells has.
  var statesByCell: [Int] { isStacked ? cells.map(\.stateCount) : [] }

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    var specs: [WeightSpec] = []
    var input = inputs[0]
    for (cell, prefix) in zip(cells, prefixes) {
      for var spec in try cell.weights(for: [input]) {
        spec.name = prefix + spec.name.split(separator: "/").dropFirst().joined()
        specs.append(spec)
      }
      input = input.replacingLast(with: cell.units)
    }
    return specs
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    try outputs(for: inputs, units: cells[cells.count - 1].units)
  }

  public func draw(_ specs: [WeightSpec], from draws: inout LayerDraws) {
    var rest = specs[...]
    for (index, cell) in cells.enumerated() {
      let names = rest.prefix(cell.weightCount).map(\.name)
      let own = rest.prefix(cell.weightCount).map { spec in
        let last = spec.name.split(separator: "/").last ?? ""
        var spec = spec
        spec.name = "cell/\(last)"
        return spec
      }
      rest = rest.dropFirst(cell.weightCount)
      draws.inside(
        index,
        naming: { name in own.firstIndex { $0.name == name }.map { names[$0] } ?? name },
        { cell.draw(own, from: &$0) })
    }
  }

  public func drawCall(from draws: inout LayerDraws) {
    var inLoop = 0
    for (index, cell) in stack.enumerated() {
      draws.inside(index) { cell.drawCall(from: &$0, inLoop: &inLoop) }
    }
  }

  public func initialValues(of spec: WeightSpec, from start: WeightStart) -> [Float] {
    for (cell, prefix) in zip(cells, prefixes) where spec.name.hasPrefix(prefix) {
      return cell.initialValues(of: spec, from: start)
    }
    return spec.settings.initializer.sample(shape: spec.shape, from: start)
  }

  /// The cells as layers one behind another: the first turns time round where asked, the last alone
  /// decides what comes out.
  private var stack: [any RecurrentLayer] {
    cells.indices.map { index in
      var layer = cells[index]
      let isLast = index == cells.count - 1
      layer.options.goBackwards = index == 0 && options.goBackwards
      layer.options.returnSequences = isLast ? options.returnSequences : true
      layer.options.zeroOutputForMask = isLast && options.zeroOutputForMask
      layer.options.returnState = true
      layer.options.stateful = options.stateful
      layer.options.timeMajor = options.timeMajor
      layer.options.unroll = options.unroll
      return layer
    }
  }

  private func weightRanges() -> [Range<Int>] {
    var start = 0
    return cells.map { cell in
      defer { start += cell.weightCount }
      return start..<start + cell.weightCount
    }
  }

  /// Initial states, or their gradients, by cell from below.
  private func byCell<Item>(_ states: some Collection<Item>) -> [[Item]] {
    var rest = states[...]
    return cells.map(\.stateCount).map { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
  }

  // MARK: Forward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let given = byCell(inputs.dropFirst())
    var signal = inputs[0]
    var first = inputs[0]
    var states: [[Signal<S>]] = []
    for (index, (layer, range)) in zip(stack, weightRanges()).enumerated() {
      var inner = Trace<S>()
      inner.inputs = [signal] + given[index]
      pass.enter(index)
      inner.outputs = try layer.forward(
        inner.inputs, weights: weights[range], trace: &inner, pass: &pass)
      pass.leave()
      signal = inner.outputs[0]
      if index == 0 { first = signal }
      if index == 0 && options.goBackwards { signal.mask = turned(signal.mask, &pass.workspace) }
      states.append(Array(inner.outputs.dropFirst()))
      if pass.keepsTrace { trace.inner.append(inner) }
    }
    if let mask = repeatingMask(inputs[0]) { try repeatFirstState(in: &signal, first, mask, &pass) }
    signal.mask = options.returnSequences ? inputs[0].mask : nil
    return [signal] + (options.returnState ? states.flatMap { $0 } : [])
  }

  /// The mask at whose steps the lowest cell's state comes out instead of the output.
  private func repeatingMask<S: Scalar>(_ input: Signal<S>) -> Mask? {
    repeatsFirstState && cells.count > 1 && !options.unroll ? input.mask : nil
  }

  /// Every masked step whose output is seen: where it lies in what comes out, and in the sequence
  /// of the lowest cell's states.
  private func forEachRepeated(_ mask: Mask, _ body: (_ output: Int, _ state: Int) -> Void) {
    let units = cells[0].units
    for row in 0..<mask.batch {
      for t in options.returnSequences ? 0..<mask.steps : max(0, mask.steps - 1)..<mask.steps {
        let time = options.goBackwards ? mask.steps - 1 - t : t
        guard !mask.flags[row * mask.steps + time] else { continue }
        let state = (row * mask.steps + t) * units
        body(options.returnSequences ? state : row * units, state)
      }
    }
  }

  /// Puts the lowest cell's states where a masked step would repeat the output.
  private func repeatFirstState<S: Scalar>(
    in signal: inout Signal<S>, _ first: Signal<S>, _ mask: Mask, _ pass: inout Pass
  ) throws(KerasError) {
    let (units, count) = (cells[0].units, signal.tensor.count)
    guard signal.tensor.width == units else {
      throw KerasError(
        .unsupportedConfiguration,
        "a mask over stacked cells of \(cells.map(\.units).tuple) units",
        hint: "Keras 2 repeats the lowest cell's state there; use layers one behind another")
    }
    // The last cell keeps its own output for the way back.
    let y = pass.workspace.scratch(S.self, count: count)
    y.update(from: signal.tensor.reals(in: &pass.workspace), count: count)
    let h = first.tensor.reals(in: &pass.workspace)
    forEachRepeated(mask) { (y + $0).update(from: h + $1, count: units) }
    signal.tensor = Tensor(y, shape: signal.tensor.shape)
  }

  /// Takes the gradient of repeated states out of that of the output.
  ///
  /// - Returns: what is left for the output, and the gradient of the lowest cell's sequence of
  ///   states.
  private func separate<S: Scalar>(
    _ dOutput: UnsafeMutablePointer<S>, _ trace: Trace<S>, _ mask: Mask, _ pass: inout Pass
  ) -> (output: UnsafeMutablePointer<S>, states: UnsafeMutablePointer<S>) {
    let (units, count) = (cells[0].units, trace.outputs[0].tensor.count)
    let output = pass.workspace.scratch(S.self, count: count)
    output.update(from: dOutput, count: count)
    let states = pass.workspace.zeros(S.self, count: trace.inner[0].outputs[0].tensor.count)
    forEachRepeated(mask) {
      (states + $1).update(from: dOutput + $0, count: units)
      (output + $0).update(repeating: 0, count: units)
    }
    return (output, states)
  }

  /// The mask of a sequence that comes out from its last step on.
  private func turned(_ mask: Mask?, _ workspace: inout Workspace) -> Mask? {
    guard let mask else { return nil }
    let flags = workspace.scratch(Bool.self, count: mask.count)
    // Steps lie `width` flags apart, in blocks of all steps of a row, or, time first, in one block.
    let width = options.timeMajor ? mask.steps : 1
    let block = options.timeMajor ? mask.count : mask.steps
    for i in 0..<mask.count {
      let step = i % block / width
      flags[i] = mask.flags[i + (block / width - 1 - 2 * step) * width]
    }
    return Mask(flags, shape: mask.shape)
  }

  // MARK: Backward

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    let dStates = byCell(outputGradients.dropFirst())
    let dInitial = byCell(inputGradients.dropFirst())
    var dOutput = outputGradients[0]
    var dRepeated: UnsafeMutablePointer<S>?
    if let mask = repeatingMask(trace.inputs[0]) {
      let (output, states) = separate(dOutput.pointer, trace, mask, &pass)
      dOutput = OutputGradient(output)
      dRepeated = states
    }
    for (index, (layer, range)) in zip(stack, weightRanges()).enumerated().reversed() {
      let inner = trace.inner[index]
      if index == 0, let dRepeated {
        Elementwise.add(
          dRepeated, to: dOutput.pointer, count: inner.outputs[0].tensor.count)
      }
      var all = [dOutput] + (options.returnState ? dStates[index] : [])
      for state in inner.outputs.dropFirst(all.count) {
        all.append(OutputGradient(pass.workspace.zeros(S.self, count: state.tensor.count)))
      }
      var dx = inputGradients[0]
      if index > 0 { dx = pass.workspace.zeros(S.self, count: inner.inputs[0].tensor.count) }
      let targets = inputGradients.count > 1 ? dInitial[index] : []
      layer.backward(
        all, into: [dx] + targets, weights: weights[range], gradients: gradients[range],
        trace: inner, pass: &pass)
      if index > 0, let dx { dOutput = OutputGradient(dx) }
    }
  }
}
