import KerasFormat
import KerasLaboratory
import KerasTrain
import Testing

/// Verdicts on curves that are made up, whose outcome can be read off.
@Suite struct SweepVerdictTests {
  private let guess = ConstantPredictor.Losses(training: 0.693, validation: 0.693)

  private func run(
    _ rate: String, _ seed: UInt64, loss: [Double], validation: [Double], model: String = "gru"
  ) throws -> SweepRun {
    SweepRun(
      run: Sweep.Run(
        settings: [.init("architecture", model), .init(Sweep.learningRate, rate)], seed: seed),
      history: try History(json: [
        "loss": .array(loss.map(JSON.number)), "val_loss": .array(validation.map(JSON.number)),
        "epoch": .array(loss.indices.map(JSON.integer)),
        "seconds": .array(loss.map { _ in 0.1 }),
      ]), guesses: guess, seconds: 1)
  }

  private func result(_ runs: [SweepRun], rates: [String], models: [String] = ["gru"])
    -> SweepResult
  {
    SweepResult(
      sweep: Sweep(
        axes: [.init("architecture", models), .init(Sweep.learningRate, rates)],
        seeds: Array(Set(runs.map(\.run.seed))).sorted()),
      runs: runs)
  }

  private let still = [0.693, 0.693, 0.693, 0.693]
  private let learning = [0.693, 0.69, 0.5, 0.4]
  private let quick = [0.5, 0.4, 0.3, 0.2]

  @Test func `it says where the plateau ends soonest, and what became of the others`() throws {
    let verdict = result(
      [
        try run("0.0001", 1, loss: still, validation: still),
        try run("0.001", 1, loss: learning, validation: learning),
        try run("0.01", 1, loss: quick, validation: [0.64, 0.6, 0.7, 0.9]),
        try run("0.05", 1, loss: quick, validation: [0.69, 0.9, 1.2, 1.5]),
        try run("0.1", 1, loss: [0.8, 0.9, 2, 3], validation: [1, 2, 3, 4]),
      ], rates: ["0.0001", "0.001", "0.01", "0.05", "0.1"]
    ).verdict
    #expect(
      verdict == [
        "gru: The plateau ends soonest at learning rate 0.01: in epoch 1. Elsewhere: 3 at 0.001. "
          + "Still at a guess's loss after 4 epochs: 0.0001. "
          + "Learned by heart (only the loss of the rows it learns from falls): 0.05. Diverged: 0.1.",
        "Lowest validation loss of all: 0.400, with gru, learning-rate 0.001.",
      ])
  }

  @Test func `over seeds it says the median and each of them`() throws {
    let verdict = result(
      [
        try run("0.001", 1, loss: learning, validation: learning),
        try run("0.001", 2, loss: quick, validation: quick),
        try run("0.001", 3, loss: still, validation: still),
      ], rates: ["0.001"]
    ).verdict
    #expect(
      verdict == [
        "gru: The plateau ends at learning rate 0.001: in epoch 3 (median; by seed 3, 1, never). "
          + "Still at a guess's loss after 4 epochs: 0.001 (1 of 3)."
      ])
  }

  @Test func `where nothing stands still it says so`() throws {
    let verdict = result(
      [
        try run("0.01", 1, loss: quick, validation: quick),
        try run("0.1", 1, loss: quick, validation: quick),
      ], rates: ["0.01", "0.1"]
    ).verdict
    #expect(verdict[0] == "gru: Nothing stands still: all runs learn by epoch 2.")
  }

  /// Runs of one rate under other settings.
  private func varied(
    _ axis: String, _ runs: [(value: String, losses: [Double], guess: Double)]
  ) throws -> SweepResult {
    let made = try runs.map { entry in
      let base = try run("0.01", 1, loss: entry.losses, validation: entry.losses)
      return SweepRun(
        run: Sweep.Run(
          settings: [.init(axis, entry.value), .init(Sweep.learningRate, "0.01")], seed: 1),
        history: base.history,
        guesses: .init(training: entry.guess, validation: entry.guess), seconds: 1)
    }
    return SweepResult(
      sweep: Sweep(
        axes: [.init(axis, runs.map(\.value)), .init(Sweep.learningRate, ["0.01"])], seeds: [1]),
      runs: made)
  }

  @Test func `losses of another scale are not compared`() throws {
    let result = try varied(
      "loss", [("mse", [0.25, 0.2, 0.1, 0.05], 0.25), ("mae", [0.5, 0.4, 0.3, 0.2], 0.5)])
    let verdict = result.verdict
    #expect(!verdict.contains { $0.contains("of all") }, "\(verdict)")
    #expect(
      verdict.last == "Losses are not compared over all settings: loss changes what a loss is.")
    #expect(result.table.highlighted.isEmpty)
  }

  @Test func `runs of other lengths are not compared`() throws {
    let result = try varied(
      "epochs", [("2", [0.6, 0.5], 0.693), ("4", [0.6, 0.5, 0.4, 0.3], 0.693)])
    let verdict = result.verdict
    #expect(!verdict.contains { $0.contains("of all") }, "\(verdict)")
    #expect(
      verdict.last
        == "Losses are not compared over all settings: epochs changes for how long a loss may fall."
    )
  }

  @Test func `a run says for how many epochs it stood still itself`() throws {
    let verdict = try varied(
      "epochs", [("2", [0.693, 0.693], 0.693), ("4", still, 0.693)]
    ).verdict
    #expect(verdict[0].contains("after 2 epochs") && verdict[1].contains("after 4 epochs"))
  }

  @Test func `settings of one scale are compared in each`() throws {
    let runs = try [
      ("mse", "0.01", [0.2, 0.1]), ("mse", "0.1", [0.2, 0.05]), ("mae", "0.01", [0.4, 0.3]),
      ("mae", "0.1", [0.4, 0.2]),
    ].map { loss, rate, losses in
      let guess = loss == "mse" ? 0.25 : 0.5
      return SweepRun(
        run: Sweep.Run(
          settings: [.init("loss", loss), .init(Sweep.learningRate, rate)], seed: 1),
        history: try run(rate, 1, loss: losses, validation: losses).history,
        guesses: .init(training: guess, validation: guess), seconds: 1)
    }
    let result = SweepResult(
      sweep: Sweep(
        axes: [.init("loss", ["mse", "mae"]), .init(Sweep.learningRate, ["0.01", "0.1"])],
        seeds: [1]), runs: runs)
    #expect(result.table.highlighted == [1, 3])
    #expect(result.verdict.contains { $0.contains("0.0500") || $0.contains("0.050") })
  }

  @Test func `where a guess is never wrong it says so`() throws {
    let result = try varied("padding", [("pre", [0.4, 0.2, 0.1, 0.05], 1e-7)])
    #expect(
      result.verdict == [
        "padding pre: A guess's loss is 0: all targets are alike, and there is nothing to learn."
      ])
  }

  @Test func `runs that are missing are counted`() throws {
    let verdict = result(
      [try run("0.01", 1, loss: still, validation: still)], rates: ["0.01", "0.1"]
    ).verdict
    #expect(verdict.first?.contains("The plateau ends in no setting.") ?? false)
    #expect(verdict.last == "1 of 2 runs are missing.")
  }

  @Test func `medians of an even number lie between the middle two`() {
    #expect(Median.of([3, 1, 2]) == 2 && Median.of([4, 1, 2, 3]) == 2.5 && Median.of([]) == nil)
    #expect(Median.text(ofEpochs: [21, 19, 24]) == "21")
    #expect(Median.text(ofEpochs: [21, 20]) == "20.5" && Median.text(ofEpochs: [21, 19]) == "20")
    #expect(Median.text(ofEpochs: [nil, 19]) == "19 or never")
    #expect(Median.text(ofEpochs: [nil, 19, nil]) == "never")
    #expect(Median.text(ofEpochs: [nil, 19, 3]) == "19")
  }
}
