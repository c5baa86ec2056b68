import KerasFormat
import KerasRuntime

/// Writes event files that TensorBoard shows: Keras's `TensorBoard`.
///
///     TensorBoard(logDir: "logs/gru", histogramFreq: 1, hparams: ["units": 32])
///
/// - Keras 2.15 and 3: runs `train` and `validation` in the folder, tags `epoch_loss`,
///   `epoch_val…` without `val_`, step = epoch from 0; in Keras 3 `epoch_learning_rate` too;
///   `evaluation_loss_vs_iterations`; with `updateFreq` in batches `batch_loss` in the step of its
///   number over all epochs (and then Keras 3 writes only the epochs whose last batch is written);
///   histograms `<weight>/histogram`; the model's definition.
/// - Keras 1 and 2.2: one file in the folder, tags `loss`, `val_loss`; `updateFreq` counts rows;
///   histograms of weights alone.
///
/// `hparams` are shown on the page HParams; Keras leaves them to TensorBoard's own callback.
/// Images, embeddings, profiles and TensorFlow's graph are not written.
///
/// Source: `keras/callbacks.py` of 2.2.4, `keras/src/callbacks.py` of 2.15,
/// `keras/src/callbacks/tensorboard.py` of 3.15.1.
public final class TensorBoard: ConfigurableCallback {
  public static let className = "TensorBoard"
  public static let firstOption: String? = "log_dir"

  /// The folder for the event files.
  public let logDir: String
  /// Epochs from one histogram of the weights to the next; 0 for none.
  public let histogramFreq: Int
  /// Whether the model's definition is written.
  public let writeGraph: Bool
  /// How often losses and metrics are written.
  public let updateFreq: SaveFrequency
  /// Settings of the run for the page HParams; empty for none.
  public let hparams: JSONObject
  private let time: () -> Double

  private var run: TrainingRun?
  private var training: EventFile?
  private var validation: EventFile?
  private var trainBatches = 0
  private var testBatches = 0
  private var rowsSeen = 0
  private var rowsWritten = 0

  /// With Keras's defaults: the folder `logs`, values of every epoch and the model's definition.
  public init(
    logDir: String = "logs", histogramFreq: Int = 0, writeGraph: Bool = true,
    updateFreq: SaveFrequency = .epoch, hparams: JSONObject = [:]
  ) {
    self.logDir = logDir
    self.histogramFreq = histogramFreq
    self.writeGraph = writeGraph
    self.updateFreq = updateFreq
    self.hparams = hparams
    time = EventFile.now
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    logDir = try config.string("log_dir", default: "logs")
    histogramFreq = try config.count("histogram_freq", default: 0)
    writeGraph = try config.bool("write_graph", default: true)
    updateFreq = try config.saveFrequency("update_freq")
    hparams = config.value("hparams")?.object ?? [:]
    time = EventFile.now
    try config.refuse(
      "write_images", "write_steps_per_second", "profile_batch", "embeddings_freq", "write_grads")
  }

  public var config: JSONObject {
    [
      "log_dir": .string(logDir), "histogram_freq": .integer(histogramFreq),
      "write_graph": .bool(writeGraph), "update_freq": updateFreq.json,
      "hparams": .object(hparams),
    ]
  }

  // MARK: - Files

  private func isOld(_ run: TrainingRun) -> Bool { run.generation <= .keras2 }

  private func file(_ run: TrainingRun, _ part: String) throws(KerasError) -> EventFile {
    let folder = isOld(run) ? logDir : "\(logDir)/\(part)"
    return try EventFile(in: folder, suffix: isOld(run) ? "" : ".v2", time: time)
  }

  private func trainingFile(_ run: TrainingRun) throws(KerasError) -> EventFile {
    if let training { return training }
    let new = try file(run, "train")
    training = new
    return new
  }

  private func validationFile(_ run: TrainingRun) throws(KerasError) -> EventFile {
    if isOld(run) { return try trainingFile(run) }
    if let validation { return validation }
    let new = try file(run, "validation")
    validation = new
    return new
  }

  private func number(_ tag: String, _ value: Double, _ run: TrainingRun) -> Summary {
    isOld(run) ? .simple(tag, value) : .scalar(tag, value)
  }

  // MARK: - Training

  public func onTrainBegin(_ run: TrainingRun) throws(KerasError) {
    self.run = run
    (trainBatches, testBatches, rowsSeen, rowsWritten) = (0, 0, 0, 0)
    if writeGraph, !isOld(run) {
      // Keras draws the model from what `to_json` says of it.
      var record = run.model.record
      record.training = nil
      if let json = try? ModelFile.encode(
        record, container: .json, options: .init(generation: run.generation))
      {
        try trainingFile(run).add(
          .model("keras", json: String(decoding: json, as: UTF8.self)), step: 0)
      }
    }
    if !hparams.isEmpty {
      let file = try EventFile(in: logDir, suffix: isOld(run) ? "" : ".v2", time: time)
      let metrics = run.metricNames.flatMap { name in
        isOld(run)
          ? [("", name), ("", "val_" + name)]
          : [("train", "epoch_" + name), ("validation", "epoch_" + name)]
      }
      try file.add(.experiment(hparams, metrics: metrics), step: 0)
      try file.add(.sessionStart(hparams, group: logDir, time: time()), step: 0)
      session = file
    }
  }

  /// Where the beginning and the end of the run stand.
  private var session: EventFile?

  public func onTrainEnd(_ run: TrainingRun) throws(KerasError) {
    try session?.add(.sessionEnd(status: 1, time: time()), step: 0)
    (self.run, training, validation, session) = (nil, nil, nil, nil)
  }

  public func onTrainBatchEnd(
    _ batch: Int, _ logs: Logs, _ run: TrainingRun
  ) throws(KerasError) {
    trainBatches += 1
    guard case .batches(let every) = updateFreq else { return }
    if isOld(run) {
      rowsSeen += Int(logs["size"] ?? 0)
      guard rowsSeen - rowsWritten >= every else { return }
      for (name, value) in logs where name != "batch" && name != "size" {
        try trainingFile(run).add(.simple(name, value), step: rowsSeen)
      }
      rowsWritten = rowsSeen
    } else if trainBatches % every == 0 {
      for (name, value) in logs {
        try trainingFile(run).add(.scalar("batch_" + name, value), step: trainBatches)
      }
    }
  }

  public func onEpochEnd(
    _ epoch: Int, _ logs: inout Logs, _ run: TrainingRun
  ) throws(KerasError) {
    // Keras 3 lets `updateFreq` decide of epochs too: they are written where their last batch is.
    if run.generation == .keras3, case .batches(let every) = updateFreq,
      trainBatches % every != 0
    {
      return
    }
    if histogramFreq > 0, epoch % histogramFreq == 0 { try writeHistograms(epoch, run) }
    if isOld(run) {
      let step = updateFreq == .epoch ? epoch : rowsSeen
      for (name, value) in logs { try trainingFile(run).add(.simple(name, value), step: step) }
      return
    }
    var training = logs
    if run.generation == .keras3 { training["learning_rate"] = run.learningRate }
    for (name, value) in training where !name.hasPrefix("val_") {
      try trainingFile(run).add(.scalar("epoch_" + name, value), step: epoch)
    }
    for (name, value) in logs where name.hasPrefix("val_") {
      try validationFile(run).add(.scalar("epoch_" + name.dropFirst(4), value), step: epoch)
    }
  }

  private func writeHistograms(_ epoch: Int, _ run: TrainingRun) throws(KerasError) {
    let file = try trainingFile(run)
    for (name, array) in try run.namedWeights() {
      // Without the model's name, which a model that was loaded does not put in front.
      let own = run.generation == .keras3 ? String(name.drop { $0 != "/" }.dropFirst()) : name
      let tag = own.replacing(":", with: "_")
      try file.add(
        isOld(run)
          ? .bucketed(tag, array.floats()) : .histogram(tag + "/histogram", array.floats()),
        step: epoch)
    }
  }

  // MARK: - Validation

  public func onTestBatchBegin(_ batch: Int) { testBatches += 1 }

  public func onTestEnd(_ logs: Logs) throws(KerasError) {
    guard let run, !isOld(run) else { return }
    // Keras 3 lets `updateFreq` decide of these too, by the batches of all validations.
    if run.generation == .keras3, case .batches(let every) = updateFreq, testBatches % every != 0 {
      return
    }
    for (name, value) in logs {
      try validationFile(run).add(
        .scalar("evaluation_\(name)_vs_iterations", value), step: run.iterations)
    }
  }

  // MARK: - Going on

  public var state: CallbackState? {
    CallbackState([
      "train_batches": .integer(trainBatches), "test_batches": .integer(testBatches),
      "rows_seen": .integer(rowsSeen), "rows_written": .integer(rowsWritten),
    ])
  }

  public func restore(_ state: CallbackState, _ run: TrainingRun) throws(KerasError) {
    var values = ConfigReader(state.values, of: Self.className)
    trainBatches = try values.count("train_batches", default: 0)
    testBatches = try values.count("test_batches", default: 0)
    rowsSeen = try values.count("rows_seen", default: 0)
    rowsWritten = try values.count("rows_written", default: 0)
  }
}

extension TrainingRun {
  /// The loss and the metrics, by the names in the logs.
  var metricNames: [String] { averages.unprefixedLogs.names }
}
