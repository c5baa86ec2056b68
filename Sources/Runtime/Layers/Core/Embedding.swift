import KerasFormat

/// A table of vectors looked up by token id: `(B, T) → (B, T, D)`, or `(B) → (B, D)`.
///
/// Ids are whole numbers 0…V-1; a floating-point input is truncated, as Keras does. An id outside
/// that range is an error that names its row and step. With `maskZero`, steps with id 0 are masked,
/// though row 0 of the table is still looked up.
public struct Embedding: Layer {
  public static let className = "Embedding"
  /// V, rows of the table.
  public let inputDim: Int
  /// D, the length of a vector.
  public let outputDim: Int
  /// Whether steps with id 0 are masked.
  public let maskZero: Bool
  let embeddings: WeightSettings
  /// Keras 1's `dropout`: the share of the words that training drops, wherever they stand in the
  /// batch.
  private let droppedWords: Double

  /// With Keras's defaults: no mask, vectors that start uniform on ±0.05.
  public init(
    inputDim: Int, outputDim: Int, maskZero: Bool = false,
    embeddingsInitializer: Initializer = .randomUniform
  ) {
    self.inputDim = inputDim
    self.outputDim = outputDim
    self.maskZero = maskZero
    embeddings = WeightSettings(embeddingsInitializer)
    droppedWords = 0
  }

  // MARK: Configuration

  public init(from config: inout ConfigReader) throws(KerasError) {
    inputDim = try config.positiveInteger("input_dim")
    outputDim = try config.positiveInteger("output_dim")
    maskZero = try config.bool("mask_zero", default: false)
    embeddings = try WeightSettings(&config, "embeddings", default: .randomUniform)
    try config.refuseLowRank()
    droppedWords = try config.number("legacy_dropout", default: 0)
    config.ignore("input_length")
  }

  public var config: JSONObject {
    var config: JSONObject = ["input_dim": .integer(inputDim), "output_dim": .integer(outputDim)]
    embeddings.write("embeddings", to: &config)
    config["activity_regularizer"] = .null
    config["mask_zero"] = .bool(maskZero)
    if droppedWords != 0 { config["legacy_dropout"] = .number(droppedWords) }
    return config
  }

  // MARK: Weights and shape

  public func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    [WeightSpec("embeddings", shape: [inputDim, outputDim], settings: embeddings)]
  }

  public func outputs(for inputs: [Shape]) throws(KerasError) -> [Shape] {
    [Shape(inputs[0].extents + [outputDim])]
  }

  public var supportsMasking: Bool { true }
  public var computesStepsAlike: Bool { true }
  public func emitsMask(receivingMask: Bool) -> Bool { maskZero }

  public var randomOperations: Int { droppedWords > 0 && droppedWords < 1 ? 1 : 0 }

  // MARK: Forward

  @specialized(where S == Float)
  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    let input = inputs[0].tensor
    let ids = try ids(of: input, in: &pass.workspace)
    let words = WordVectors<S>(
      ids: ids, table: UnsafePointer(weights[0]), width: outputDim, rows: inputDim)
    var output = Signal(Tensor(.words(words), shape: input.shape.appending(outputDim)))
    let factors: UnsafeMutablePointer<S>? = dropWords(&pass)
    if let factors {
      let vectors = output.tensor.reals(in: &pass.workspace)
      scale(vectors, by: factors, ids, count: input.count)
      trace.saved = [factors]
      output.tensor = Tensor(vectors, shape: output.tensor.shape)
    }
    if maskZero {
      let flags = pass.workspace.scratch(Bool.self, count: input.count)
      // Keras compares what came in, before it becomes an id: 0.7 looks up row 0 and is no padding.
      if case .reals(let values) = input.content {
        for i in 0..<input.count { flags[i] = values[i] != 0 }
      } else {
        for i in 0..<input.count { flags[i] = ids[i] != 0 }
      }
      output.mask = Mask(flags, shape: input.shape)
    }
    if pass.keepsTrace { trace.inputs = Signals(Signal(Tensor(ids: ids, shape: input.shape))) }
    return Signals(output)
  }

  /// For each word 0 where training drops it and 1/(1 - share) where not; `nil` for all ones.
  private func dropWords<S: Scalar>(_ pass: inout Pass) -> UnsafeMutablePointer<S>? {
    guard randomOperations > 0 else { return nil }
    // Keras 1 draws whether or not it drops.
    var generator = pass.random(inputDim)
    guard pass.isTraining else { return nil }
    let factors = pass.workspace.scratch(S.self, count: inputDim)
    let share = 1 - droppedWords
    for word in 0..<inputDim {
      factors[word] = generator.uniform() <= Float(share) ? S(1 / share) : 0
    }
    return factors
  }

  private func scale<S: Scalar>(
    _ vectors: UnsafeMutablePointer<S>, by factors: UnsafePointer<S>,
    _ ids: UnsafePointer<Int32>, count: Int
  ) {
    for i in 0..<count {
      let factor = factors[Int(ids[i])]
      for d in 0..<outputDim { vectors[i * outputDim + d] *= factor }
    }
  }

  private func ids<S: Scalar>(
    of input: Tensor<S>, in workspace: inout Workspace
  ) throws(KerasError) -> UnsafeMutablePointer<Int32> {
    let ids: UnsafeMutablePointer<Int32>
    switch input.content {
    case .ids(let pointer):
      ids = pointer
    case .reals, .words:
      let pointer = input.reals(in: &workspace)
      ids = workspace.scratch(Int32.self, count: input.count)
      for i in 0..<input.count {
        guard let id = Int32(exactly: pointer[i].rounded(.towardZero)) else {
          throw outOfRange("\(pointer[i])", at: i, in: input.shape)
        }
        ids[i] = id
      }
    }
    // Many at once; a negative one is a large one here.
    var largest: UInt32 = 0
    for i in 0..<input.count { largest = max(largest, UInt32(bitPattern: ids[i])) }
    guard Int(largest) >= inputDim else { return ids }
    for i in 0..<input.count where ids[i] < 0 || Int(ids[i]) >= inputDim {
      throw outOfRange("\(ids[i])", at: i, in: input.shape)
    }
    return ids
  }

  /// Refuses an array with an id that the table does not have.
  func checkIDs(in array: NumericArray) throws(KerasError) {
    for (index, value) in array.doubles().enumerated() {
      let id = value.rounded(.towardZero)
      guard id >= 0, id < Double(inputDim) else {
        let text = Int(exactly: id).map(String.init) ?? "\(value)"
        throw outOfRange(text, at: index, in: array.shape)
      }
    }
  }

  private func outOfRange(_ id: String, at index: Int, in shape: some Collection<Int>) -> KerasError
  {
    let steps = max(1, shape.dropFirst().reduce(1, *))
    return KerasError(
      .invalidData,
      "token id \(id) at step \(index % steps) but the embedding has \(inputDim) rows, "
        + "ids 0…\(inputDim - 1)", at: .init(row: index / steps))
  }

  // MARK: Backward

  @specialized(where S == Float)
  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    guard case .ids(let ids) = trace.inputs[0].tensor.content else { return }
    let (dTable, dVectors) = (gradients[0], outputGradients[0].pointer)
    if pass.tableGradients != nil, S.self == Float.self {
      pass.tableGradients?.append(
        TableGradient(
          table: UnsafeMutableRawPointer(dTable), ids: UnsafePointer(ids),
          vectors: UnsafeMutableRawPointer(dVectors).assumingMemoryBound(to: Float.self),
          count: trace.inputs[0].tensor.count, width: outputDim))
      return
    }
    for i in 0..<trace.inputs[0].tensor.count {
      let row = dTable + Int(ids[i]) * outputDim
      let dVector = dVectors + i * outputDim
      if let factor = trace.saved.first?[Int(ids[i])] {
        for d in 0..<outputDim { row[d] += dVector[d] * factor }
      } else {
        for d in 0..<outputDim { row[d] += dVector[d] }
      }
    }
  }
}
