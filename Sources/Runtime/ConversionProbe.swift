import KerasFormat

/// Whether a model computes the same after it has been written for another generation of Keras.
///
/// Generations differ in more than words: in what a masked step puts out, in how masks pass merging
/// layers, in what reaches a recurrent layer beside initial states. So the model and what would be
/// read from the file are both run, each by its own generation's rules, on a few rows with padding
/// in front, behind, between, everywhere and nowhere. Both run in float32: that two releases of
/// TensorFlow round 16-bit numbers in other places is no matter of the file.
public struct ConversionProbe: Sendable {
  private let original: Network

  /// Of a network with its weights, which decide how much a difference shows.
  public init(_ original: Network) { self.original = original }

  /// The largest difference between the outputs, relative to numbers above 1; 0 within the
  /// original's own generation.
  ///
  /// - Throws: ``KerasError`` where the model cannot be written for the generation, read again or
  ///   run.
  public func difference(
    writtenAs generation: Generation, in container: ModelFile.Container? = nil
  ) throws(KerasError) -> Float {
    try largestDifference(writtenAs: generation, in: container)?.size ?? 0
  }

  /// Where the outputs are furthest apart; `nil` where they are the same.
  ///
  /// - Parameters:
  ///   - container: What is written and read again, a definition with its weights, weights with
  ///     their definition; `nil` for `.keras`. Where the generation has no `.keras`, an `.h5` stands
  ///     in.
  ///   - legacyWeights: Whether an `.h5` is of weights alone.
  ///   - name: What errors call the file.
  /// - Throws: ``KerasError`` where the model cannot be written for the generation or run; with the
  ///   file's name where it could not be read again.
  public func largestDifference(
    writtenAs generation: Generation, in container: ModelFile.Container? = nil,
    legacyWeights: Bool = false, name: String = "the file written"
  ) throws(KerasError) -> Difference? {
    guard generation != original.generation else { return nil }
    var container = container ?? .keras
    // That the generation has none of these the writer says.
    if container == .keras, generation < .keras2_15 { container = .h5 }
    // What a model computes does not depend on its training, which may not be one to carry on.
    var record = original.record
    (record.training, record.trainingFailure) = (nil, nil)
    let options = ModelFile.WriteOptions(generation: generation, legacyWeights: legacyWeights)
    let bytes = try ModelFile.encode(record, container: container, options: options)
    let isApart = container == .json || container == .weights || legacyWeights
    let other =
      try isApart
      ? ModelFile.encode(
        record, container: container == .json ? .weights : .json,
        options: .init(generation: generation)) : []
    let written: Network
    do throws(KerasError) {
      let (definition, weights) = container == .json ? (bytes, other) : (other, bytes)
      var read = try ModelFile.decode(isApart ? definition : bytes, name: name)
      if isApart { try ModelFile.replaceWeights(of: &read, by: weights, name: name) }
      written = try Network(read)
    } catch {
      throw KerasError(
        error.code,
        "written as \(container.ending) of Keras \(generation.rawValue), the model cannot be read "
          + "again: \(error.message)",
        at: error.inFile(name).place, hint: error.hint)
    }
    let inputs = try probes()
    let (expected, found) = (try outputs(of: original, inputs), try outputs(of: written, inputs))
    var worst: Difference?
    for (index, (a, b)) in zip(expected, found).enumerated() {
      let output = index % original.outputs.count
      guard a.shape == b.shape else {
        return Difference(
          size: .infinity,
          description: "output \(output) has the shape \(b.shape.tuple), not \(a.shape.tuple)")
      }
      for (x, y) in zip(a.floats(), b.floats()) where x != y && !(x.isNaN && y.isNaN) {
        let size = Self.distance(x, y)
        guard size > worst?.size ?? 0 else { continue }
        worst = Difference(
          size: size,
          description: size.isFinite
            ? "its outputs differ by up to \(size)" : "it puts out \(y) in place of \(x)")
      }
    }
    return worst
  }

  /// What a network gives for the inputs and, where it carries states, for the same once more.
  private func outputs(
    of network: Network, _ inputs: [NumericArray]
  ) throws(KerasError) -> [NumericArray] {
    guard network.isStateful else { return try network.predictUnrounded(inputs) }
    var predictor = Predictor(network)
    var states: RecurrentStates? = RecurrentStates()
    var outputs: [NumericArray] = []
    for _ in 0..<2 {
      outputs += try predictor.predict(
        inputs, batchSize: Self.rows, states: &states, followingPolicies: false)
    }
    return outputs
  }

  /// Relative to numbers above 1; infinite where one of them is not finite.
  private static func distance(_ x: Float, _ y: Float) -> Float {
    let distance = abs(x - y) / max(1, abs(x))
    return distance.isNaN ? .infinity : distance
  }

  /// How far two outputs are apart, and how in words.
  public struct Difference: Sendable, CustomStringConvertible {
    public let size: Float
    public let description: String
  }

  // MARK: - Inputs

  /// Rows of an input: which steps of a row are padding.
  private static let rows = 6
  private static let openExtent = 7

  private func probes() throws(KerasError) -> [NumericArray] {
    var generator = Philox(seed: 20_260_101)
    let vocabularies = vocabularySizes()
    let shapes = original.dataShapes
    return original.inputs.enumerated().map { index, _ in
      let extents = shapes[index].extents.map { $0 ?? Self.openExtent }
      let steps = extents.first ?? 1
      let width = extents.dropFirst().reduce(1, *)
      var values: [Float] = []
      for row in 0..<Self.rows {
        for step in 0..<steps {
          for _ in 0..<width {
            let number = generator.uniform()
            // Inputs that are merged must not be padded alike.
            let isPadding =
              extents.count > 0 && isPadding((row + index) % Self.rows, step, of: steps)
            if let size = vocabularies[index] {
              let id = size > 1 ? 1 + Int(number * Float(size - 1)) : 0
              values.append(isPadding ? 0 : Float(min(id, size - 1)))
            } else {
              values.append(isPadding ? 0 : number * 2 - 1)
            }
          }
        }
      }
      return NumericArray(shape: [Self.rows] + extents, .float32(values))
    }
  }

  private func isPadding(_ row: Int, _ step: Int, of steps: Int) -> Bool {
    switch row {
    case 1: step < steps / 3
    case 2: step >= steps - steps / 2
    case 3: step % 2 == 1
    case 4: true
    case 5: step < steps - 1
    default: false
    }
  }

  /// For inputs of token ids the rows of the smallest table that they are looked up in.
  private func vocabularySizes() -> [Int: Int] {
    var sizes: [Int: Int] = [:]
    for (index, input) in original.inputs.enumerated() {
      let tables = original.graph.tables(reachedFrom: input)
      if let least = tables.min() { sizes[index] = least }
    }
    return sizes
  }
}

extension Graph {
  /// The sizes of the embeddings that take what comes out of a node as it is, here or in a layer
  /// inside.
  fileprivate func tables(reachedFrom source: Int) -> [Int] {
    var sizes: [Int] = []
    for (index, node) in nodes.enumerated() where node.inputs.contains(where: { $0.node == source })
    {
      switch node.layer {
      case let layer as Embedding: sizes.append(layer.inputDim)
      case let layer as TimeDistributed:
        if let embedding = layer.layer as? Embedding { sizes.append(embedding.inputDim) }
        if let model = layer.layer as? any NestedModel, let graph = model.graph {
          sizes += graph.inputs.flatMap { graph.tables(reachedFrom: $0) }
        }
      case let layer as any NestedModel:
        guard let graph = layer.graph else { continue }
        for (edge, input) in zip(node.inputs, graph.inputs) where edge.node == source {
          sizes += graph.tables(reachedFrom: input)
        }
      case is Reshape, is Flatten, is any GatheringLayer, is Identity, is Concatenate,
        is any TextLayer:
        sizes += tables(reachedFrom: index)
      default: continue
      }
    }
    return sizes
  }
}
