/// Reads and writes models: finds the container by its first bytes, the generation by what is in
/// it.
public enum ModelFile {
  // MARK: - Reading

  /// Reads a model.
  ///
  /// - Parameters:
  ///   - path: A `.keras` archive, a whole-model `.h5`, or a JSON definition. The first bytes
  ///     decide, not the name.
  ///   - weights: A file to take the weights from instead: `.weights.h5`, a legacy weights `.h5`, a
  ///     whole-model `.h5` or a `.keras` archive.
  ///   - training: Whether to read the compile settings and the optimizer's state, half of the file
  ///     or more, too. Without, they are not looked at.
  /// - Throws: ``KerasError`` with the file's name.
  public static func read(
    _ path: String, weights: String? = nil, training: Bool = true
  ) throws(KerasError) -> ModelRecord {
    var record = try decode(ByteRegion(contentsOf: path), name: path, training: training)
    if let weights {
      try replaceWeights(of: &record, by: ByteRegion(contentsOf: weights), name: weights)
    }
    return record
  }

  /// Takes the weights of a record from the bytes of another file; `name` is what errors call it.
  ///
  /// - Throws: ``KerasError`` with `name` as its file: ``KerasError/Code/damagedFile`` for bytes
  ///   that hold no weights, ``KerasError/Code/weightMismatch`` for weights that are not the
  ///   layers'. The record's own weights are gone then.
  public static func replaceWeights(
    of record: inout ModelRecord, by bytes: [UInt8], name: String
  ) throws(KerasError) {
    try replaceWeights(of: &record, by: ByteRegion(bytes), name: name)
  }

  private static func replaceWeights(
    of record: inout ModelRecord, by region: ByteRegion, name: String
  ) throws(KerasError) {
    do {
      for index in record.layers.indices { record.layers[index].weights = [] }
      try storedWeights(region).assign(to: &record)
    } catch {
      throw error.inFile(name)
    }
  }

  /// The model in the bytes of a file; `name` is what errors call it.
  ///
  /// - Throws: ``KerasError`` with `name` as its file: ``KerasError/Code/damagedFile`` and
  ///   ``KerasError/Code/invalidJSON`` for bytes that are no model, ``KerasError/Code/unknownName``
  ///   and ``KerasError/Code/unsupportedConfiguration`` for a definition that is not known,
  ///   ``KerasError/Code/weightMismatch`` for weights that are not its own.
  public static func decode(_ bytes: [UInt8], name: String) throws(KerasError) -> ModelRecord {
    try decode(ByteRegion(bytes), name: name, training: true)
  }

  private static func decode(
    _ region: ByteRegion, name: String, training: Bool
  ) throws(KerasError) -> ModelRecord {
    do {
      var record = try record(try stored(region, training: training))
      record.trainingFailure = record.trainingFailure?.inFile(name)
      return record
    } catch {
      throw error.inFile(name)
    }
  }

  private static func stored(
    _ region: ByteRegion, training: Bool
  ) throws(KerasError) -> StoredModel {
    if try region.starts(with: HDF5File.magic) {
      let root = try HDF5File.read(region, without: training ? [] : ["optimizer_weights"])
      guard WholeH5.isModel(root) else {
        let isWeights = WeightsH5.isWeights(root) || root.attributes["layer_names"] != nil
        throw KerasError(
          .damagedFile,
          isWeights
            ? "the file holds weights without a model's definition"
            : "the HDF5 file has no model_config; it holds no Keras model",
          hint: isWeights ? "give the definition (.json) and pass this file as its weights" : nil)
      }
      return try WholeH5.read(root, training: training)
    }
    if try region.starts(with: [0x50, 0x4B]) {
      return try KerasArchive.read(region, training: training)
    }
    let start = try region.bytes(0..<min(region.count, 1024))
    let first = start.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
    guard first == UInt8(ascii: "{") else {
      throw KerasError(
        .damagedFile,
        start.isEmpty
          ? "the file is empty" : "the file is no .keras archive, no HDF5 file and no JSON text")
    }
    var model = StoredModel(definition: try JSON(parsing: region))
    if training { model.compile(model.definition.object?["compile_config"]?.object) }
    return model
  }

  private static func storedWeights(_ region: ByteRegion) throws(KerasError) -> StoredWeights {
    if try region.starts(with: [0x50, 0x4B]) { return try KerasArchive.readWeights(region) }
    let root = try HDF5File.read(region, without: ["optimizer_weights"])
    if let weights = root.group("model_weights") {
      do { return .legacy(try LegacyH5.layers(in: weights)) } catch {
        throw error.inside("model_weights")
      }
    }
    if WeightsH5.isWeights(root) { return .structural(root) }
    return .legacy(try LegacyH5.layers(in: root))
  }

  private static func record(_ stored: StoredModel) throws(KerasError) -> ModelRecord {
    var record = try ModelDecoder.record(stored.definition, version: stored.kerasVersion)
    record.kerasVersion =
      stored.kerasVersion ?? stored.definition.object?["keras_version"]?.string
    try stored.weights?.assign(to: &record)
    if let archive = stored.archive { try Vocabularies.read(archive, into: &record) }
    record.textPipeline = stored.textPipeline
    do throws(KerasError) {
      record.training = try training(stored, of: record)
    } catch {
      record.trainingFailure = error
    }
    return record
  }

  /// The compile settings and the optimizer's state.
  private static func training(
    _ stored: StoredModel, of record: ModelRecord
  ) throws(KerasError) -> TrainingRecord? {
    guard let settings = stored.training else { return nil }
    let dialect = Dialect.of(record.generation)
    var training = try OptimizerDialect(dialect: dialect).training(settings)
    guard var optimizer = training?.optimizer else { return training }
    optimizer.isAssumed = stored.isOptimizerAssumed
    if stored.scalesLoss, optimizer.config[LossScale.key] == nil {
      optimizer.config[LossScale.key] = LossScale.automatic
    }
    let plan = SlotPlan(dialect: dialect, className: optimizer.className, config: optimizer.config)
    do throws(KerasError) {
      // Keras looks at the number of arrays alone to tell whether they are those of an optimizer
      // that the file does not name, and passes over others.
      let weights = optimizer.isAssumed ? try record.trainableWeights().count : 0
      if !optimizer.isAssumed || stored.optimizer.count == plan.arrayCount(weights: weights) {
        let shapes = try record.trainableWeights().map(\.weight.weight.array.shape)
        try plan.read(stored.optimizer, shapes: shapes, into: &optimizer)
      }
      if record.generation == .keras1, case .legacy(let layers) = stored.weights {
        try Keras1Slots.arrange(&optimizer, layers, record)
      }
      try AxisOrder.sort(&optimizer, of: record)
      try plan.check(optimizer, of: record)
    } catch {
      throw error.inside("optimizer")
    }
    training?.optimizer = optimizer
    return training
  }

  // MARK: - Writing

  /// What the name of a file alone does not say.
  public struct WriteOptions: Sendable, Equatable {
    /// Whose words to write; `nil` for Keras 3 in `.keras` and `.weights.h5`, and for the record's
    /// own in `.h5` and `.json`.
    public var generation: Generation?
    /// For an `.h5`: the weights alone, as Keras 2's `save_weights` lays them out.
    public var legacyWeights: Bool

    /// By default what the container and the record say, whole where the container can be.
    public init(generation: Generation? = nil, legacyWeights: Bool = false) {
      self.generation = generation
      self.legacyWeights = legacyWeights
    }
  }

  /// What can be written.
  public enum Container: Sendable, CaseIterable {
    /// `.keras`
    case keras
    /// `.h5`, `.hdf5`: the whole model.
    case h5
    /// `.weights.h5`, or legacy weights where the generation is 2.
    case weights
    /// `.json`: the definition alone.
    case json

    /// By the end of a file's name; `nil` for any other.
    public init?(path: String) {
      let name = path.lowercased()
      if name.hasSuffix(".keras") {
        self = .keras
      } else if name.hasSuffix(".weights.h5") {
        self = .weights
      } else if name.hasSuffix(".h5") || name.hasSuffix(".hdf5") {
        self = .h5
      } else if name.hasSuffix(".json") {
        self = .json
      } else {
        return nil
      }
    }

    /// How names of its files end.
    package var ending: String {
      switch self {
      case .keras: ".keras"
      case .h5: ".h5"
      case .weights: ".weights.h5"
      case .json: ".json"
      }
    }
  }

  /// Writes a model; an old file stays whole until the new one is.
  ///
  /// - Returns: What the file says otherwise than the record.
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for what the generation cannot say.
  @discardableResult
  public static func write(
    _ record: ModelRecord, to path: String, options: WriteOptions = WriteOptions()
  ) throws(KerasError) -> [ConversionNote] {
    guard let container = Container(path: path) else {
      throw KerasError(
        .invalidArgument, "the name tells no format", at: .init(file: path),
        hint: "end it in .keras, .h5, .weights.h5 or .json")
    }
    var notes: [ConversionNote] = []
    let bytes: [UInt8]
    do {
      bytes = try encode(record, container: container, options: options, notes: &notes)
    } catch {
      throw error.inFile(path)
    }
    try AtomicFile.write(bytes, to: path)
    return notes
  }

  /// The bytes that ``write(_:to:options:)`` writes.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for what the generation cannot say, and
  ///   ``ModelRecord/trainingFailure`` where the container would hold the training.
  public static func encode(
    _ record: ModelRecord, container: Container, options: WriteOptions = WriteOptions()
  ) throws(KerasError) -> [UInt8] {
    var notes: [ConversionNote] = []
    return try encode(record, container: container, options: options, notes: &notes)
  }

  /// Whose words ``write(_:to:options:)`` writes to this path.
  public static func generation(
    of record: ModelRecord, writtenTo path: String, options: WriteOptions
  ) -> Generation {
    guard let container = Container(path: path) else { return record.generation }
    return generation(of: record, container, options)
  }

  private static func generation(
    of record: ModelRecord, _ container: Container, _ options: WriteOptions
  ) -> Generation {
    let own = record.generation == .keras1 ? Generation.keras2 : record.generation
    return options.generation ?? (container == .keras || container == .weights ? .keras3 : own)
  }

  private static func encode(
    _ record: ModelRecord, container: Container, options: WriteOptions,
    notes: inout [ConversionNote]
  ) throws(KerasError) -> [UInt8] {
    let generation = generation(of: record, container, options)
    let isBare =
      container == .weights || container == .json || container == .h5 && options.legacyWeights
    if let failure = record.trainingFailure, !isBare {
      throw KerasError(
        failure.code, "its training cannot be carried on: \(failure.message)", at: failure.place,
        hint: "write .json and .weights.h5, which hold none")
    }
    var record = try LayerRenaming.converted(
      try HardSigmoid.converted(
        try LayerForms.converted(record, to: generation, notes: &notes), to: generation,
        notes: &notes),
      to: generation, notes: &notes)
    let holdsTraining = !isBare || container == .json && generation == .keras3
    if holdsTraining {
      LossScale.convert(&record, to: generation, notes: &notes)
      try OptimizerNotes.note(record, generation, &notes)
      if container == .h5 { OptimizerNotes.noteWholeH5(record, generation, &notes) }
    }
    if record.training?.optimizer.isAssumed == true, holdsTraining {
      notes.append(
        ConversionNote(
          message: "the file read names no optimizer: written is RMSprop, compile's default, which "
            + "Keras takes then"))
    }
    if record.textPipeline != nil, isBare {
      notes.append(ConversionNote(message: "this container cannot hold the text pipeline"))
    }
    switch container {
    case .keras:
      return try KerasArchive.write(record, generation: generation, notes: &notes)
    case .h5 where !options.legacyWeights:
      return try HDF5File.write(
        try WholeH5.write(record, generation: generation, notes: &notes))
    case .h5, .weights:
      let encoder = ModelEncoder(generation, container: .h5)
      if container == .weights, generation >= .keras2_15, !options.legacyWeights {
        return try HDF5File.write(try WeightsH5.write(record, encoder.dialect))
      }
      let version = encoder.version(of: record)
      return try HDF5File.write(
        try LegacyH5.weightsGroup(record, encoder.dialect, version: version))
    case .json:
      var encoder = ModelEncoder(generation, container: .json)
      var definition = try encoder.definition(record)
      notes += encoder.notes
      if generation == .keras3, let training = record.training {
        definition["compile_config"] = .object(
          try OptimizerDialect(dialect: encoder.dialect).compileConfig(training))
      }
      return Array(JSON.object(definition).pythonText().utf8)
    }
  }
}
