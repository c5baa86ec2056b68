import Foundation
import KerasRuntime
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ctrl-C and TERM during training: what was learned is saved, whole.
@Suite struct InterruptionTests {
  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends training after the batch, and the model is saved`(signal: Int32) throws {
    let tool = try Tool.withTextModel()
    try tool.write("out.keras", "an old file")
    let started = try tool.start([
      "train", "text.keras", "--epochs", "1000000", "--verbose", "2", "--output", "out.keras",
      "--output", "out.h5", "--history", "h.json", "--plot", "p.svg",
    ])
    try started.waitForError("Epoch 2/1000000")
    // Whole until the new one is.
    #expect(try tool.text("out.keras") == "an old file")
    #expect(!tool.exists("out.h5"))
    started.send(signal)
    let run = try started.result()
    #expect(run.status == 128 + signal)
    #expect(run.output == "")
    #expect(
      run.errorLines.last?.wholeMatch(
        of: /stopped after [1-9]\d* whole epochs?; the model is saved/)
        != nil, "\(run.errorLines.last ?? "")")
    #expect(
      try tool.names() == ["h.json", "out.h5", "out.keras", "p.svg", "text.keras"])
    let learned = try Network(contentsOf: tool.path("out.keras")).predict(["good film"])
    #expect(try Network(contentsOf: tool.path("out.h5")).predict(["good film"]) == learned)
    #expect(try learned != Models.scores(["good film"]))
  }

  @Test func `a signal in the first epoch saves too`() throws {
    let tool = try Tool.withTextModel()
    let started = try tool.start([
      "train", "text.keras", "--verbose", "2", "--batch-size", "1", "--epochs", "1000000",
      "--output",
      "out.keras", "--plot", "p.png",
    ])
    try started.waitForError("Epoch 1/1000000")
    started.send(SIGINT)
    let run = try started.result()
    #expect(run.status == 128 + SIGINT)
    #expect(try Network(contentsOf: tool.path("out.keras")).predict(["good film"])[0].isFinite)
  }
}
