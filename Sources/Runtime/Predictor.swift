import KerasFormat

/// A network with the memory of its calls: for many calls one after another. It keeps scratch
/// memory, weights cast to other types, and what recurrent layers found out about words, so that a
/// text is scored in microseconds. One thread uses it at a time; other threads have their own. The
/// network's weights must not be changed meanwhile: what is remembered was computed with them.
///
///     var predictor = Predictor(try Network(contentsOf: "gru.keras", training: false))
///     for review in reviews { print(try predictor.predict([review])[0]) }
public struct Predictor: ~Copyable {
  public let network: Network
  private var pass: Pass
  /// The weights where the network computes in float64.
  private let wide: Parameters<Double>?
  /// Memory for a single row: what its layers gave, and a text's token ids.
  private var trace = NetworkTrace<Float>()
  private var tokens: [Int32] = []

  /// - Parameter crew: the threads that share each batch; the same bits come out for any number.
  public init(_ network: Network, crew: Crew = .alone) {
    self.network = network
    pass = Pass(generation: network.generation)
    pass.crew = crew
    pass.wordCaches = [:]
    guard network.graph.hasFloat64 else {
      wide = nil
      return
    }
    let wide = Parameters<Double>(copying: network.parameters)
    for (index, array) in network.storedWeights { wide.set(index, to: array.doubles()) }
    self.wide = wide
  }

  /// Outputs for raw arrays; see ``Network/predict(_:batchSize:)``.
  public mutating func predict(
    _ inputs: [NumericArray], batchSize: Int = 32
  ) throws(KerasError) -> [NumericArray] {
    var states: RecurrentStates?
    return try predict(inputs, batchSize: batchSize, states: &states)
  }

  /// - Parameter followingPolicies: whether layers compute in the types of their policies, else all
  ///   of them in float32.
  mutating func predict(
    _ inputs: [NumericArray], batchSize: Int, states: inout RecurrentStates?,
    followingPolicies: Bool = true
  ) throws(KerasError) -> [NumericArray] {
    pass.followsPolicies = followingPolicies
    pass.states = states
    defer { states = pass.states }
    pass.castsToFloat32 = wide != nil && followingPolicies
    guard let wide, followingPolicies else {
      return try predict(inputs, network.parameters, batchSize: batchSize)
    }
    return try predict(inputs, wide, batchSize: batchSize)
  }

  @specialized(where S == Float)
  private mutating func predict<S: Scalar>(
    _ inputs: [NumericArray], _ parameters: Parameters<S>, batchSize: Int
  ) throws(KerasError) -> [NumericArray] {
    let rows = try network.checkedRows(of: inputs)
    guard batchSize > 0 else {
      throw KerasError(.invalidArgument, "batch size \(batchSize) but it must be 1 or more")
    }
    let isEachAnew = pass.states == nil && network.isStateful
    defer { if isEachAnew { pass.states = nil } }
    var collected = [[Float]](repeating: [], count: network.outputs.count)
    var shapes = [[Int]](repeating: [], count: network.outputs.count)
    // With time_major a batch may come out with other rows than went in.
    var rowsOut = [Int](repeating: 0, count: network.outputs.count)
    for start in stride(from: 0, to: rows, by: batchSize) {
      defer {
        pass.workspace.reset()
        // An error may have come from inside a layer.
        pass.leaveAll()
      }
      // A layer that is called twice goes on from its first call even where each batch begins anew.
      if isEachAnew { pass.states = RecurrentStates() }
      let count = min(batchSize, rows - start)
      var given = Signals<S>()
      for input in inputs {
        given.append(
          Signal(Tensor(rows: start..<start + count, of: input, in: &pass.workspace)))
      }
      var trace = NetworkTrace<S>()
      let signals: Signals<S>
      do {
        signals = try network.forward(
          given, parameters: parameters, trace: &trace, pass: &pass)
      } catch {
        throw error.shiftingRows(by: start)
      }
      for (index, signal) in signals.enumerated() {
        let values = signal.tensor.reals(in: &pass.workspace)
        let row = UnsafeBufferPointer(start: values, count: signal.tensor.count)
        if let row = row as? UnsafeBufferPointer<Float> {
          collected[index].append(contentsOf: row)
        } else {
          collected[index].append(contentsOf: row.lazy.map { Float($0) })
        }
        shapes[index] = Array(signal.tensor.shape.dropFirst())
        rowsOut[index] += signal.tensor.shape[0]
      }
    }
    return collected.indices.map { index in
      NumericArray(shape: [rowsOut[index]] + shapes[index], .float32(collected[index]))
    }
  }

  // MARK: - One row

  /// The first number of the first output for one row of token ids: the score of a review.
  ///
  /// After the first calls a model of float32 layers with one input and one output each asks for
  /// memory twice a row.
  ///
  /// - Parameter ids: the row `(T,)`, as long as the model's input says.
  /// - Throws: ``KerasError/Code/shapeMismatch`` where the model has another input or the row another
  ///   length, ``KerasError/Code/invalidData`` for an id that an embedding does not have.
  public mutating func score(_ ids: some Sequence<Int32>) throws(KerasError) -> Float {
    tokens.removeAll(keepingCapacity: true)
    tokens.append(contentsOf: ids)
    return try scoreTokens()
  }

  /// The same for one text, through the model's own text pipeline or layer.
  ///
  /// - Throws: ``KerasError`` when the model cannot read texts, or its text layer not this one.
  public mutating func score(_ text: String) throws(KerasError) -> Float {
    guard network.textLayer == nil, let pipeline = network.textPipeline else {
      return try predict([text])[0]
    }
    tokens.removeAll(keepingCapacity: true)
    pipeline.appendRow(of: text, to: &tokens)
    return try scoreTokens()
  }

  private mutating func scoreTokens() throws(KerasError) -> Float {
    let count = tokens.count
    guard network.graph.takesRows(of: count), wide == nil, !network.isStateful else {
      let row = NumericArray(shape: [1, count], .int32(tokens))
      return try predict([row], batchSize: 1)[0].floats().first ?? .nan
    }
    pass.followsPolicies = true
    pass.castsToFloat32 = false
    pass.states = nil
    defer {
      pass.workspace.reset()
      pass.leaveAll()
    }
    let ids = pass.workspace.scratch(Int32.self, count: count)
    tokens.withUnsafeBufferPointer { tokens in
      guard let start = tokens.baseAddress else { return }
      ids.update(from: start, count: count)
    }
    let row = Signal<Float>(Tensor(ids: ids, shape: Extents(1, count)))
    let outputs = try network.forward(
      Signals(row), parameters: network.parameters, trace: &trace, pass: &pass)
    return outputs[0].tensor.reals(in: &pass.workspace)[0]
  }

  // MARK: - Texts

  /// The first output for each text: one number a text for a model with one output unit.
  ///
  /// - Throws: ``KerasError`` when the model cannot read texts.
  public mutating func predict(
    _ texts: [String], batchSize: Int = 32
  ) throws(KerasError) -> [Float] {
    try outputs(for: texts, batchSize: batchSize)[0].floats()
  }

  /// All outputs for texts; see ``Network/outputs(for:batchSize:)``.
  public mutating func outputs(
    for texts: [String], batchSize: Int = 32
  ) throws(KerasError) -> [NumericArray] {
    guard batchSize > 0 else {
      throw KerasError(.invalidArgument, "batch size \(batchSize) but it must be 1 or more")
    }
    var batches: [[NumericArray]] = []
    for start in stride(from: 0, to: max(1, texts.count), by: batchSize) {
      let part = Array(texts[start..<min(texts.count, start + batchSize)])
      do {
        batches.append(try predict([try network.encoded(part)], batchSize: batchSize))
      } catch {
        throw error.shiftingRows(by: start)
      }
    }
    if batches.count == 1 { return batches[0] }
    var joined: [NumericArray] = []
    for output in network.outputs.indices {
      let parts = batches.map { $0[output] }
      for part in parts where part.shape.dropFirst() != parts[0].shape.dropFirst() {
        throw KerasError(
          .shapeMismatch,
          "one batch gives rows of \(parts[0].shape.tuple), another of \(part.shape.tuple)",
          hint: "compute all texts in one batch")
      }
      let rows = parts.reduce(0) { $0 + ($1.shape.first ?? 0) }
      joined.append(
        NumericArray(
          shape: [rows] + parts[0].shape.dropFirst(), .float32(parts.flatMap { $0.floats() })))
    }
    return joined
  }
}

extension Network {
  /// Whether a text's output is the same in any batch: not where the batch decides how long its
  /// texts are, nor where a layer takes the rows of the batch for steps.
  package var isBatchIndependent: Bool {
    textLayer == nil
      && !nodes.contains { ($0.layer as? any SequenceLayer)?.options.timeMajor ?? false }
  }
}
