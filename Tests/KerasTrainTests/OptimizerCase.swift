import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// One optimizer with some options, as a real Keras trained with it: `fixtures/optimizers`.
struct OptimizerCase: Sendable, CustomTestStringConvertible {
  let generation: Generation
  /// Keras 3's; its numbers on JAX are the default form's.
  let backend: Backend?
  let name: String
  let className: String
  let options: JSONObject
  /// Running means of the loss, batch by batch: nine batches, and three after a reload.
  let losses: [Double]
  let resumedLosses: [Double]
  /// What Keras wrote between them.
  let files: [String]
  /// Which model it starts with.
  let model: String

  static let batch = 8
  static let rowsBefore = 72
  static let rows = 96

  var testDescription: String {
    "\(generation.rawValue)/\(name)" + (backend.map { "/\($0.rawValue)" } ?? "")
  }

  var generationFolder: String { "optimizers/\(generation.rawValue)" }

  /// All cases; an empty list where the fixtures cannot be read fails the test that counts them.
  static let all: [OptimizerCase] = {
    var cases: [OptimizerCase] = []
    for generation in Generation.allCases {
      for backend in [nil, generation == .keras3 ? Backend.tensorflow : nil]
      where backend != nil || !cases.contains(where: { $0.generation == generation }) {
        let prefix = backend.map { "\($0.rawValue)/" } ?? ""
        let path = "optimizers/\(generation.rawValue)/\(prefix)cases.json"
        guard let bytes = try? Fixtures.bytes(path), let json = try? JSON(parsing: bytes)
        else { continue }
        let entries = json.object?["cases"]?.array?.compactMap(\.object) ?? []
        cases += entries.compactMap { OptimizerCase($0, generation, backend) }
      }
    }
    return cases
  }()

  private init?(_ entry: JSONObject, _ generation: Generation, _ backend: Backend?) {
    guard let name = entry["case"]?.string, let className = entry["optimizer"]?.string,
      var options = entry["options"]?.object
    else { return nil }
    if entry["legacy"] == true { options["is_legacy_optimizer"] = true }
    self.generation = generation
    self.backend = backend
    self.name = name
    self.className = className
    self.options = options
    losses = entry["losses"]?.array?.compactMap(\.number) ?? []
    resumedLosses = entry["resumed_losses"]?.array?.compactMap(\.number) ?? []
    files = backend == nil ? entry["files"]?.array?.compactMap(\.string) ?? [] : []
    model = entry["start"]?.string ?? "plain"
  }

  func bytes(_ file: String) throws -> [UInt8] {
    let prefix = backend.map { "\($0.rawValue)/" } ?? ""
    return try Fixtures.bytes("\(generationFolder)/\(prefix)\(name)/\(file)")
  }

  /// Flat weights in the model's order.
  func weights(_ file: String) throws -> [Float] { try NumericArray(npy: bytes(file)).floats() }

  /// The model before training, compiled as the case was.
  func start() throws -> Model {
    let file =
      (model == "plain" ? "start" : "start_\(model)") + (generation == .keras3 ? ".keras" : ".h5")
    var model = try Model(
      ModelFile.decode(Fixtures.bytes("\(generationFolder)/\(file)"), name: file))
    try model.compile(
      optimizer: OptimizerRegistry.optimizer(className, config: options, generation: generation),
      loss: BinaryCrossentropy(), metrics: [], generation: generation, backend: backend)
    return model
  }

  /// What Keras wrote after nine batches.
  func middle(_ file: String) throws -> Model {
    try Model(ModelFile.decode(bytes(file), name: file))
  }

  /// Trains on some rows in batches of eight, in order.
  ///
  /// - Returns: the running mean of the loss after each batch.
  func fit(_ model: inout Model, rows: Range<Int>) throws -> [Double] {
    let recorder = LossRecorder()
    let x = try NumericArray(npy: Fixtures.bytes("\(generationFolder)/x.npy"))
    let y = try NumericArray(npy: Fixtures.bytes("\(generationFolder)/y.npy"))
    try model.fit(
      [slice(x, rows)], slice(y, rows), batchSize: Self.batch, shuffle: false, seed: 1,
      callbacks: [recorder])
    return recorder.losses
  }

  private func slice(_ array: NumericArray, _ rows: Range<Int>) -> NumericArray {
    let width = array.shape.dropFirst().reduce(1, *)
    let values = array.floats()[rows.lowerBound * width..<rows.upperBound * width]
    return NumericArray(shape: [rows.count] + array.shape.dropFirst(), .float32(Array(values)))
  }
}

/// Keeps the loss of every batch end.
private final class LossRecorder: Callback, @unchecked Sendable {
  // SAFETY: a run calls its callbacks from one thread.
  var losses: [Double] = []
  private var sum = 0.0
  private var rows = 0.0

  func onTrainBatchEnd(_ batch: Int, _ logs: Logs, _ run: TrainingRun) {
    guard let loss = logs["loss"] else { return }
    guard let size = logs["size"] else {
      losses.append(loss)
      return
    }
    // Up to Keras 2.2 callbacks see each batch by itself.
    if batch == 0 { (sum, rows) = (0, 0) }
    sum += loss * size
    rows += size
    losses.append(sum / rows)
  }
}

extension Model {
  /// All weights, flat, in the model's order.
  var flatWeights: [Float] {
    let parameters = network.parameters
    return parameters.layout.specs.indices.flatMap { parameters.values($0) }
  }
}
