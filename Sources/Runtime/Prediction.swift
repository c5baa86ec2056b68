import KerasFormat

extension Network {
  /// Outputs for raw arrays.
  ///
  /// - Parameters:
  ///   - inputs: one array per input of the model, `(N, …)` each: token ids or numbers of any type.
  ///   - batchSize: rows computed at once; it has no influence on the result. Keras's default is
  ///     32.
  /// - Returns: one float32 array per output, `(N, …)`; ``outputPolicies`` says which type Keras's
  ///   array has. Layers of a 16-bit policy round where Keras rounds; see ``DTypePolicy``.
  /// - Throws: ``KerasError`` where an array does not fit the model, naming row and step.
  public func predict(
    _ inputs: [NumericArray], batchSize: Int = 32
  ) throws(KerasError) -> [NumericArray] {
    var predictor = Predictor(self)
    return try predictor.predict(inputs, batchSize: batchSize)
  }

  /// Outputs with every layer in float32, whatever its policy: what a generation's rules make of
  /// the inputs, apart from where its operations round.
  func predictUnrounded(_ inputs: [NumericArray]) throws(KerasError) -> [NumericArray] {
    var predictor = Predictor(self)
    var states: RecurrentStates?
    return try predictor.predict(
      inputs, batchSize: 32, states: &states, followingPolicies: false)
  }

  /// Outputs of consecutive calls of a stateful model: row i of each batch goes on where row i of
  /// the batch before stopped.
  ///
  /// - Parameters:
  ///   - batchSize: rows of one call; those of the inputs must be a multiple of it.
  ///   - states: where the stateful layers stand, before and after.
  /// - Throws: ``KerasError/Code/invalidData`` where the rows are no multiple of `batchSize`, and
  ///   ``KerasError`` where an array does not fit the model.
  public func predict(
    _ inputs: [NumericArray], batchSize: Int, continuing states: inout RecurrentStates
  ) throws(KerasError) -> [NumericArray] {
    let rows = try checkedRows(of: inputs)
    guard batchSize > 0, rows.isMultiple(of: batchSize) else {
      throw KerasError(
        .invalidData, "\(rows) rows cannot be calls of \(batchSize) rows each",
        hint: "a stateful model needs whole batches")
    }
    var carried: RecurrentStates? = states
    defer { states = carried ?? states }
    var predictor = Predictor(self)
    return try predictor.predict(inputs, batchSize: batchSize, states: &carried)
  }

  /// The rows of one call that a stateful model was made for; `nil` where any number will do.
  public var fixedBatchSize: Int? {
    inputs.lazy.compactMap { (nodes[$0].layer as? InputLayer)?.batchExtent }.first
  }

  /// The dtype policy of the layer that each output comes from: Keras's outputs have its compute
  /// type.
  public var outputPolicies: [DTypePolicy] { graph.outputPolicies }

  /// Whether any layer carries states from call to call.
  public var isStateful: Bool { graph.isStateful }

  /// The common number of rows, after checking counts and shapes against the model's inputs.
  ///
  /// - Throws: ``KerasError/Code/shapeMismatch`` for arrays that do not fit the inputs or each
  ///   other, ``KerasError/Code/invalidData`` with the row for a whole number outside ±2³¹.
  package func checkedRows(of arrays: [NumericArray]) throws(KerasError) -> Int {
    guard arrays.count == inputs.count else {
      throw KerasError(
        .shapeMismatch, "\(arrays.count) input arrays but the model has \(inputs.count) inputs")
    }
    let shapes = dataShapes
    for (array, node) in zip(arrays, inputs) {
      let shape = shapes[inputs.firstIndex(of: node) ?? 0]
      let extents = array.shape.dropFirst()
      let fits =
        extents.count == shape.rank
        && zip(extents, shape.extents).allSatisfy { ($1 ?? $0) == $0 && $0 <= Extents.largest }
      guard fits else {
        throw KerasError(
          .shapeMismatch, "an array \(array.shape.tuple) but the model takes \(shape)",
          at: .init(path: [nodes[node].name]))
      }
    }
    for (array, node) in zip(arrays, inputs) {
      do { try Self.checkRange(of: array) } catch { throw error.inside(nodes[node].name) }
    }
    guard let rows = arrays.first?.shape.first else {
      throw KerasError(.shapeMismatch, "a single number but a batch has a row for each sample")
    }
    for array in arrays where array.shape.first != rows {
      throw KerasError(
        .shapeMismatch, "inputs of \(rows) and \(array.shape[0]) rows but they must be as many")
    }
    return rows
  }

  /// Refuses whole numbers that a tensor of ids does not hold.
  private static func checkRange(of array: NumericArray) throws(KerasError) {
    func refuse<T: FixedWidthInteger>(_ values: [T]) throws(KerasError) {
      guard let index = values.firstIndex(where: { Int32(exactly: $0) == nil }) else { return }
      throw KerasError(
        .invalidData, "the whole number \(values[index]) is outside ±2^31",
        at: .init(row: index / max(1, array.shape.dropFirst().reduce(1, *))))
    }
    switch array.elements {
    case .int64(let values): try refuse(values)
    case .uint64(let values): try refuse(values)
    case .uint32(let values): try refuse(values)
    default: break
    }
  }

  /// Refuses token ids that the embeddings behind the model's inputs do not have.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` naming the layer, the row and the step.
  package func checkTokenIDs(in arrays: [NumericArray]) throws(KerasError) {
    for node in nodes {
      guard let embedding = node.layer as? Embedding, let edge = node.inputs.first,
        let index = inputs.firstIndex(of: edge.node), arrays.indices.contains(index)
      else { continue }
      do { try embedding.checkIDs(in: arrays[index]) } catch { throw error.inside(node.name) }
    }
  }
}

extension Tensor {
  /// A copy of some rows of an array in the workspace: whole numbers as ids, others as reals.
  package init(rows: Range<Int>, of array: NumericArray, in workspace: inout Workspace) {
    let width = array.shape.dropFirst().reduce(1, *)
    self.init(
      gathering: rows, width: width, of: array, in: &workspace,
      shape: [rows.count] + array.shape.dropFirst())
  }

  /// A copy of the rows with these indices, in this order.
  package init(
    gathering rows: some Collection<Int>, width: Int, of array: NumericArray,
    in workspace: inout Workspace, shape: Extents
  ) {
    func ids<T: FixedWidthInteger>(_ source: [T]) -> Tensor {
      let target = workspace.scratch(Int32.self, count: rows.count * width)
      var next = target
      for row in rows {
        // What an Int32 cannot hold is no row of any table either: -1 is refused with its place.
        for i in row * width..<(row + 1) * width {
          next.pointee = Int32(exactly: source[i]) ?? -1
          next += 1
        }
      }
      return Tensor(ids: target, shape: shape)
    }
    func reals<T: BinaryFloatingPoint>(_ source: [T]) -> Tensor {
      let target = workspace.scratch(S.self, count: rows.count * width)
      var next = target
      for row in rows {
        for i in row * width..<(row + 1) * width {
          next.pointee = S(source[i])
          next += 1
        }
      }
      return Tensor(target, shape: shape)
    }
    switch array.elements {
    case .int8(let a): self = ids(a)
    case .int16(let a): self = ids(a)
    case .int32(let a):
      let target = workspace.scratch(Int32.self, count: rows.count * width)
      var next = target
      a.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return }
        for row in rows {
          next.update(from: base + row * width, count: width)
          next += width
        }
      }
      self = Tensor(ids: target, shape: shape)
    case .int64(let a): self = ids(a)
    case .uint8(let a): self = ids(a)
    case .uint16(let a): self = ids(a)
    case .uint32(let a): self = ids(a)
    case .uint64(let a): self = ids(a)
    case .bool(let a): self = ids(a.map { $0 ? 1 : 0 as UInt8 })
    case .float32(let a): self = reals(a)
    case .float64(let a): self = reals(a)
    case .float16, .bfloat16: self = reals(array.floats())
    }
  }
}

extension KerasError {
  /// The same error with its row counted from the beginning of the data instead of the batch.
  package func shiftingRows(by start: Int) -> KerasError {
    var error = self
    error.place.row = place.row.map { $0 + start }
    return error
  }
}
