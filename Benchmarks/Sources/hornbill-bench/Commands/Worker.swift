import ArgumentParser
import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain

/// `hornbill-bench worker`: does works that `peers/run.py` sends, one line of JSON each, and
/// answers with the seconds that a run took. Every framework has such a worker, and their runs
/// alternate.
struct Worker: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Do works that come on standard input, for comparisons.", shouldDisplay: false)

  @Option(help: "Cores to use.")
  var threads = 1

  func run() throws {
    let channel = Channel()
    while let command = channel.next() {
      switch command.object?["op"]?.string {
      case "hello":
        channel.answer([
          "versions": ["hornbill": "this tree"],
          "setting": .string("\(InstructionSet.current.name), release build"),
          "machine": Machine.json,
        ])
      case "prepare":
        do throws(KerasError) {
          let work = try Work(command.object?["work"] ?? .null)
          try serve(work, channel)
        } catch {
          channel.answer(["error": .string("\(error)")])
        }
      default: channel.answer(["error": "unknown op"])
      }
    }
  }

  private func serve(_ work: Work, _ channel: Channel) throws(KerasError) {
    switch work.kind {
    case .train: try train(work, channel)
    case .single:
      let scorer = Scorer(try work.model.compiled(weights: work.weights).network)
      let rows = Work.rows(of: work.x)
      try channel.serve(items: Double(rows.count)) { () throws(KerasError) in
        for row in rows { _ = try scorer.predictor.score(row) }
      }
    case .predict:
      let network = try work.model.compiled(weights: work.weights).network
      let scorer = Scorer(network, crew: Crew(threads: threads))
      try channel.serve(items: Double(work.x.shape[0])) { () throws(KerasError) in
        _ = try scorer.predictor.predict([work.x], batchSize: work.batch)
      }
    }
  }

  /// One `fit` whose epochs are the runs, so that what it does once is not timed.
  private func train(_ work: Work, _ channel: Channel) throws(KerasError) {
    guard let y = work.y else {
      throw KerasError(.invalidData, "no targets to train on")
    }
    var model = try work.model.compiled(weights: work.weights, length: work.x.shape[1])
    let data = try Dataset(inputs: [work.x], targets: y)
    let settings = FitSettings.measuring(
      epochs: 1_000_000, batchSize: work.batch, threads: threads)
    channel.answer(["ready": true])
    try model.fit(data, settings: settings, callbacks: [EpochOnDemand(channel)])
  }
}

/// Trains an epoch when the other side says so.
private final class EpochOnDemand: Callback {
  private let channel: Channel
  private let clock = EpochClock()
  private var isTimed = false

  init(_ channel: Channel) { self.channel = channel }

  func onEpochBegin(_ epoch: Int, _ run: TrainingRun) {
    // The first time nothing stands between this and the command; later ones were awaited below.
    if epoch == 0 { isTimed = channel.waitForRun() }
    clock.onEpochBegin(epoch, run)
  }

  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) {
    clock.onEpochEnd(epoch, &logs, run)
    if isTimed {
      channel.answer([
        "seconds": .number(clock.times.last ?? .nan),
        "processor": .number(clock.processorTimes.last ?? .nan),
        "loss": .number(logs["loss"] ?? .nan),
      ])
    }
    isTimed = isTimed && channel.waitForRun()
    if !isTimed { run.stopTraining = true }
  }
}

/// Lines of JSON on standard input and output.
private final class Channel {
  private var pending: JSON?

  func next() -> JSON? {
    if let pending {
      self.pending = nil
      return pending
    }
    while let line = readLine() {
      if let json = try? JSON(parsing: line) { return json }
    }
    return nil
  }

  func answer(_ json: JSON) {
    print(json.pythonText())
    fflush(nil)
  }

  /// Whether the next command is to run again; any other one is kept.
  func waitForRun() -> Bool {
    guard let command = next() else { return false }
    if command.object?["op"]?.string == "run" { return true }
    pending = command
    return false
  }

  /// Answers to each command to run with the seconds that one item took.
  func serve(
    items: Double, _ body: () throws(KerasError) -> Void
  ) throws(KerasError) {
    answer(["ready": true])
    while waitForRun() {
      let meter = Meter()
      try body()
      answer([
        "seconds": .number(meter.seconds / items), "processor": .number(meter.processor / items),
      ])
    }
  }
}
