import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Breaks training off after so many batches, and keeps where.
private final class StopAfter: Callback {
  private var left: Int
  private(set) var checkpoint: Checkpoint?

  init(_ batches: Int) { left = batches }

  var isInterrupted: Bool { left <= 0 }
  func onTrainBatchEnd(_ batch: Int, _ logs: Logs, _ run: TrainingRun) { left -= 1 }
  func onInterrupt(_ run: TrainingRun) { checkpoint = run.checkpoint() }
}

/// A run that goes on is the run that never stopped, wherever it stopped.
@Suite struct CheckpointTests {
  private let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/hornbill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// Ids that mean something to a model of words, 22 rows of 5.
  private static func data() throws -> Dataset {
    var ids: [Int32] = []
    var targets: [Float] = []
    for row in 0..<22 {
      var sum = 0
      for step in 0..<5 {
        let index = row * 5 + step
        let id = (index * 7 + index * index * 3) % 11
        ids.append(Int32(id))
        sum += id
      }
      targets.append(sum % 2 == 0 ? 0 : 1)
    }
    return try Dataset(
      inputs: [NumericArray(shape: [22, 5], .int32(ids))],
      targets: NumericArray(shape: [22], .float32(targets)))
  }

  private func model(_ generation: Generation) throws -> Model {
    var model = try Model(
      [
        Embedding(inputDim: 11, outputDim: 3, maskZero: true),
        GRU(units: 4),
        Dense(units: 3, activation: .tanh), BatchNormalization(), Dropout(rate: 0.3),
        Dense(units: 1, activation: .sigmoid),
      ], seed: 3, generation: generation)
    try model.compile(
      optimizer: Adam(learningRate: 0.05), loss: BinaryCrossentropy(), metrics: ["acc", "mae"])
    return model
  }

  private func callbacks() -> [any Callback] {
    [
      ReduceLROnPlateau(monitor: "loss", factor: 0.5, patience: 1),
      EarlyStopping(monitor: "val_loss", patience: 2, restoreBestWeights: true),
    ]
  }

  private func settings(seed: UInt64?) -> FitSettings {
    var settings = FitSettings()
    settings.batchSize = 4
    settings.epochs = 4
    settings.validationSplit = 0.2
    settings.seed = seed
    settings.report = { _ in }
    return settings
  }

  private struct Outcome: Equatable {
    var weights: [UInt32]
    var slots: [[UInt32]]
    var iterations: Int
    var rate: Double
    var history: History

    init(_ model: Model, _ history: History) throws {
      func bits(_ parameters: Parameters<Float>) -> [UInt32] {
        parameters.layout.specs.indices.flatMap { parameters.values($0).map(\.bitPattern) }
      }
      let compilation = try #require(model.compilation)
      weights = bits(model.network.parameters)
      slots = compilation.state.slots.map(bits)
      iterations = compilation.state.iterations
      rate = try #require(compilation.optimizer.learningRate as? Double)
      self.history = history
    }
  }

  /// 17 rows of 22 train in 5 batches an epoch: every place in 4 epochs, through a file each time.
  @Test(arguments: Generation.allCases)
  func `a run that stopped after any batch goes on bit for bit`(generation: Generation) throws {
    let data = try Self.data()
    var straight = try model(generation)
    let history = try straight.fit(data, settings: settings(seed: 9), callbacks: callbacks())
    let expected = try Outcome(straight, history)
    #expect(history.epochs.count >= 3, "it stops too early to show anything")
    let batches = 5 * history.epochs.count
    for count in 1..<batches {
      var first = try model(generation)
      let stop = StopAfter(count)
      try first.fit(data, settings: settings(seed: 9), callbacks: callbacks() + [stop])
      // At an epoch's last batch the epoch is finished first.
      let path = "\(folder)/\(count).keras"
      try #require(stop.checkpoint, "\(count)").write(to: path)
      let checkpoint = try Checkpoint(contentsOf: path)
      var second = checkpoint.model
      let whole = try second.fit(
        data, settings: settings(seed: 9), callbacks: callbacks(), resumingFrom: checkpoint)
      #expect(try Outcome(second, whole) == expected, "after \(count) batches")
    }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// 64 rows train in 4 batches an epoch; the states of the last one go on into the next.
  @Test(arguments: ["stateful_gru", "stateful_lstm"])
  func `stateful layers go on with the states they had`(name: String) throws {
    let training = try #require(TrainingCase.all.first { $0.folder == "training/2.15/\(name)" })
    var (straight, data, settings) = try training.start()
    let history = try straight.fit(data, settings: settings)
    let expected = try Outcome(straight, history)
    for count in [1, 4, 6, 15] {
      var first = try training.start().model
      let stop = StopAfter(count)
      try first.fit(data, settings: settings, callbacks: [stop])
      let path = "\(folder)/\(count).keras"
      try #require(stop.checkpoint).write(to: path)
      let checkpoint = try Checkpoint(contentsOf: path)
      var second = checkpoint.model
      let whole = try second.fit(data, settings: settings, resumingFrom: checkpoint)
      #expect(try Outcome(second, whole) == expected, "after \(count) batches")
    }
    settings.batchSize = 12
    #expect(throws: KerasError.self) { try straight.fit(data, settings: settings) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  @Test func `a run without a seed goes on with the one it drew`() throws {
    let data = try Self.data()
    var first = try model(.keras3)
    let stop = StopAfter(7)
    try first.fit(data, settings: settings(seed: nil), callbacks: [stop])
    let checkpoint = try #require(stop.checkpoint)
    func finish() throws -> Outcome {
      var model = checkpoint.model
      let history = try model.fit(data, settings: settings(seed: nil), resumingFrom: checkpoint)
      return try Outcome(model, history)
    }
    #expect(try finish() == finish())
  }

  @Test func `an early stop that was decided before the stop holds`() throws {
    let data = try Self.data()
    let callbacks: [any Callback] = [
      EarlyStopping(monitor: "loss", minDelta: 10, patience: 1),
      ModelCheckpoint("\(folder)/last.keras"),
    ]
    var first = try model(.keras2_15)
    let history = try first.fit(data, settings: settings(seed: 1), callbacks: callbacks)
    #expect(history.epochs == [0, 1])
    let checkpoint = try Checkpoint(contentsOf: "\(folder)/last.keras")
    var second = checkpoint.model
    let again = try second.fit(
      data, settings: settings(seed: 1), callbacks: callbacks, resumingFrom: checkpoint)
    #expect(again == history)
    #expect(try Outcome(second, again) == Outcome(first, history))
    try? FileManager.default.removeItem(atPath: folder)
  }

  @Test func `BackupAndRestore goes on by itself and leaves nothing behind`() throws {
    let data = try Self.data()
    var straight = try model(.keras3)
    let whole = try straight.fit(data, settings: settings(seed: 2))
    let expected = try Outcome(straight, whole)
    let backup = "\(folder)/deep/backup"
    var first = try model(.keras3)
    try first.fit(
      data, settings: settings(seed: 2),
      callbacks: [
        BackupAndRestore(backupDir: backup, saveFreq: .batches(3), doubleCheckpoint: true),
        StopAfter(11),
      ])
    #expect(FileManager.default.fileExists(atPath: backup + "/backup.keras"))
    #expect(FileManager.default.fileExists(atPath: backup + "/backup.keras.bkp"))
    // Damaged, the one before is taken.
    try AtomicFile.write([1, 2, 3], to: backup + "/backup.keras")
    var second = try model(.keras3)
    let history = try second.fit(
      data, settings: settings(seed: 2),
      callbacks: [BackupAndRestore(backupDir: backup, doubleCheckpoint: true)])
    #expect(try Outcome(second, history) == expected)
    #expect(!FileManager.default.fileExists(atPath: backup))
    try? FileManager.default.removeItem(atPath: folder)
  }

  @Test func `a run refuses to go on with other data, settings or callbacks`() throws {
    let data = try Self.data()
    var first = try model(.keras3)
    let stop = StopAfter(7)
    try first.fit(
      data, settings: settings(seed: 2), callbacks: [EarlyStopping(patience: 9), stop])
    let checkpoint = try #require(stop.checkpoint)
    func refusal(
      _ data: Dataset, _ settings: FitSettings, _ callbacks: [any Callback] = []
    ) -> String {
      var model = checkpoint.model
      do {
        try model.fit(data, settings: settings, callbacks: callbacks, resumingFrom: checkpoint)
        return "none"
      } catch { return "\(error)" }
    }
    var other = data.inputs[0].doubles().map { Int32($0) }
    other[100] = 1 - other[100] % 2
    let changed = try Dataset(
      inputs: [NumericArray(shape: [22, 5], .int32(other))], targets: data.targets)
    #expect(refusal(changed, settings(seed: 2)).contains("these are not the rows to train on"))
    var batches = settings(seed: 2)
    batches.batchSize = 5
    #expect(
      refusal(data, batches).hasPrefix("batch size 5 but the run that stopped had 4"))
    #expect(refusal(data, settings(seed: 3)).hasPrefix("seed 3 but the run that stopped had 2"))
    #expect(refusal(data, settings(seed: 2)).contains("had the callback EarlyStopping"))
    #expect(refusal(data, settings(seed: 2), [EarlyStopping(patience: 9)]) == "none")
  }

  @Test func `a model file without the state of a run is refused`() throws {
    try model(.keras3).save("\(folder)/plain.keras")
    do {
      _ = try Checkpoint(contentsOf: "\(folder)/plain.keras")
      Issue.record("it was read")
    } catch {
      #expect(error.message == "the file holds no state of a training run")
      #expect(error.place.file == "\(folder)/plain.keras")
    }
    try? FileManager.default.removeItem(atPath: folder)
  }
}
