/// The whole-model `.h5`: definition and compile settings as attributes of the root, weights and
/// optimizer in groups of the legacy layout.
enum WholeH5 {
  static func isModel(_ root: HDF5Group) -> Bool { root.attributes["model_config"] != nil }

  static func read(_ root: HDF5Group, training: Bool) throws(KerasError) -> StoredModel {
    guard let definition = try json("model_config", of: root) else {
      throw KerasError(.damagedFile, "the file has no model_config")
    }
    var model = StoredModel(
      definition: definition, kerasVersion: text("keras_version", of: root),
      training: training ? try json("training_config", of: root)?.object : nil,
      textPipeline: try json("hornbill", of: root))
    if let weights = root.group("model_weights") {
      do { model.weights = .legacy(try LegacyH5.layers(in: weights)) } catch {
        throw error.inside("model_weights")
      }
    }
    if let optimizer = root.group("optimizer_weights") {
      do { model.optimizer = try LegacyH5.arrays(in: optimizer) } catch {
        throw error.inside("optimizer_weights")
      }
    }
    return model
  }

  private static func text(_ name: String, of root: HDF5Group) -> String? {
    switch root.attributes[name] {
    case .string(let text, _): text
    case .strings(let texts, _): texts.count == 1 ? texts[0] : nil
    default: nil
    }
  }

  private static func json(_ name: String, of root: HDF5Group) throws(KerasError) -> JSON? {
    guard root.attributes[name] != nil else { return nil }
    guard let text = text(name, of: root) else {
      throw KerasError(.damagedFile, "no text", at: .init(path: ["@\(name)"]))
    }
    do { return try JSON(parsing: text) } catch { throw error.inside("@\(name)") }
  }

  static func write(
    _ record: ModelRecord, generation: Generation, notes: inout [ConversionNote]
  ) throws(KerasError) -> HDF5Group {
    var encoder = ModelEncoder(generation, container: .h5)
    let definition = try encoder.definition(record)
    notes += encoder.notes
    let dialect = encoder.dialect
    let version = encoder.version(of: record)
    // Values that Keras hands to h5py as text since 2.15, as bytes before and for its JSON.
    let plain: HDF5StringType = dialect.isModern ? .variableUTF8 : .variableASCII
    var root = HDF5Group(attributes: [
      "keras_version": .string(version, plain),
      "model_config": .string(JSON.object(definition).pythonText(), .variableASCII),
    ])
    if dialect.generation > .keras1 { root.attributes["backend"] = .string("tensorflow", plain) }
    root.children["model_weights"] = .group(
      try LegacyH5.weightsGroup(record, dialect, version: version))
    if let training = record.training {
      let config = try OptimizerDialect(dialect: dialect).trainingConfig(training)
      root.attributes["training_config"] = .string(
        JSON.object(config).pythonText(), .variableASCII)
      let state = try OptimizerArrays(dialect: dialect, record: record)
        .arrays(of: training.optimizer)
      if !state.isEmpty {
        root.children["optimizer_weights"] = .group(try LegacyH5.group(state, dialect))
      }
    }
    if let pipeline = record.textPipeline {
      root.attributes["hornbill"] = .string(pipeline.pythonText(), .variableUTF8)
    }
    return root
  }
}
