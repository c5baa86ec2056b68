import Foundation
import KerasFormat
import KerasRuntime
import Testing

/// `hornbill train`, `evaluate` and `demo`: what they write and what they say.
@Suite struct TrainTests {
  private let tool: Tool
  /// Twelve rows with words that tell.
  private let rows = (0..<12).map {
    $0 % 2 == 0 ? "good film number \($0)\t1" : "bad plot \($0)\t0"
  }

  init() throws {
    tool = try Tool.withTextModel()
    try tool.write("data.tsv", rows.joined(separator: "\n"))
  }

  private func trained(_ arguments: String...) throws -> Tool.Run {
    let common = [
      "train", "--data", "data.tsv", "--epochs", "2", "--seed", "3", "--batch-size", "4",
    ]
    let run = try tool.start(common + arguments).result()
    #expect(run.status == 0, "\(run.error)")
    return run
  }

  private func score(_ arguments: String...) throws -> String {
    let run = try tool.start(["predict"] + arguments).result()
    #expect(run.status == 0, "\(run.error)")
    return run.output
  }

  @Test func `an ffnn is saved in two containers that score alike`() throws {
    let run = try trained("--architecture", "ffnn", "--output", "m.keras", "--output", "m.h5")
    // Three of twelve rows are held back; nothing but the result goes to standard output.
    #expect(run.output.hasPrefix("3 held-back rows - loss: "))
    #expect(run.output.count(where: { $0 == "\n" }) == 1)
    #expect(try tool.names() == ["data.tsv", "m.h5", "m.keras", "text.keras"])
    let scored = try score("m.keras", "good film")
    #expect(try score("m.h5", "good film") == scored)
  }

  @Test func `a gru leaves definition, weights, tokenizer, history and curves`() throws {
    let run = try trained(
      "--architecture", "gru", "--output", "m.json", "--output", "m.weights.h5", "--output",
      "m.keras",
      "--history", "h.json", "--plot", "p.svg", "--validation-split", "0.34", "--test-split", "0")
    #expect(run.output == "")
    #expect(run.error.contains("m.json: this container cannot hold the text pipeline\n"))
    #expect(run.error.contains("m.json: its tokenizer is in tokenizer.json\n"))
    let network = try Network(
      contentsOf: tool.path("m.json"), weights: tool.path("m.weights.h5"))
    let whole = try Network(contentsOf: tool.path("m.keras"))
    let ids = try whole.encoded(["good film", "bad plot"])
    #expect(try network.predict([ids])[0].floats() == whole.predict([ids])[0].floats())
    #expect(
      try Tokenizer(json: JSON(parsing: tool.text("tokenizer.json")))
        == whole.textPipeline?.tokenizer)
    let history = try JSON(parsing: tool.text("h.json")).object
    for key in ["loss", "acc", "val_loss", "val_acc", "epoch", "seconds"] {
      #expect(history?[key]?.array?.count == 2, "\(key)")
    }
    #expect(try tool.text("p.svg").hasPrefix("<svg "))
  }

  @Test func `an lstm of Keras 2 is saved in its own generation, with legacy weights beside it`()
    throws
  {
    _ = try trained(
      "--architecture", "lstm", "--keras", "2", "--output", "m.h5", "--plot", "p.png")
    #expect(try tool.data("p.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
    let record = try ModelFile.read(tool.path("m.h5"))
    #expect(record.generation == .keras2)
    #expect(try tool.run("convert", "m.h5", "w.h5", "--legacy-weights").status == 0)
    #expect(try tool.run("convert", "m.h5", "m.json").status == 0)
    let network = try Network(contentsOf: tool.path("m.json"), weights: tool.path("w.h5"))
    let whole = try Network(record)
    let ids = try whole.encoded(["good film"])
    #expect(try network.predict([ids])[0].floats() == whole.predict([ids])[0].floats())
  }

  @Test func `the same seed gives the same model, another one another`() throws {
    for (name, seed) in [("a", "5"), ("b", "5"), ("c", "6")] {
      let run = try tool.start([
        "train", "--architecture", "gru", "--data", "data.tsv", "--seed", seed, "--output",
        "\(name).keras", "--verbose", "0", "--batch-size", "4",
      ]).result()
      #expect(run.status == 0)
      #expect(run.error == "")
    }
    let scores = try ["a", "b", "c"].map { try Network(contentsOf: tool.path("\($0).keras")) }
      .map { try $0.predict(["good film", "bad plot"]) }
    #expect(scores[0] == scores[1])
    #expect(scores[0] != scores[2])
  }

  @Test func `a definition without weights starts with fresh ones`() throws {
    let data = ["--x", Models.fixture("x.npy"), "--y", "y.npy", "--batch-size", "4"]
    try tool.write("y.npy", [7], [0, 1, 0, 1, 1, 0, 1])
    let run = try tool.start(
      ["train", Models.fixture("model.json"), "--output", "o.keras"] + data
    ).result()
    #expect(run.status == 0, "\(run.error)")
    #expect(try Network(contentsOf: tool.path("o.keras")).parameterCount == 535)
  }

  @Test func `an old file is whole until the new one is`() throws {
    let old = try tool.data("text.keras")
    // Its data is bad, so nothing new comes.
    try tool.write("bad.tsv", "good\t7\n")
    _ = try tool.failure(
      65, "train", "text.keras", "--data", "bad.tsv", "--output", "text.keras", "--test-split", "0")
    #expect(try tool.data("text.keras") == old)
    let run = try tool.run(
      "train", "text.keras", "--data", "data.tsv", "--output", "text.keras", "--batch-size", "4")
    #expect(run.status == 0, "\(run.error)")
    #expect(try tool.data("text.keras") != old)
    #expect(try tool.names() == ["bad.tsv", "data.tsv", "text.keras"])
  }

  // MARK: - evaluate

  @Test func `evaluate gives the loss that follows from Keras's own predictions`() throws {
    let labels: [Float] = [0, 1, 0, 1, 1, 0, 1]
    try tool.write("y.npy", [7], labels)
    let predicted = try NumericArray(npy: FileBytes.read(Models.fixture("y.npy"))).floats()
    var (loss, right) = (0.0, 0.0)
    for (p, y) in zip(predicted, labels) {
      loss -= y == 1 ? log(Double(p)) : log(1 - Double(p))
      right += (p > 0.5) == (y == 1) ? 1 : 0
    }
    let run = try tool.run(
      "evaluate", Models.fixture("model.keras"), "--x", Models.fixture("x.npy"), "--y", "y.npy",
      "--batch-size", "3")
    #expect(run.status == 0, "\(run.error)")
    let values = run.output.split(separator: "\n").map { $0.split(separator: ": ") }
    try #require(values.map { $0[0] } == ["loss", "acc"] && values.allSatisfy { $0.count == 2 })
    #expect(abs((Double(values[0][1]) ?? .nan) - loss / 7) < 2e-6)
    #expect(abs((Double(values[1][1]) ?? .nan) - right / 7) < 1e-6)
  }

  @Test func `evaluate takes texts, another loss and other metrics`() throws {
    let run = try tool.run(
      "evaluate", "text.keras", "--data", "data.tsv", "--loss", "mse", "--metrics",
      "binary_accuracy")
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output.hasPrefix("loss: 0.2"))
    #expect(run.output.contains("\nbinary_accuracy: "))
  }

  @Test func `names of labels keep their numbers from training on`() throws {
    let named = rows.map { $0.hasSuffix("1") ? $0.dropLast() + "pos" : $0.dropLast() + "neg" }
    try tool.write("named.tsv", named.joined(separator: "\n"))
    let run = try tool.run(
      "train", "--architecture", "ffnn", "--data", "named.tsv", "--epochs", "40", "--learning-rate",
      "0.05", "--seed", "3", "--test-split", "0", "--output", "m.keras", "--verbose", "0")
    #expect(run.status == 0, "\(run.error)")
    #expect(
      try tool.run("predict", "m.keras", "good film", "--format", "jsonl").output
        .hasSuffix("\"label\": \"pos\"}\n"))
    // Alone, it would be the first name, and 0.
    try tool.write("one.tsv", "good film\tpos\n")
    #expect(
      try tool.run("evaluate", "m.keras", "--data", "one.tsv").output.hasSuffix("acc: 1.000000\n"))
    try tool.write("one.tsv", "good film\tpos\n\nbad plot\tnegative\n")
    #expect(
      try tool.failure(65, "evaluate", "m.keras", "--data", "one.tsv")
        == "one.tsv, line 3: the label is \"negative\"; expected one of neg, pos")
    #expect(
      try tool.failure(65, "evaluate", "text.keras", "--data", "one.tsv")
        == "one.tsv, line 1: the label is \"pos\"; expected a whole number")
  }

  // MARK: - demo

  @Test func `demo --quick tells the whole story and leaves its files`() throws {
    let run = try tool.run("demo", "--quick")
    #expect(run.status == 0)
    #expect(run.error == "")
    for name in ["ffnn", "gru", "lstm"] {
      #expect(run.output.contains("\n\(name): "))
      #expect(run.output.contains("  saved: ./\(name).keras, ./\(name).h5\n"))
      #expect(tool.exists("\(name).keras") && tool.exists("\(name).h5"))
    }
    #expect(tool.exists("curves.svg") && tool.exists("curves.png"))
    let scores = run.output.split(separator: "\n").filter {
      $0.wholeMatch(of: /(  [01]\.\d{4}){3}  .+/) != nil
    }
    #expect(scores.count == 4)
    #expect(run.output.contains("report: ./sweep/report.html\n"))
    #expect(tool.exists("sweep/report.html") && tool.exists("sweep/curves.png"))
  }
}
