import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import Synchronization
import TestSupport
import Testing

/// One callback of a real Keras, fed scripted logs: `fixtures/callbacks/<generation>/cases.json`.
struct CallbackCase: Sendable, CustomTestStringConvertible {
  let generation: Generation
  let facts: JSONObject
  let sequence: [[(name: String, value: Double)]]

  var testDescription: String {
    "\(generation.rawValue) \(facts["callback"]?.string ?? "") "
      + "\(facts["sequence"]?.string ?? "") \(facts["options"]?.pythonText() ?? "")"
  }

  static let all: [CallbackCase] = Generation.allCases.flatMap { generation in
    let path = Fixtures.path("callbacks/\(generation.rawValue)/cases.json")
    guard let file = try? JSON(parsing: FileBytes.read(path)).object else {
      return [CallbackCase]()
    }
    return (file["cases"]?.array ?? []).compactMap { entry in
      guard let facts = entry.object, let name = facts["sequence"]?.string,
        let epochs = file["sequences"]?.object?[name]?.array
      else { return nil }
      return CallbackCase(
        generation: generation, facts: facts,
        sequence: epochs.map { epoch in
          (epoch.array ?? []).map { ($0.array?[0].string ?? "", $0.array?[1].number ?? 0) }
        })
    }
  }

  func strings(_ key: String) -> [String] { facts[key]?.array?.compactMap(\.string) ?? [] }
}

/// Puts the script's logs in the place of the measured ones, and the epoch's number into all
/// weights.
private final class Script: Callback {
  private let epochs: [[(name: String, value: Double)]]
  private let without: [String]

  init(_ epochs: [[(name: String, value: Double)]], without: [String]) {
    self.epochs = epochs
    self.without = without
  }

  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) throws(KerasError) {
    let number = Float(epoch + 1)
    try run.setFlatWeights(run.flatWeights.map { _ in number })
    logs = Logs(epochs[epoch].filter { !without.contains($0.name) })
  }
}

/// Notes what is there once an epoch's callbacks have had their turn.
private final class Recorder: Callback {
  struct Entry: Equatable {
    var rate: Double
    var logs: [String]
    var files: [String]
  }

  private(set) var entries: [Entry] = []
  private var names: [String] = []
  private let files: () -> [String]

  init(files: @escaping () -> [String]) { self.files = files }

  func onEpochBegin(_ epoch: Int, _ run: TrainingRun) { if epoch > 0 { note(run) } }

  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) {
    names = logs.names.sorted()
  }

  func onTrainEnd(_ run: TrainingRun) { note(run) }

  private func note(_ run: TrainingRun) {
    entries.append(Entry(rate: run.learningRate, logs: names, files: files()))
  }
}

/// Lines from several callbacks, in order.
final class Listener: Sendable {
  private let lines = Mutex<[String]>([])
  var heard: [String] { lines.withLock { $0 } }
  func hear(_ line: String) { lines.withLock { $0.append(line) } }
}

@Suite struct CallbackFixtureTests {
  @Test func `more than 60 cases of each of four generations are there`() {
    for generation in Generation.allCases {
      #expect(CallbackCase.all.filter { $0.generation == generation }.count > 50, "\(generation)")
    }
  }

  @Test(arguments: CallbackCase.all)
  func `a callback decides, says and writes what Keras's does`(_ testCase: CallbackCase) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/hornbill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let facts = testCase.facts
    var options = try #require(facts["options"]?.object)
    for key in ["filepath", "filename"] {
      if let name = options[key]?.string { options[key] = .string("\(folder)/\(name)") }
    }
    if let text = facts["existing"]?.string {
      try AtomicFile.write(Array(text.utf8), to: "\(folder)/log.csv")
    }

    var model = try Model(
      [InputLayer(shape: [1]), Dense(units: 1)], seed: 1, generation: testCase.generation)
    try model.compile(
      optimizer: SGD(learningRate: 0.1), loss: MeanSquaredError(), metrics: ["acc", "mae"])
    let zeros = NumericArray(shape: [4, 1], .float32([0, 0, 0, 0]))
    let data = try Dataset(inputs: [zeros], targets: zeros)
    var callbacks: [any Callback] = [
      Script(testCase.sequence, without: testCase.strings("without"))
    ]
    for before in facts["before"]?.array ?? [] {
      callbacks.append(
        try CallbackRegistry.callback(
          #require(before.array?[0].string), config: #require(before.array?[1].object)))
    }
    callbacks.append(
      try CallbackRegistry.callback(#require(facts["callback"]?.string), config: options))
    let recorder = Recorder { Self.files(in: folder) }
    callbacks.append(recorder)
    let (said, warned) = (Listener(), Listener())
    var settings = FitSettings()
    settings.batchSize = 2
    settings.epochs = testCase.sequence.count
    settings.report = { said.hear($0) }
    settings.warn = { warned.hear($0) }
    try model.fit(data, settings: settings, callbacks: callbacks)

    let expected = (facts["epochs"]?.array ?? []).map { epoch in
      Recorder.Entry(
        rate: epoch.object?["rate"]?.number ?? -1,
        logs: epoch.object?["logs"]?.array?.compactMap(\.string) ?? [],
        files: epoch.object?["files"]?.array?.compactMap(\.string) ?? [])
    }
    #expect(recorder.entries.count == expected.count, "it stopped after another epoch")
    for (epoch, (found, wanted)) in zip(recorder.entries, expected).enumerated() {
      #expect(found == wanted, "epoch \(epoch)")
    }
    let lines = said.heard.map { $0.replacing(folder + "/", with: "") + "\n" }.joined()
    #expect(lines == facts["output"]?.string)
    #expect(Set(warned.heard) == Set(testCase.strings("warnings")))
    let weight = model.network.parameters.values(0)[0]
    #expect(Int(weight) - 1 == facts["weights_of_epoch"]?.integer)
    for (name, content) in (facts["content"]?.object ?? [:]).members {
      let bytes = try FileBytes.read("\(folder)/\(name)")
      #expect(String(decoding: bytes, as: UTF8.self) == content.string)
    }
  }

  private static func files(in folder: String) -> [String] {
    (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
      .filter {
        !((try? FileManager.default.attributesOfItem(atPath: "\(folder)/\($0)"))?[.type]
          as? FileAttributeType == .typeDirectory)
      }.sorted()
  }
}
