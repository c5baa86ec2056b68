import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Training that is killed and goes on: `train --resume`, `--backup`.
///
/// `HORNBILL_REPEAT=20` kills each run so many times over, at moments of its own.
@Suite struct ResumeTests {
  private static let repetitions =
    ProcessInfo.processInfo.environment["HORNBILL_REPEAT"].flatMap(Int.init) ?? 1

  struct Way: Sendable, CustomTestStringConvertible {
    /// What ends the runs.
    let signal: Int32
    let threads: Int
    let generation: String
    /// Whether `--backup` goes on, not `--resume`.
    let usesBackup: Bool

    var testDescription: String {
      "\(signal == SIGKILL ? "KILL" : "TERM"), \(threads) threads, Keras \(generation)"
        + (usesBackup ? ", --backup" : "")
    }

    static let all = [
      Way(signal: SIGTERM, threads: 1, generation: "3", usesBackup: false),
      Way(signal: SIGKILL, threads: 2, generation: "3", usesBackup: false),
      Way(signal: SIGKILL, threads: 1, generation: "2", usesBackup: false),
      Way(signal: SIGTERM, threads: 2, generation: "2.15", usesBackup: true),
      Way(signal: SIGKILL, threads: 1, generation: "3", usesBackup: true),
    ]
  }

  /// 96 rows of 12 words, and a model with dropout for each generation.
  private func tool(_ generation: String) throws -> Tool {
    let tool = try Tool()
    var ids: [Float] = []
    var targets: [Float] = []
    for index in 0..<96 * 12 {
      let id = (index * index * 3 + index / 7) % 19
      ids.append(Float(id))
      if index % 12 == 0 { targets.append(Float(id % 2)) }
    }
    try tool.write("x.npy", [96, 12], ids)
    try tool.write("y.npy", [96], targets)
    let keras = try #require(Generation(rawValue: generation))
    var model = try Model(
      [
        Embedding(inputDim: 19, outputDim: 8, maskZero: true), GRU(units: 16),
        Dropout(rate: 0.25), Dense(units: 1, activation: .sigmoid),
      ], seed: 4, generation: keras)
    try model.compile(
      optimizer: Adam(learningRate: 0.02), loss: BinaryCrossentropy(), metrics: ["acc"])
    try model.save(tool.path("start.\(ending(generation))"))
    return tool
  }

  private func ending(_ generation: String) -> String { generation == "2" ? "h5" : "keras" }

  private func settings(_ way: Way) -> [String] {
    [
      "--x", "x.npy", "--y", "y.npy", "--threads", "\(way.threads)", "--verbose", "2", "--output",
      "out.keras", "--history", "h.json",
    ]
  }

  private func command(_ way: Way) -> [String] {
    let start = [
      "train", "start.\(ending(way.generation))", "--keras", way.generation, "--epochs", "10",
      "--batch-size", "4", "--validation-split", "0.25", "--seed", "11", "--csv-log", "log.csv",
      "--reduce-lr-on-plateau", "monitor=loss,factor=0.7,patience=1,min-delta=0.01",
      "--early-stopping", "patience=20,restore-best-weights",
    ]
    let keeping =
      way.usesBackup
      ? ["--backup", "backup,save-freq=5"] : ["--checkpoint", "run.keras,save-freq=5"]
    return start + keeping + settings(way)
  }

  private func withoutTimes(_ history: String) throws -> JSONObject {
    var object = try #require(JSON(parsing: history).object)
    object["seconds"] = nil
    return object
  }

  @Test(arguments: Way.all)
  func `10 epochs are the 10 epochs of a run that was ended twice`(way: Way) throws {
    let straight = try tool(way.generation)
    let whole = try straight.start(command(way)).result()
    #expect(whole.status == 0, "\(whole.error)")
    let state = way.usesBackup ? "backup/backup.keras" : "run.keras"
    for _ in 0..<Self.repetitions {
      let tool = try tool(way.generation)
      var arguments = command(way)
      for epoch in [4, 8] {
        let started = try tool.start(arguments)
        try started.waitForError("Epoch \(epoch)/10")
        usleep(UInt32.random(in: 0..<20_000))
        started.send(way.signal)
        let run = try started.result()
        let expected = way.signal == SIGKILL ? -SIGKILL : 128 + SIGTERM
        #expect(run.status == expected, "\(run.error)")
        if way.usesBackup { continue }
        // Stopped by TERM, the model that is saved knows more than the last checkpoint.
        let file = way.signal == SIGTERM ? "out.keras" : state
        arguments = ["train", "--resume", file] + settings(way)
      }
      let last = try tool.start(arguments).result()
      #expect(last.status == 0, "\(last.error)")
      #expect(try tool.data("out.keras") == straight.data("out.keras"))
      #expect(try tool.data("log.csv") == straight.data("log.csv"))
      #expect(try withoutTimes(tool.text("h.json")) == withoutTimes(straight.text("h.json")))
      if !way.usesBackup {
        // The last checkpoint holds the optimizer's slots as they are before the end.
        let (one, other) = try (slots(tool, state), slots(straight, state))
        #expect(one == other && !one.isEmpty)
      }
    }
  }

  private func slots(_ tool: Tool, _ file: String) throws -> [[UInt8]] {
    let archive = try ZipArchive(reading: Array(tool.data(file)))
    return try archive.members.filter { $0.name.hasPrefix("hornbill.training/slot_") }
      .map { member throws(KerasError) in try archive.bytes(of: member) }
  }

  @Test func `a file that Keras saved goes on with its optimizer's state`() throws {
    let tool = try Tool()
    try tool.write("k.keras", Models.bytes(Models.fixture("model.keras")))
    try tool.write("x.npy", [8, 9], (0..<72).map { Float($0 % 30) })
    try tool.write("y.npy", [8], (0..<8).map { Float($0 % 2) })
    let run = try tool.run(
      "train", "--resume", "k.keras", "--initial-epoch", "3", "--epochs", "4", "--x", "x.npy",
      "--y", "y.npy", "--output", "o.keras", "--verbose", "2")
    #expect(run.status == 0, "\(run.error)")
    #expect(
      run.errorLines.first
        == "k.keras: holds no state of training beside the optimizer's; a new run goes on from it")
    #expect(run.error.contains("Epoch 4/4\n"))
    let before = try ModelFile.read(tool.path("k.keras")).training?.optimizer.iterations
    let after = try ModelFile.read(tool.path("o.keras")).training?.optimizer.iterations
    #expect(try #require(before) > 0)
    #expect(try #require(after) == #require(before) + 1)
  }

  @Test func `what does not go with a run that goes on is refused in one line`() throws {
    let tool = try tool("3")
    let way = Way.all[0]
    let made = try tool.start(
      command(way) + ["--epochs", "1"]
    ).result()
    #expect(made.status == 0, "\(made.error)")
    let rest = ["--x", "x.npy", "--y", "y.npy", "--output", "o.keras"]
    func refusal(_ arguments: [String]) throws -> String {
      let run = try tool.start(["train", "--resume", "run.keras"] + arguments).result()
      #expect(run.status != 0)
      return String(run.errorLines.last ?? "")
    }
    #expect(
      try refusal(rest + ["--optimizer", "sgd"])
        == "hornbill: --resume: a run goes on with its own optimizer, loss, metrics and arithmetic; "
        + "leave those flags out")
    #expect(
      try refusal(rest + ["--epochs", "3", "--batch-size", "8"])
        == "hornbill: run.keras: batch size 8 but the run that stopped had 4; a run goes on only "
        + "with the same settings and data")
    try tool.write("y.npy", [96], (0..<96).map { Float($0 % 2) })
    #expect(
      try refusal(rest + ["--epochs", "3"]).contains(
        "run.keras: these are not the rows to train on"))
    #expect(!tool.exists("o.keras"))
  }
}
