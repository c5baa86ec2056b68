import KerasFormat
import KerasRuntime

/// The members that a checkpoint adds to a `.keras` archive:
///
/// - `hornbill.training/state.json`: everything that is no array.
/// - `hornbill.training/weights.npy` and one array per optimizer slot: float32, bit for bit,
///   whatever types the archive's own weights are stored in.
/// - `hornbill.training/callback_<i>_<name>.npy`: what callbacks keep, such as the best weights.
/// - `hornbill.training/model.json`: the model's definition in its own generation, see
///   ``StoredDefinition``.
extension Checkpoint {
  private static let folder = "hornbill.training/"
  private static let version = 1

  /// Whether an archive holds the state of a run.
  public static func isCheckpoint(_ bytes: [UInt8]) -> Bool {
    guard bytes.starts(with: [0x50, 0x4B]), let archive = try? ZipArchive(reading: bytes) else {
      return false
    }
    return archive[folder + "state.json"] != nil
  }

  // MARK: - Writing

  /// Writes the checkpoint as a `.keras` file; an old one stays whole until the new one is.
  ///
  /// - Throws: ``KerasError`` with the file: ``KerasError/Code/inputOutput`` where it cannot be
  ///   written, ``KerasError/Code/unsupportedConfiguration`` for a model that the archive cannot
  ///   hold.
  public func write(to path: String) throws(KerasError) {
    do {
      let archive = try ModelFile.encode(model.record, container: .keras)
      let bytes = try embedded(in: archive)
      try Folder.create(above: path)
      try AtomicFile.write(bytes, to: path)
    } catch {
      throw error.inFile(path)
    }
  }

  /// The archive of a model with the state beside it.
  func embedded(in bytes: [UInt8]) throws(KerasError) -> [UInt8] {
    let archive = try ZipArchive(reading: bytes)
    var members: [(name: String, bytes: [UInt8])] = []
    for member in archive.members {
      members.append((member.name, try archive.bytes(of: member)))
    }
    func add(_ name: String, _ bytes: [UInt8]) { members.append((Self.folder + name, bytes)) }
    func add(_ name: String, _ values: [Float]) {
      add(name + ".npy", NumericArray(shape: [values.count], .float32(values)).npy())
    }
    guard let compilation = model.compilation else { return bytes }
    let training = compilation.record(for: model.network)
    let state: JSONObject = [
      "version": .integer(Self.version),
      "generation": .string(compilation.generation.rawValue),
      "progress": .object(progress.json),
      "compile": [
        "loss": training.loss, "metrics": training.metrics, "loss_weights": training.lossWeights,
        "weighted_metrics": training.weightedMetrics,
        "optimizer": [
          "class_name": .string(training.optimizer.className),
          "config": .object(training.optimizer.config),
          "iterations": .integer(compilation.state.iterations),
          "scalars": .array(compilation.state.scalars.map { .number(Double($0)) }),
        ],
        "backend": compilation.backend.map { .string($0.rawValue) } ?? .null,
      ],
      "fit": [
        "epochs": .integer(fit.epochs), "batch_size": .integer(fit.batchSize),
        "validation_split": .number(fit.validationSplit), "shuffle": .string(fit.shuffle.rawValue),
        "class_weight": Self.json(fit.classWeight),
        "class_weights": .object(
          fit.classWeights.sorted { $0.key < $1.key }.reduce(into: [:]) {
            $0[$1.key] = Self.json($1.value)
          }),
      ],
      "data": ["training": .string(data.training), "validation": .string(data.validation)],
      "slots": .integer(compilation.state.slots.count),
    ]
    add("state.json", Array(JSON.object(state).pythonText().utf8))
    add("weights", model.network.parameters.flat)
    for (index, slot) in compilation.state.slots.enumerated() { add("slot_\(index)", slot.flat) }
    for (index, callback) in progress.callbacks.enumerated() {
      for (name, values) in callback.state.arrays.sorted(by: { $0.key < $1.key }) {
        add("callback_\(index)_\(name)", values)
      }
    }
    add("model.json", Array(StoredDefinition.json(model.record).pythonText().utf8))
    return try ZipArchive.write(members: members)
  }

  // MARK: - Reading

  /// Reads a checkpoint.
  ///
  /// - Throws: ``KerasError`` with the file's name; a `.keras` file without the state of a run is
  ///   refused.
  public init(contentsOf path: String) throws(KerasError) {
    do {
      try self.init(try FileBytes.read(path))
    } catch {
      throw error.inFile(path)
    }
  }

  init(_ bytes: [UInt8]) throws(KerasError) {
    guard Self.isCheckpoint(bytes) else {
      throw KerasError(
        .damagedFile, "the file holds no state of a training run",
        hint: "it is written by ModelCheckpoint and BackupAndRestore as .keras")
    }
    let archive = try ZipArchive(reading: bytes)
    do {
      let json = try JSON(parsing: try archive.bytes(of: Self.folder + "state.json"))
      try self.init(archive, json.object ?? [:])
    } catch {
      throw error.inside(Self.folder + "state.json")
    }
  }

  private init(_ archive: ZipArchive, _ json: JSONObject) throws(KerasError) {
    var state = ConfigReader(json, of: "state")
    let version = try state.integer("version", default: 0)
    guard version == Self.version else {
      throw KerasError(
        .unsupportedConfiguration,
        "version \(version) of the state but this Hornbill reads \(Self.version)")
    }
    guard
      let generation = Generation(rawValue: try state.string("generation", default: ""))
    else { throw KerasError(.damagedFile, "no generation", at: .init(path: ["generation"])) }
    func array(_ name: String) throws(KerasError) -> [Float] {
      let member = Self.folder + name + ".npy"
      do {
        return try NumericArray(npy: try archive.bytes(of: member)).floats()
      } catch {
        throw error.inside(member)
      }
    }

    let definition = try JSON(parsing: try archive.bytes(of: Self.folder + "model.json"))
    var record = try StoredDefinition.record(definition.object ?? [:])
    var compile = ConfigReader(try state.object("compile"), of: "compile")
    var optimizer = ConfigReader(try compile.object("optimizer"), of: "optimizer")
    record.training = TrainingRecord(
      loss: compile.value("loss") ?? .null, metrics: compile.value("metrics") ?? .null,
      lossWeights: compile.value("loss_weights") ?? .null,
      weightedMetrics: compile.value("weighted_metrics") ?? .null,
      optimizer: OptimizerRecord(
        className: try optimizer.string("class_name", default: ""),
        config: try optimizer.object("config"),
        iterations: try optimizer.integer("iterations", default: 0)))
    var model = Model(try Network(record))
    try model.restoreCompilation(generation: generation)
    let layout = model.network.parameters.layout
    let weights = Parameters<Float>(layout)
    try weights.setFlat(try array("weights"), "weights")
    model.network = model.network.replacingParameters(weights)
    let slots = try state.integer("slots", default: 0)
    guard (0...64).contains(slots) else {
      throw KerasError(.damagedFile, "\(slots) slots", at: .init(path: ["slots"]))
    }
    for index in 0..<slots {
      let slot = Parameters<Float>(layout)
      try slot.setFlat(try array("slot_\(index)"), "slot_\(index)")
      model.compilation?.state.slots.append(slot)
    }
    for value in optimizer.value("scalars")?.array ?? [] {
      model.compilation?.state.scalars.append(Float(value.number ?? 1))
    }
    if let name = compile.value("backend")?.string {
      guard let backend = Backend(rawValue: name) else {
        throw KerasError(
          .damagedFile, "no backend '\(name)'", at: .init(path: ["compile", "backend"]))
      }
      model.compilation?.backend = backend
    }
    let progress = try Progress(json: try state.object("progress")) {
      (index, name) throws(KerasError) in try array("callback_\(index)_\(name)")
    }
    var fit = ConfigReader(try state.object("fit"), of: "fit")
    var data = ConfigReader(try state.object("data"), of: "data")
    self.init(
      model: model, progress: progress,
      fit: StoredFit(
        epochs: try fit.integer("epochs", default: 1),
        batchSize: try fit.integer("batch_size", default: 32),
        validationSplit: try fit.number("validation_split", default: 0),
        shuffle: try Self.shuffling(try fit.string("shuffle", default: "rows")),
        classWeight: Self.weights(fit.value("class_weight")),
        classWeights: (fit.value("class_weights")?.object ?? [:]).members.reduce(into: [:]) {
          $0[$1.key] = Self.weights($1.value)
        }),
      data: DataFingerprint(
        training: try data.string("training", default: ""),
        validation: try data.string("validation", default: "")))
  }

  private static func shuffling(_ name: String) throws(KerasError) -> Shuffling {
    guard let shuffling = Shuffling(rawValue: name) else {
      throw KerasError(
        .damagedFile, "'\(name)' is no way to shuffle", at: .init(path: ["fit", "shuffle"]))
    }
    return shuffling
  }

  /// Class weights by the class's number.
  private static func json(_ weights: [Int: Double]) -> JSON {
    var object: JSONObject = [:]
    for (label, weight) in weights.sorted(by: { $0.key < $1.key }) {
      object[String(label)] = .number(weight)
    }
    return .object(object)
  }

  private static func weights(_ json: JSON?) -> [Int: Double] {
    (json?.object ?? [:]).members.reduce(into: [:]) { weights, member in
      if let label = Int(member.key), let weight = member.value.number { weights[label] = weight }
    }
  }
}
