import KerasFormat

/// Keeps a backup of the run and goes on from it where an earlier one broke off: Keras's
/// `BackupAndRestore`.
///
///     BackupAndRestore(backupDir: "backup")
///
/// The backup is a ``Checkpoint``, `backup.keras` in the folder, written after every epoch (or
/// every so many batches) and when training is interrupted, and deleted when training is done.
/// Keras restores weights, optimizer and epoch; here the history, random states and other callbacks
/// go on too, so that the run is the one that never stopped.
public final class BackupAndRestore: ConfigurableCallback {
  public static let className = "BackupAndRestore"
  public static let firstOption: String? = "backup_dir"

  /// The folder that the backup is kept in; it is made where there is none.
  public let backupDir: String
  /// When a backup is written, besides at an interruption.
  public let saveFrequency: SaveFrequency
  /// Whether the backup before is kept too, and taken where the last one cannot be read.
  public let doubleCheckpoint: Bool
  /// Whether the backup is deleted when training is done.
  public let deleteCheckpoint: Bool
  private var counter = BatchCounter()

  /// With Keras's defaults: a backup after every epoch, one alone, deleted at the end.
  public init(
    backupDir: String, saveFreq: SaveFrequency = .epoch, doubleCheckpoint: Bool = false,
    deleteCheckpoint: Bool = true
  ) {
    self.backupDir = backupDir
    saveFrequency = saveFreq
    self.doubleCheckpoint = doubleCheckpoint
    self.deleteCheckpoint = deleteCheckpoint
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    backupDir = try config.string("backup_dir", default: "")
    guard !backupDir.isEmpty else {
      throw config.error("backup_dir", "empty but it is the folder for the backup")
    }
    saveFrequency = try config.saveFrequency()
    doubleCheckpoint = try config.bool("double_checkpoint", default: false)
    deleteCheckpoint = try config.bool("delete_checkpoint", default: true)
  }

  public var config: JSONObject {
    [
      "backup_dir": .string(backupDir), "save_freq": saveFrequency.json,
      "double_checkpoint": .bool(doubleCheckpoint), "delete_checkpoint": .bool(deleteCheckpoint),
    ]
  }

  /// The file of the backup.
  public var path: String { backupDir + "/backup.keras" }
  private var previous: String { path + ".bkp" }

  public func onTrainBegin(_ run: TrainingRun) throws(KerasError) {
    counter = BatchCounter()
    guard Folder.hasFile(path) else {
      if doubleCheckpoint, Folder.hasFile(previous) {
        run.resume(from: try Checkpoint(contentsOf: previous))
      }
      return
    }
    do {
      run.resume(from: try Checkpoint(contentsOf: path))
    } catch {
      guard doubleCheckpoint, Folder.hasFile(previous) else { throw error }
      run.resume(from: try Checkpoint(contentsOf: previous))
    }
  }

  public func onEpochEnd(
    _ epoch: Int, _ logs: inout Logs, _ run: TrainingRun
  ) throws(KerasError) {
    counter.lastBatch = 0
    if saveFrequency == .epoch { try save(run) }
  }

  public func onTrainBatchEnd(
    _ batch: Int, _ logs: Logs, _ run: TrainingRun
  ) throws(KerasError) {
    if case .batches(let count) = saveFrequency, counter.isDue(batch, every: count) {
      try save(run)
    }
  }

  public func onInterrupt(_ run: TrainingRun) throws(KerasError) { try save(run) }

  private func save(_ run: TrainingRun) throws(KerasError) {
    if doubleCheckpoint, Folder.hasFile(path) { try Folder.move(path, to: previous) }
    try run.save(to: path)
  }

  public func onTrainEnd(_ run: TrainingRun) throws(KerasError) {
    guard deleteCheckpoint else { return }
    for file in [path, previous] { try Folder.removeFile(file) }
    Folder.removeIfEmpty(backupDir)
  }

  public var state: CallbackState? {
    CallbackState(counter.json)
  }

  public func restore(_ state: CallbackState, _ run: TrainingRun) throws(KerasError) {
    var values = ConfigReader(state.values, of: Self.className)
    counter = try BatchCounter(from: &values)
  }
}

/// How often a callback saves: Keras's `save_freq`.
public enum SaveFrequency: Sendable, Equatable {
  /// After every epoch.
  case epoch
  /// After so many batches, counted on from epoch to epoch.
  case batches(Int)

  var json: JSON {
    switch self {
    case .epoch: "epoch"
    case .batches(let count): .integer(count)
    }
  }
}

extension ConfigReader {
  mutating func saveFrequency(_ key: String = "save_freq") throws(KerasError) -> SaveFrequency {
    guard let value = value(key), value.string != "epoch" else { return .epoch }
    if value.string == "batch" { return .batches(1) }
    guard let count = value.integer, count > 0 else {
      throw error(key, "\(value.kind) but it is 'epoch' or a number of batches")
    }
    return .batches(count)
  }
}

/// Counts batches from one save to the next.
struct BatchCounter: Sendable, Equatable {
  var sinceSave = 0
  var lastBatch: Int?

  init() {}

  init(from config: inout ConfigReader) throws(KerasError) {
    sinceSave = try config.count("since_save", default: 0)
    lastBatch = try config.optionalInteger("last_batch")
  }

  var json: JSONObject {
    ["since_save": .integer(sinceSave), "last_batch": lastBatch.map(JSON.integer) ?? .null]
  }

  /// Whether the save after this batch, counted from 0 in its epoch, is due.
  mutating func isDue(_ batch: Int, every count: Int) -> Bool {
    if let last = lastBatch, batch > last {
      sinceSave += batch - last
    } else {
      sinceSave += batch + 1
    }
    lastBatch = batch
    guard sinceSave >= count else { return false }
    sinceSave = 0
    return true
  }
}
