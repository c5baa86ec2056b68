import Foundation
import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Synchronization
import Testing

/// Sweeps of a small model: 24 rows of three numbers, whose label is whether the first is positive.
@Suite struct SweepTests {
  private static let data: Dataset = {
    let x = (0..<72).map { Float(($0 * 37) % 19 - 9) / 9 }
    let y = (0..<24).map { x[$0 * 3] > 0 ? Float(1) : 0 }
    do {
      return try Dataset(
        inputs: [NumericArray(shape: [24, 3], .float32(x))],
        targets: NumericArray(shape: [24], .float32(y)))
    } catch {
      fatalError("\(error)")
    }
  }()

  private static let sweep = Sweep(
    axes: [.init("units", ["2", "5"]), .init(Sweep.learningRate, ["0.01", "0.1"])],
    seeds: [1, 2])

  private static func job(_ run: Sweep.Run) throws(KerasError) -> Sweep.Job {
    guard let units = run["units"].flatMap(Int.init),
      let rate = run[Sweep.learningRate].flatMap(Double.init)
    else { throw KerasError(.invalidArgument, run.name) }
    var model = try Model(
      [
        InputLayer(shape: [3]), Dense(units: units, activation: .tanh),
        Dense(units: 1, activation: .sigmoid),
      ], seed: run.seed)
    try model.compile(
      optimizer: RMSprop(learningRate: rate), loss: BinaryCrossentropy(), metrics: ["acc"])
    var settings = FitSettings()
    settings.epochs = 4
    settings.batchSize = 5
    settings.validationSplit = 0.25
    settings.seed = run.seed
    return Sweep.Job(model: model, data: data, settings: settings)
  }

  /// Without the times, which differ from call to call.
  private func lines(_ result: SweepResult) -> [String] {
    result.runs.map { "\($0.run.name) \($0.history.series) \(String(describing: $0.guesses))" }
  }

  private func temporaryFolder() -> String {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("hornbill-sweep-\(UUID().uuidString)").path
  }

  @Test func `every combination runs with every seed, seed by seed`() {
    #expect(
      Self.sweep.runs.map(\.name) == [
        "units=2,learning-rate=0.01,seed=1", "units=2,learning-rate=0.1,seed=1",
        "units=5,learning-rate=0.01,seed=1", "units=5,learning-rate=0.1,seed=1",
        "units=2,learning-rate=0.01,seed=2", "units=2,learning-rate=0.1,seed=2",
        "units=5,learning-rate=0.01,seed=2", "units=5,learning-rate=0.1,seed=2",
      ])
  }

  @Test func `side by side or one by one, the bits are the same`() async throws {
    let one = try await Self.sweep.run(threads: 1, prepare: Self.job)
    let four = try await Self.sweep.run(threads: 4, prepare: Self.job)
    #expect(one.isWhole && one.runs.count == 8)
    #expect(lines(one) == lines(four))
    // The rates do make a difference.
    #expect(one.runs[0].history["loss"] != one.runs[1].history["loss"])
  }

  @Test func `a seed starts from the same weights at every rate`() throws {
    let runs = Self.sweep.runs
    let weights = try runs.map { try Self.job($0).model.network.parameters.values(0) }
    #expect(weights[0] == weights[1] && weights[2] == weights[3])
    #expect(weights[0] != weights[4])
  }

  @Test func `a sweep that was stopped goes on and ends as if it had not been`() async throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let whole = try await Self.sweep.run(threads: 2, prepare: Self.job)
    let ended = Atomic<Int>(0)
    let part = try await Self.sweep.run(
      keptIn: folder, threads: 1,
      isInterrupted: { ended.load(ordering: .relaxed) >= 3 },
      report: { if case .ended = $0 { ended.add(1, ordering: .relaxed) } }, prepare: Self.job)
    #expect(part.runs.count == 3 && !part.isWhole)
    let kept = Atomic<Int>(0)
    let rest = try await Self.sweep.run(
      keptIn: folder, threads: 2,
      report: { if case .kept = $0 { kept.add(1, ordering: .relaxed) } }, prepare: Self.job)
    #expect(kept.load(ordering: .relaxed) == 3)
    #expect(lines(rest) == lines(whole))
    // Read back from disk, all of it.
    let again = try await Self.sweep.run(keptIn: folder, prepare: Self.job)
    #expect(again.json == rest.json && again.csv == rest.csv)
  }

  @Test func `a run of other settings is made anew`() async throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let small = Sweep(
      axes: [.init("units", ["2"]), .init(Sweep.learningRate, ["0.1"])], seeds: [1])
    _ = try await small.run(keptIn: folder, prepare: Self.job)
    let longer = try await small.run(keptIn: folder) { run throws(KerasError) in
      var job = try Self.job(run)
      job.settings.epochs = 6
      return job
    }
    #expect(longer.runs[0].history.epochs.count == 6)
  }

  @Test func `a damaged run is an error that names its file`() async throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let small = Sweep(
      axes: [.init("units", ["2"]), .init(Sweep.learningRate, ["0.1"])], seeds: [1])
    _ = try await small.run(keptIn: folder, prepare: Self.job)
    let path = "\(folder)/units=2,learning-rate=0.1,seed=1.json"
    try Data("{\"seed\": 1}".utf8).write(to: URL(fileURLWithPath: path))
    await #expect(throws: KerasError.self) {
      _ = try await small.run(keptIn: folder, prepare: Self.job)
    }
    do {
      _ = try await small.run(keptIn: folder, prepare: Self.job)
    } catch {
      #expect(error.description.hasPrefix(path))
      #expect(error.description.contains("delete this file"), "\(error)")
    }
    // Before any run, so that none is lost.
    let began = Atomic<Int>(0)
    let all = Sweep(
      axes: [.init("units", ["5", "2"]), .init(Sweep.learningRate, ["0.01", "0.1"])], seeds: [1])
    await #expect(throws: KerasError.self) {
      _ = try await all.run(
        keptIn: folder, report: { if case .began = $0 { began.add(1, ordering: .relaxed) } },
        prepare: Self.job)
    }
    #expect(began.load(ordering: .relaxed) == 0)
  }

  @Test func `the first error ends a sweep`() async throws {
    await #expect(throws: KerasError.self) {
      _ = try await Self.sweep.run(threads: 2) { run throws(KerasError) in
        if run.seed == 2 { throw KerasError(.invalidData, "no") }
        return try Self.job(run)
      }
    }
  }

  @Test func `a loss that is no number ends its run alone`() async throws {
    let result = try await Sweep(axes: [.init(Sweep.learningRate, ["0.1", "1e38"])], seeds: [1])
      .run { run throws(KerasError) in
        var job = try Self.job(
          Sweep.Run(settings: run.settings + [.init("units", "2")], seed: run.seed))
        job.settings.epochs = 5
        job.model = try Model([InputLayer(shape: [3]), Dense(units: 1)], seed: run.seed)
        try job.model.compile(
          optimizer: SGD(learningRate: Double(run[Sweep.learningRate] ?? "") ?? 0), loss: "mse")
        return job
      }
    #expect(result.runs[0].history.epochs.count == 5)
    #expect(result.runs[1].history.epochs.count < 5)
    #expect(result.runs[1].outcome(Plateau()) == .diverged)
    // JSON has no word for such a number.
    let text = result.json.pythonText()
    #expect(!text.contains("NaN") && !text.contains("Infinity") && text.contains("null"))
  }

  @Test func `a kept run whose loss is no number is read back as it was`() async throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let sweep = Sweep(axes: [.init(Sweep.learningRate, ["1e38"])], seeds: [1])
    let prepare: @Sendable (Sweep.Run) throws(KerasError) -> Sweep.Job = { run throws(KerasError) in
      var job = try Self.job(Sweep.Run(settings: run.settings + [.init("units", "2")], seed: 1))
      job.model = try Model([InputLayer(shape: [3]), Dense(units: 1)], seed: 1)
      try job.model.compile(optimizer: SGD(learningRate: 1e38), loss: "mse")
      return job
    }
    let first = try await sweep.run(keptIn: folder, prepare: prepare)
    let again = try await sweep.run(keptIn: folder, prepare: prepare)
    #expect(first.json == again.json && first.csv == again.csv)
    #expect(again.runs[0].outcome(Plateau()) == .diverged)
    let kept = try String(
      contentsOfFile: "\(folder)/learning-rate=1e38,seed=1.json", encoding: .utf8)
    #expect(!kept.contains("NaN") && !kept.contains("Infinity"))
  }

  @Test func `folders that cannot be written to are found out before any run`() async throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Where a run's file belongs lies a folder, and a file where TensorBoard's folder belongs.
    let run = Self.sweep.runs[0].name
    try FileManager.default.createDirectory(
      atPath: "\(folder)/runs/\(run).json", withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: "\(folder)/events"))
    let began = Atomic<Int>(0)
    for (runs, events) in [("\(folder)/runs", nil), ("\(folder)/other", "\(folder)/events")] {
      await #expect(throws: KerasError.self) {
        _ = try await Self.sweep.run(
          keptIn: runs, tensorBoard: events,
          report: { if case .began = $0 { began.add(1, ordering: .relaxed) } },
          prepare: Self.job)
      }
    }
    #expect(began.load(ordering: .relaxed) == 0)
  }

  @Test func `the report is whole: a page, two pictures, two tables`() async throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let result = try await Self.sweep.run(prepare: Self.job)
    try SweepReport.prepareFolder(folder)
    try SweepReport(result, lead: "a & b").write(to: folder)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        == SweepReport.files.sorted())
    let csv = try String(contentsOfFile: "\(folder)/runs.csv", encoding: .utf8)
    #expect(csv.split(separator: "\n").count == 9)
    #expect(csv.hasPrefix("units,learning-rate,seed,outcome,left_plateau,best_val_loss,"))
    let html = try String(contentsOfFile: "\(folder)/report.html", encoding: .utf8)
    #expect(!html.contains("http"))
    // Two overviews of two panels, and loss and accuracy of four settings.
    #expect(html.components(separatedBy: "<svg role=\"img\"").count - 1 == 2 * 2 + 2 * 4)
  }
}
