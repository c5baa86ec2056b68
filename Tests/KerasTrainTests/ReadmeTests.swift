import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// The Swift that README shows, run; and that it is what README shows.
@Suite struct ReadmeTests {
  @Test func `what README shows trains, saves and scores`() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/hornbill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let rows = (0..<40).map {
      "\($0.isMultiple(of: 2) ? "great" : "awful") case \($0)\t\(1 - $0 % 2)"
    }
    try AtomicFile.write(Array(rows.joined(separator: "\n").utf8), to: "\(folder)/reviews.tsv")
    let epochs = try train(in: folder)
    #expect(epochs == 20)
    let scores = try score(in: folder)
    #expect(scores.count == 2)
    #expect(scores[0] > 0.5 && scores[1] < 0.5)
  }

  private func train(in folder: String) throws -> Int {
    let reviews = try TextDataset(LabelledText(paths: ["\(folder)/reviews.tsv"]))
    let layers: [any Layer] = [
      Embedding(inputDim: reviews.pipeline.vocabularySize, outputDim: 32, maskZero: true),
      GRU(units: 32), Dense(units: 1, activation: .sigmoid),
    ]
    var model = try Model(layers, seed: 7)
    model.network.textPipeline = reviews.pipeline
    try model.compile(optimizer: RMSprop(learningRate: 0.01), loss: BinaryCrossentropy())
    let history = try model.fit(reviews.training, batchSize: 128, epochs: 20, validationSplit: 0.2)
    try model.save("\(folder)/gru.keras")
    try goOn(model, reviews, in: folder)
    return history.epochs.count
  }

  private func goOn(_ trained: Model, _ reviews: TextDataset, in folder: String) throws {
    var model = trained
    final class Patient: Callback {
      func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) throws(KerasError) {
        if logs["loss"] ?? 0 < 0.05 { run.stopTraining = true }
      }
    }
    let callbacks: [any Callback] = [
      ReduceLROnPlateau(factor: 0.5, patience: 2),
      EarlyStopping(patience: 5, restoreBestWeights: true),
      ModelCheckpoint("\(folder)/run.keras"), CSVLogger("\(folder)/log.csv"),
      TensorBoard(logDir: "\(folder)/logs"), Patient(),
    ]
    let longer = try model.fit(
      reviews.training, epochs: 40, validationSplit: 0.2, seed: 3, callbacks: callbacks)
    #expect(longer.wasStopped && longer.epochs.count < 40)
    let checkpoint = try Checkpoint(contentsOf: "\(folder)/run.keras")
    var resumed = checkpoint.model
    var settings = checkpoint.settings
    settings.epochs = 50
    let whole = try resumed.fit(
      reviews.training, settings: settings, callbacks: callbacks, resumingFrom: checkpoint)
    // It had been stopped for good.
    #expect(whole == longer)
  }

  private func score(in folder: String) throws -> [Float] {
    let network = try Network(contentsOf: "\(folder)/gru.keras")
    let reviews = ["Great case, excellent value.", "An awful case."]
    let scores = try network.predict(reviews)
    for (review, score) in zip(reviews, scores) {
      print(score > 0.5 ? "positive" : "negative", score, review)
    }
    #expect(try stepped(network) == scores[0])
    return scores
  }

  private func stepped(_ network: Network) throws -> Float? {
    var predictor = try StepPredictor(network)
    for id in network.textPipeline?.encode(["Great case, excellent value."]).ids ?? [] {
      print(id, try predictor.step(id))
    }
    return predictor.output.first
  }

  @Test func `README shows the lines that are tested here`() throws {
    let readme = String(decoding: try FileBytes.read(Fixtures.path("../README.md")), as: UTF8.self)
    let tested = try String(contentsOfFile: #filePath, encoding: .utf8)
      .replacing("\\(folder)/", with: "").split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    var shown = 0
    for block in readme.components(separatedBy: "```swift\n").dropFirst() {
      let code = try #require(block.components(separatedBy: "```").first)
      for line in code.split(separator: "\n") where !line.contains(".package(") {
        let line = line.trimmingCharacters(in: .whitespaces)
        #expect(tested.contains(line), "README shows a line that no test runs: \(line)")
        shown += 1
      }
    }
    #expect(shown >= 34)
  }
}
