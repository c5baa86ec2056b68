/// The `.keras` container: a ZIP archive of `metadata.json`, `config.json` and `model.weights.h5`,
/// and, beside them, Hornbill's `hornbill.json`, which Keras passes over.
enum KerasArchive {
  private static let metadata = "metadata.json"
  private static let config = "config.json"
  private static let weights = "model.weights.h5"
  private static let pipeline = "hornbill.json"

  static func read(_ region: ByteRegion, training: Bool) throws(KerasError) -> StoredModel {
    let archive = try ZipArchive(region)
    let definition = try json(config, of: archive)
    guard let object = definition.object else {
      throw KerasError(.invalidJSON, "\(definition.kind), expected an object", at: place(config))
    }
    var model = StoredModel(definition: definition, archive: archive)
    model.kerasVersion = try json(metadata, of: archive).object?["keras_version"]?.string
    if training { model.compile(object["compile_config"]?.object) }
    let root = try weightsTree(of: archive, training: training)
    model.weights = .structural(root)
    if let optimizer = root.group("optimizer") {
      model.optimizer = WeightsH5.arrays(in: optimizer)
      model.scalesLoss = optimizer.group("inner_optimizer") != nil
    }
    if archive[pipeline] != nil { model.textPipeline = try json(pipeline, of: archive) }
    return model
  }

  /// The weights alone.
  static func readWeights(_ region: ByteRegion) throws(KerasError) -> StoredWeights {
    .structural(try weightsTree(of: try ZipArchive(region), training: false))
  }

  private static func weightsTree(
    of archive: ZipArchive, training: Bool
  ) throws(KerasError) -> HDF5Group {
    let region = try archive.region(of: weights)
    do {
      return try HDF5File.read(region, without: training ? [] : ["optimizer"])
    } catch {
      throw error.inside(weights)
    }
  }

  private static func json(_ name: String, of archive: ZipArchive) throws(KerasError) -> JSON {
    let bytes = try archive.bytes(of: name)
    do { return try JSON(parsing: bytes) } catch { throw error.inside(name) }
  }

  private static func place(_ name: String) -> KerasError.Place { .init(path: [name]) }

  static func write(
    _ record: ModelRecord, generation: Generation, notes: inout [ConversionNote]
  ) throws(KerasError) -> [UInt8] {
    guard generation >= .keras2_15 else {
      throw KerasError(
        .unsupportedConfiguration, "Keras \(generation.rawValue) has no .keras files",
        hint: "write .h5, or choose 2.15 or 3")
    }
    var encoder = ModelEncoder(generation, container: .keras)
    let (definable, assets) = try Vocabularies.detached(record)
    var definition = try encoder.definition(definable)
    notes += encoder.notes
    if let training = record.training {
      definition["compile_config"] = .object(
        try OptimizerDialect(dialect: encoder.dialect).compileConfig(training))
    }
    // The date is fixed, so that equal models give equal files.
    let facts: JSON = [
      "keras_version": .string(encoder.version(of: record)),
      "date_saved": "1980-01-01@00:00:00",
    ]
    var members = [
      (name: metadata, bytes: Array(facts.pythonText().utf8)),
      (name: config, bytes: Array(JSON.object(definition).pythonText().utf8)),
      (name: weights, bytes: try HDF5File.write(try WeightsH5.write(record, encoder.dialect))),
    ]
    members += assets
    if let pipeline = record.textPipeline {
      members.append((name: Self.pipeline, bytes: Array(pipeline.pythonText().utf8)))
    }
    return try ZipArchive.write(members: members)
  }
}
