import KerasFormat

/// Texts as a network's input: through its own text layer, or through the pipeline that Hornbill
/// saved with it.
extension Network {
  /// The layer by which the model itself reads texts: a ``TextVectorization`` or ``StringLookup``
  /// directly behind its only input, there or in a model inside; `nil` for a model of several
  /// inputs, which texts alone do not fill.
  public var textLayer: (any TextLayer)? {
    inputs.count == 1 ? graph.textPlaces.first?.layer : nil
  }

  /// The inputs that are texts, by name, with the class of the layer that takes them.
  public var textInputs: [(name: String, className: String)] {
    graph.textPlaces.map { (nodes[inputs[$0.input]].name, type(of: $0.layer).className) }
  }

  /// Whether the model can read texts.
  public var readsTexts: Bool { textLayer != nil || textPipeline != nil }

  /// The shape of what goes in at each input: of texts what they become.
  var dataShapes: [Shape] {
    var shapes = inputShapes
    for place in graph.textPlaces { shapes[place.input] = place.shape }
    return shapes
  }

  /// The first output for each text: one number a text for a model with one output unit.
  ///
  /// - Throws: ``KerasError`` when the model cannot read texts.
  public func predict(_ texts: [String], batchSize: Int = 32) throws(KerasError) -> [Float] {
    try outputs(for: texts, batchSize: batchSize)[0].floats()
  }

  /// All outputs for texts, `(N, …)` each.
  ///
  /// - Parameter batchSize: texts computed at once. It has an influence only where the model's text
  ///   layer names no `output_sequence_length`: the texts of a batch are then padded to its
  ///   longest, as Keras does it, and a model that does not mask the padding sees it.
  /// - Throws: ``KerasError`` when the model cannot read texts, or its outputs differ in length
  ///   from batch to batch.
  public func outputs(
    for texts: [String], batchSize: Int = 32
  ) throws(KerasError) -> [NumericArray] {
    var predictor = Predictor(self)
    return try predictor.outputs(for: texts, batchSize: batchSize)
  }

  /// What texts become at the network's input, as the model's text layer or pipeline makes it:
  /// token ids `(N, T)` in int32, or vectors `(N, V)` in float32.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` where the model cannot read texts, and what its text
  ///   layer throws.
  public func encoded(_ texts: [String]) throws(KerasError) -> NumericArray {
    if textLayer != nil { return try encoded(rows: texts.map { [$0] }) }
    guard let textPipeline else {
      throw KerasError(
        .invalidData, "the model carries no text pipeline, so it cannot read text",
        hint: "give token ids as an array")
    }
    let (ids, rows, length) = textPipeline.encode(texts)
    return NumericArray(shape: [rows, length], .int32(ids))
  }

  /// What rows of several texts become, for a ``StringLookup`` whose input is that wide.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` where no text layer is the model's only input,
  ///   ``KerasError/Code/shapeMismatch`` with the row for one of another width.
  public func encoded(rows: [[String]]) throws(KerasError) -> NumericArray {
    guard inputs.count == 1, let place = graph.textPlaces.first else {
      throw KerasError(.invalidData, "the model has no layer that takes texts alone")
    }
    do { return try place.layer.encode(rows) } catch {
      throw place.path.reversed().reduce(error) { $0.inside($1) }
    }
  }
}
