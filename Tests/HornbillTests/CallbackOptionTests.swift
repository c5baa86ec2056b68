import Foundation
import KerasFormat
import TestSupport
import Testing

/// `--early-stopping 'patience=5,restore-best-weights'` and its like: what they do and what they
/// refuse.
@Suite struct CallbackOptionTests {
  private let tool: Tool

  init() throws {
    tool = try Tool.withTextModel()
    try tool.write(
      "data.tsv",
      (0..<10).map { $0 % 2 == 0 ? "good \($0)\t1" : "bad \($0)\t0" }.joined(separator: "\n"))
  }

  private func refusal(_ flag: String, _ text: String) throws -> String {
    let line = try tool.failure(
      2, "train", "text.keras", "--data", "data.tsv", "--output", "o.keras", flag, text)
    return line.replacing("; see 'hornbill help train'", with: "")
  }

  @Test func `a wrong option is refused with what was meant`() throws {
    #expect(
      try refusal("--early-stopping", "patiance=2")
        == "--early-stopping: unknown option 'patiance'; did you mean 'patience'?")
    #expect(
      try refusal("--early-stopping", "patience=soon")
        == "--early-stopping/patience: \"soon\" but a whole number belongs here")
    #expect(
      try refusal("--early-stopping", "patience=-1")
        == "--early-stopping/patience: -1 but it cannot be negative")
    #expect(
      try refusal("--early-stopping", "mode=mni")
        == "--early-stopping/mode: 'mni' but it is auto, min, max; did you mean 'min'?")
    #expect(
      try refusal("--early-stopping", "patience=1,patience=2")
        == "--early-stopping/patience: given twice")
    #expect(
      try refusal("--reduce-lr-on-plateau", "factor=2")
        == "--reduce-lr-on-plateau/factor: 2.0 but it is below 1")
    #expect(
      try refusal("--reduce-lr-on-plateau", "min-lr=small")
        == "--reduce-lr-on-plateau/min-lr: \"small\" but a number belongs here")
    #expect(
      try refusal("--checkpoint", "m.onnx,save-best-only")
        == "--checkpoint/filepath: 'm.onnx' but its name ends in .keras, .h5, .hdf5 or .weights.h5")
    #expect(
      try refusal("--checkpoint", "m.keras,save-best-onli")
        == "--checkpoint: unknown option 'save-best-onli'; did you mean 'save-best-only'?")
    #expect(
      try refusal("--checkpoint", "m.keras,save-freq=often")
        == "--checkpoint/save-freq: \"often\" but it is 'epoch' or a number of batches")
    #expect(
      try refusal("--tensorboard", "tb,write-images")
        == "--tensorboard/write-images: true, which is not supported")
  }

  @Test func `callbacks leave what they are asked for`() throws {
    let run = try tool.start([
      "train", "text.keras", "--data", "data.tsv", "--test-split", "0", "--validation-split", "0.4",
      "--batch-size", "2", "--epochs", "3", "--output", "o.keras", "--verbose", "0",
      "--checkpoint", "best.keras,save-best-only,monitor=val_acc,mode=max,verbose",
      "--checkpoint", "e{epoch:02d}.weights.h5,save-weights-only",
      "--csv-log", "log.csv,separator=;", "--tensorboard", "tb", "--terminate-on-nan",
    ]).result()
    #expect(run.status == 0, "\(run.error)")
    #expect(run.error.contains("\nEpoch 1: val_acc improved from None to "))
    for name in ["best.keras", "e01.weights.h5", "e03.weights.h5", "tb/train", "tb/validation"] {
      #expect(tool.exists(name), "\(name)")
    }
    #expect(
      try tool.text("log.csv").hasPrefix("epoch;acc;loss;val_acc;val_loss\r\n0;"))
  }

  @Test func `a file name that asks for what is not measured is refused`() throws {
    let run = try tool.start([
      "train", "text.keras", "--data", "data.tsv", "--test-split", "0", "--output", "o.keras",
      "--verbose", "0", "--checkpoint", "{val_los:.2f}.keras", "--validation-split", "0.4",
    ]).result()
    #expect(run.status == 2)
    let said = String(try #require(run.errorLines.last))
    let expected: String =
      "hornbill: ModelCheckpoint/filepath: '{val_los:.2f}.keras' asks for 'val_los', which the "
      + "logs do not have; did you mean 'val_loss'?"
    #expect(said == expected)
  }
}

/// What training prints, against what each real Keras printed:
/// `fixtures/callbacks/<generation>/fit.json`.
@Suite struct KerasProgressTests {
  @Test(arguments: Generation.allCases, [1, 2, 3])
  func `lines are those of the model's Keras`(generation: Generation, verbose: Int) throws {
    for epochs in [1, 2] {
      let key = "\(verbose)/\(epochs)"
      #expect(try differences(generation, ["--verbose", "\(verbose)"], epochs, key) == [])
    }
  }

  @Test(arguments: Generation.allCases)
  func `the learning rate stands where Keras prints it`(generation: Generation) throws {
    let flags = ["--verbose", "2", "--reduce-lr-on-plateau", ""]
    #expect(try differences(generation, flags, 2, "rate") == [])
  }

  /// The lines that are not Keras's.
  private func differences(
    _ generation: Generation, _ flags: [String], _ epochs: Int, _ key: String
  ) throws -> [String] {
    let folder = "callbacks/\(generation.rawValue)"
    let facts = try #require(
      JSON(parsing: FileBytes.read(Fixtures.path("\(folder)/fit.json"))).object)
    let start = try #require(facts["start"]?.string)
    let expected = try #require(facts["printed"]?.object?[key]?.array).compactMap(\.string)
    let tool = try Tool()
    let run = try tool.start(
      [
        "train", Fixtures.path("\(folder)/\(start)"), "--x", Fixtures.path("\(folder)/x.npy"),
        "--y", Fixtures.path("\(folder)/y.npy"), "--batch-size", "7", "--validation-split", "0.2",
        "--no-shuffle", "--epochs", "\(epochs)", "--output", "o.keras",
      ] + flags
    ).result()
    #expect(run.status == 0, "\(run.error)")
    let found = run.error.split(separator: "\n").map { Self.masked(String($0)) }
    let wanted = expected.map { Self.masked($0) }
    #expect(found.count == wanted.count, "\(found), not \(wanted)")
    return zip(found, wanted).compactMap { line, other in
      // Four decimals, the last of which may be rounded the other way.
      SimilarText.difference(line, other, tolerance: 1.1e-4) == nil
        ? nil : "\(line), not \(other)"
    }
  }

  /// Without colours and times.
  private static func masked(_ line: String) -> String {
    var text = line.replacing(#/\u{1B}\[[0-9]*m/#, with: "")
    text = text.replacing(#/[0-9]+(s|ms|us)\/(step|epoch)/#) { "T/\($0.output.2)" }
    text = text.replacing(#/(^|[^\w\/.])[0-9]+s(?!\w)/#) { "\($0.output.1)Ts" }
    while text.last == " " { text.removeLast() }
    return text
  }
}
