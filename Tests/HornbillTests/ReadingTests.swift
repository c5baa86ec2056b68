import Foundation
import KerasFormat
import TestSupport
import Testing

/// `summary`, `inspect`, `doctor` and `help`: what people read.
@Suite struct ReadingTests {
  private let tool: Tool

  init() throws { tool = try Tool.withTextModel() }

  @Test func `summary shows layers, shapes and counts`() throws {
    let run = try tool.run("summary", Models.fixture("model.keras"))
    #expect(run.status == 0 && run.error == "")
    for line in [
      "Model: \"sequential\"",
      "│ embedding (Embedding)           │ (None, 9, 8)           │           240 │",
      "│ gru (GRU)                       │ (None, 6)              │           288 │",
      " Total params: 1,072 (4.19 KB)", " Trainable params: 535 (2.09 KB)",
      " Optimizer params: 537 (2.10 KB)",
    ] {
      #expect(run.output.contains(line + "\n"), "\(line)")
    }
  }

  @Test func `inspect names every weight in every container`() throws {
    for file in ["model.keras", "model.h5"] {
      let run = try tool.run("inspect", Models.fixture(file))
      #expect(run.status == 0 && run.error == "")
      #expect(run.output.contains("\ngeneration  Keras 3 (written by 3.15.1)\n"))
      #expect(run.output.contains("\n  embeddings  (30, 8) float32  min -0.8656  max 1.1036"))
      #expect(run.output.contains("\n  cell/recurrent_kernel  (6, 18) float32  min "))
      #expect(run.output.contains("\n  bias  (1,) float32  min "))
      #expect(run.output.contains("\nloss        \"binary_crossentropy\"\n"))
      #expect(run.output.contains("\noptimizer   RMSprop\n"))
      #expect(run.output.contains("\n  iterations = 3\n"))
      #expect(run.output.hasSuffix("\nno text pipeline\n"))
    }
    let text = try tool.run("inspect", "text.keras").output
    #expect(text.contains("\ntext pipeline\n"))
    #expect(text.contains("\n  words = 4\n"))
  }

  @Test func `inspect lists a file of weights alone, array by array`() throws {
    let structural = try tool.run("inspect", Models.fixture("model.weights.h5"))
    #expect(structural.status == 0 && structural.error == "")
    #expect(structural.output.contains("\nweights     alone, without a model's definition\n"))
    #expect(structural.output.contains("\nlayers/gru/cell/vars/1   (6, 18) float32  min "))
    let legacy = try tool.run(
      "inspect", Fixtures.path("models/gru/2/weights.h5"), "--json")
    let weights = try JSON(parsing: legacy.output).object?["weights"]?.array ?? []
    #expect(weights.count == 6)
    #expect(weights.last?.object?["name"] == "gru_1/gru_1/recurrent_kernel:0")
    #expect(weights.last?.object?["shape"] == [6, 18])
  }

  @Test func `inspect shows what a call is given as its mask`() throws {
    let fixture = try #require(
      try FixtureCase.all(["graphs"]).first { $0.description == "graphs/Masks/explicit_none/2.15" })
    try AtomicFile.write(try fixture.bytes("model.h5"), to: tool.path("masks.h5"))
    let text = try tool.run("inspect", "masks.h5").output
    #expect(text.contains("\n  mask = None\n"), "\(text)")
    let object = try JSON(parsing: tool.run("inspect", "masks.h5", "--json").output).object
    let masks = (object?["layers"]?.array ?? []).map { $0.object?["masks"] }
    #expect(masks.contains([false]))
  }

  @Test func `inspect --json is one object with the same facts`() throws {
    let run = try tool.run("inspect", "text.keras", "--json")
    let object = try JSON(parsing: run.output).object
    #expect(object?["generation"] == "3")
    #expect(object?["runs"] == true)
    let layers = object?["layers"]?.array ?? []
    #expect(
      layers.map { $0.object?["class_name"] } == ["InputLayer", "Embedding", "GRU", "Dense"])
    let weights = layers.last?.object?["weights"]?.array ?? []
    #expect(weights.map { $0.object?["name"] } == ["kernel", "bias"])
    #expect(weights.first?.object?["shape"] == [32, 1])
    #expect(object?["training"]?.object?["optimizer"]?.object?["class_name"] == "RMSprop")
    #expect(object?["text_pipeline"]?.object?["max_length"] == 4)
  }

  @Test func `inspect --json stays JSON where a weight is NaN`() throws {
    var record = try ModelFile.decode(Array(Models.text.get()), name: "text.keras")
    record.layers[3].weights[1].array = NumericArray(shape: [1], .float32([.nan]))
    try tool.write("nan.keras", Data(ModelFile.encode(record, container: .keras)))
    let output = try tool.run("inspect", "nan.keras", "--json").output
    #expect(try JSONSerialization.jsonObject(with: Data(output.utf8)) is [String: Any])
    #expect(try tool.run("predict", "nan.keras", "good").output == "nan\tgood\n")
    #expect(
      try tool.run("predict", "nan.keras", "good", "--format", "jsonl").output
        == "{\"text\": \"good\", \"score\": null}\n")
  }

  @Test func `inspect shows a model that cannot run, and why`() throws {
    try tool.write(
      "m.json",
      String(decoding: try Models.bytes(Models.fixture("model.json")), as: UTF8.self)
        .replacing("\"go_backwards\": false", with: "\"go_backwards\": \"no\""))
    let run = try tool.run("inspect", "m.json")
    #expect(run.status == 0)
    #expect(
      run.output.contains(
        "\nruns        no: gru/go_backwards: \"no\" but true or false belongs here\n"))
  }

  @Test func `doctor says what the program runs on`() throws {
    let run = try tool.run("doctor")
    #expect(run.status == 0 && run.error == "")
    let facts = run.output.split(separator: "\n").map { $0.split(separator: " ")[0] }
    #expect(facts == ["hornbill", "hdf5", "system", "cpu", "threads", "layers"])
  }

  @Test func `help explains every flag of every verb`() throws {
    let root = try tool.run("help")
    #expect(root.status == 0 && root.error == "")
    let verbs = [
      "demo", "train", "evaluate", "predict", "summary", "convert", "inspect", "diff",
      "sweep", "doctor",
    ]
    for verb in verbs {
      #expect(root.output.contains("\n  \(verb) "))
      let help = try tool.run("help", verb)
      #expect(help.status == 0 && help.error == "")
      // An option that nobody explained has nothing behind its name, or the next line is another's.
      let lines = help.output.split(separator: "\n", omittingEmptySubsequences: false)
      for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix("  -") {
        let isBare = line.count < 27 || line.split(separator: " ").count <= 2
        #expect(!isBare || next.hasPrefix("                          "), "\(verb): \(line)")
      }
      // The same text by either way.
      #expect(try tool.run(verb, "--help").output == help.output)
    }
    #expect(try tool.run("--version").output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }

  @Test func `train's defaults are Keras's`() throws {
    let help = try tool.run("help", "train").output
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for (flag, value) in [
      ("epochs", "1"), ("initial-epoch", "0"), ("batch-size", "32"), ("validation-split", "0"),
      ("padding", "pre"), ("truncating", "pre"), ("test-split", "0.25"), ("split-seed", "0"),
      ("quoting", "minimal"), ("verbose", "auto"),
    ] {
      let entry = help.components(separatedBy: "--\(flag) <\(flag)> ").last ?? ""
      let text = entry.components(separatedBy: " --").first { !$0.isEmpty } ?? ""
      let says = ["\(value))", "\(value).", "\(value),"].contains {
        entry.lowercased().contains("default: \($0)")
      }
      #expect(says, "\(flag): \(text)")
    }
  }
}
