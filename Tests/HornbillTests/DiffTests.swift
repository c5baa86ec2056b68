import Foundation
import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// `diff`: where two models, or their outputs, part.
@Suite struct DiffTests {
  private let tool: Tool

  init() throws { tool = try Tool.withTextModel() }

  /// `text.keras` with a change, as `changed.keras`.
  private func change(_ change: (inout ModelRecord) -> Void) throws {
    var record = try ModelFile.decode(Array(Models.text.get()), name: "text.keras")
    change(&record)
    try tool.write("changed.keras", Data(ModelFile.encode(record, container: .keras)))
  }

  @Test func `equal models end with 0, different ones with 1`() throws {
    for (file, other) in [
      ("model.keras", "model.h5"), ("model.keras", "model.keras"),
    ] {
      let files = [file, other].map { Models.fixture($0) }
      let run = try tool.run("diff", files[0], files[1])
      #expect(run.status == 0 && run.error == "")
      #expect(run.output == "\(files[0]) and \(files[1]) are equal\n")
    }
    let run = try tool.run(
      "diff", Models.fixture("model.keras"), Models.fixture("model.h5", "lstm"))
    #expect(run.status == 1 && run.error == "")
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasSuffix(" differ"))
    #expect(lines[1].hasPrefix("first       embedding/embeddings: "))
    #expect(lines[1].hasSuffix("; 240 of 240 numbers differ"))
    #expect(lines[2] == "further     9: 1 class, 2 weights, 6 optimizer arrays")
  }

  @Test func `a conversion to any generation changes nothing`() throws {
    for generation in ["2", "2.15", "3"] {
      #expect(
        try tool.run(
          "convert", Models.fixture("model.keras"), "m.h5", "--keras", generation
        ).status == 0)
      let run = try tool.run("diff", Models.fixture("model.keras"), "m.h5")
      #expect(run.status == 0, "\(run.output)")
      #expect(
        run.output.contains("\ngeneration  Keras 3 and \(generation), which does not count\n")
          == (generation != "3"))
    }
  }

  @Test func `names that Keras numbered are told apart from contents`() throws {
    try change {
      $0.layers[2].name = "gru_1"
      $0.layers[3].name = "dense_1"
    }
    let run = try tool.run("diff", "text.keras", "changed.keras")
    #expect(run.status == 1)
    #expect(
      run.output
        == "text.keras and changed.keras differ\nnames       gru and gru_1, and 1 more\n")
  }

  @Test func `weights that lie apart are compared, and files of weights alone`() throws {
    let (json, weights) = (Models.fixture("model.json"), Models.fixture("model.weights.h5"))
    let equal = try tool.run(
      "diff", json, json, "--weights", weights, "--other-weights", Models.fixture("model.h5"))
    #expect(equal.status == 0, "\(equal.output)")
    let missing = try tool.run("diff", json, json, "--weights", weights)
    #expect(missing.status == 1)
    #expect(missing.output.contains("\nfirst       embedding: 1 weight and no weights\n"))
    #expect(try tool.run("diff", weights, weights).status == 0)
    let other = try tool.run("diff", weights, Models.fixture("model.weights.h5", "gru", "2.15"))
    #expect(other.status == 1)
    #expect(other.output.contains("\nfirst       layers/dense/vars/0: "))
  }

  @Test(arguments: ["2", "2.15", "3"])
  func `weights alone are compared with a whole model by its definition`(
    generation: String
  ) throws {
    let whole = Models.fixture("model.h5", "gru", generation)
    for file in ["model.weights.h5", "legacy.h5"] {
      let weights = Models.fixture(file, "gru", generation)
      guard FileManager.default.fileExists(atPath: weights) else { continue }
      for pair in [[weights, whole], [whole, weights]] {
        let equal = try tool.start(["diff"] + pair).result()
        #expect(equal.status == 0, "\(equal.error)\(equal.output)")
        let run = try tool.start(
          ["diff"] + pair + ["--data", Models.fixture("x.npy", "gru", generation)]
        ).result()
        #expect(run.status == 0, "\(run.error)\(run.output)")
      }
    }
    let other = Models.fixture("model.h5", "lstm", generation)
    #expect(
      try tool.run("convert", whole, "w.h5", "--legacy-weights", "--keras", "2").status == 0)
    let run = try tool.run("diff", "w.h5", other)
    #expect(run.status == 1)
    #expect(run.output.contains("\nfirst       "))
  }

  @Test func `the first output that differs is named with row and step`() throws {
    var old: Float = 0
    try change {
      var table = $0.layers[1].weights[0].array.floats()
      old = table[2 * 32 + 7]
      table[2 * 32 + 7] += 0.5
      let shape = $0.layers[1].weights[0].array.shape
      $0.layers[1].weights[0].array = NumericArray(shape: shape, .float32(table))
    }
    try tool.write(
      "x.npy", Data(NumericArray(shape: [2, 4], .int32([1, 1, 1, 1, 1, 2, 1, 1])).npy()))
    let raw = try tool.run("diff", "text.keras", "changed.keras", "--data", "x.npy")
    #expect(raw.status == 1)
    let place = "\noutput      embedding: \(old) and \(old + 0.5) at row 1, step 1, "
    #expect(raw.output.contains(place + "feature 7, off by 0.5\n"), "\(raw.output)")
    #expect(try tool.run("diff", "text.keras", "changed.keras", "--input", "x.npy") == raw)
    // `good` is word 1 and `bad` word 2; rows are padded in front to four.
    try tool.write("reviews.txt", "good film\n\ngood bad good\n")
    let texts = try tool.run("diff", "text.keras", "changed.keras", "--data", "reviews.txt")
    #expect(texts.output.contains(" at row 1, step 2, feature 7, off by 0.5\n"), "\(texts.output)")
    let streamed = try tool.run(
      "diff", "text.keras", "changed.keras", "--data", "-", "--batch-size", "1",
      input: "good film\ngood bad good\n")
    #expect(streamed.output == texts.output)
    let equal = try tool.run("diff", "text.keras", "changed.keras", "--data", "-", input: "good\n")
    #expect(equal.status == 1)
    #expect(equal.output.hasSuffix("\noutput      the same of all 4 layers, on 1 row\n"))
  }

  @Test func `differences up to the tolerance count as none`() throws {
    try change {
      let bias = $0.layers[3].weights[1].array.floats()[0]
      $0.layers[3].weights[1].array = NumericArray(shape: [1], .float32([bias + 0.001]))
    }
    #expect(try tool.run("diff", "text.keras", "changed.keras").status == 1)
    let near = try tool.run("diff", "text.keras", "changed.keras", "--tolerance", "0.01")
    #expect(near.status == 0 && near.output == "text.keras and changed.keras are equal\n")
    let output = try tool.run("diff", "text.keras", "changed.keras", "--data", "-", input: "good\n")
    #expect(output.output.contains("\noutput      dense: "))
    #expect(
      try tool.run(
        "diff", "text.keras", "changed.keras", "--data", "-", "--tolerance", "0.01", input: "good\n"
      ).status == 0)
  }

  @Test func `--json holds every difference`() throws {
    try change {
      $0.layers[2].config["dropout"] = 0.25
      $0.layers[3].weights[1].array = NumericArray(shape: [1], .float32([.nan]))
    }
    let run = try tool.run(
      "diff", "text.keras", "changed.keras", "--json", "--data", "-", input: "good")
    #expect(run.status == 1)
    #expect(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) is [String: Any])
    let object = try JSON(parsing: run.output).object
    #expect(object?["equal"] == false)
    let differences = object?["differences"]?.array?.compactMap(\.object) ?? []
    #expect(differences.map { $0["place"] } == ["gru/dropout", "dense/bias"])
    #expect(differences.map { $0["aspect"] } == ["config", "weight_values"])
    #expect(differences.last?["largest"]?.object?["index"] == [0])
    #expect(differences.last?["largest"]?.object?["size"] == JSON.null)
    let outputs = object?["outputs"]?.object
    #expect(outputs?["rows"] == 1)
    #expect(outputs?["differences"]?.array?.first?.object?["layer"] == "dense")
    let equal = try tool.run("diff", "text.keras", "text.keras", "--json")
    #expect(equal.status == 0)
    #expect(try JSON(parsing: equal.output).object?["differences"] == [])
  }

  @Test func `what is wrong with files, data and flags has its own status`() throws {
    #expect(
      try tool.failure(74, "diff", "text.keras", "none.keras").hasPrefix("none.keras: "))
    try tool.write("bad.json", "{")
    #expect(try tool.failure(65, "diff", "bad.json", "text.keras").hasPrefix("bad.json"))
    #expect(
      try tool.failure(65, "diff", "bad.json", Models.fixture("model.weights.h5"))
        .hasPrefix("bad.json"))
    let fixture = Models.fixture("model.keras")
    #expect(
      try tool.failure(65, "diff", fixture, fixture, "--data", "-", input: "good\n")
        .hasSuffix(
          "neither model carries a text pipeline, so they cannot read text; give arrays, .npy"))
    try tool.write("x.npy", [1, 3], [1, 2, 3])
    #expect(
      try tool.failure(65, "diff", fixture, fixture, "--data", "x.npy").hasPrefix("x.npy:"))
    #expect(
      try tool.failure(2, "diff", "text.keras", "text.keras", "--tolerance", "-1")
        .hasPrefix("--tolerance -1.0 but it must be 0 or more"))
    #expect(
      try tool.failure(2, "diff", "text.keras", "text.keras", "--data", "a.txt", "--data", "b.txt")
        .hasPrefix("--data takes one file of texts"))
    #expect(try tool.failure(2, "diff", "text.keras").contains("second"))
  }

  /// The transcripts of README, run: a line after `$` is a command, what follows is what it prints.
  @Test func `README's transcripts are what the tool prints`() throws {
    let readme = try String(contentsOfFile: Fixtures.path("../README.md"), encoding: .utf8)
    let fixtures = Fixtures.path("")
    var commands = 0
    for block in readme.components(separatedBy: "```console\n").dropFirst() {
      let transcript = try #require(block.components(separatedBy: "```").first)
      for entry in transcript.components(separatedBy: "$ hornbill ").dropFirst() {
        let lines = entry.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let arguments = lines[0].split(separator: " ").map {
          $0.hasPrefix("fixtures/") ? fixtures + $0.dropFirst("fixtures/".count) : String($0)
        }
        let run = try tool.start(arguments).result()
        let printed = (run.error + run.output).replacing(fixtures, with: "fixtures/")
        #expect(printed == lines[1], "\(lines[0])")
        commands += 1
      }
    }
    #expect(commands >= 3)
  }
}
