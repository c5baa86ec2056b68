import Foundation
import KerasFormat
import TestSupport
import Testing

/// `hornbill predict`: texts and arrays in, scores out.
@Suite struct PredictTests {
  private let tool: Tool
  private let texts = ["good film", "a bad, \"bad\" plot", "nothing known"]
  private let scores: [Float]

  init() throws {
    tool = try Tool.withTextModel()
    scores = try Models.scores(texts)
  }

  private func lines(_ texts: [String], _ scores: [Float]) -> String {
    zip(texts, scores).map { String(format: "%.4f\t%@\n", $1, $0) }.joined()
  }

  @Test func `texts on the command line become a line each, in their order`() throws {
    let run = try tool.run("predict", "text.keras", texts[0], texts[1], texts[2])
    #expect(run.status == 0)
    #expect(run.error == "")
    #expect(run.output == lines(texts, scores))
    // They differ, so that their order shows.
    #expect(Set(run.output.split(separator: "\n").map { $0.prefix(6) }).count == 3)
  }

  @Test func `tabs and line ends in a text do not break its line`() throws {
    let run = try tool.run("predict", "text.keras", "good\tfilm\nbad")
    #expect(run.output.hasSuffix("\tgood film bad\n"))
    #expect(run.output.count(where: { $0 == "\n" }) == 1)
  }

  @Test(arguments: ["reviews.txt", "reviews", "reviews.tsv", "reviews.csv", "reviews.jsonl", "-"])
  func `every kind of file gives the same scores`(name: String) throws {
    var text = texts.joined(separator: "\n\n") + "\n"
    if name.hasSuffix("tsv") { text = texts.map { "\($0)\t1\n" }.joined() }
    if name.hasSuffix("csv") {
      let quoted = texts.map { "1,\"\($0.replacing("\"", with: "\"\""))\"\n" }
      text = "label,text\n" + quoted.joined()
    }
    if name.hasSuffix("jsonl") {
      text = texts.map { JSON.object(["text": .string($0)]).pythonText() + "\n" }.joined()
    }
    if name != "-" { try tool.write(name, text) }
    let input = name == "-" ? text : ""
    let run = try tool.run("predict", "text.keras", "--data", name, input: input)
    #expect(run.error == "")
    #expect(run.output == lines(texts, scores))
  }

  @Test func `neither batch size nor threads change a score or the order`() throws {
    let many = (0..<1200).map { "\(texts[$0 % 3]) \($0)" }
    try tool.write("many.txt", many.joined(separator: "\n"))
    let expected = lines(many, try Models.scores(many))
    for arguments in [["--batch-size", "7", "--threads", "2"], ["--threads", "1"], []] {
      let run = try tool.start(["predict", "text.keras", "--data", "many.txt"] + arguments).result()
      #expect(run.output == expected)
    }
  }

  @Test func `csv quotes what needs it, under a header`() throws {
    let run = try tool.run("predict", "text.keras", texts[0], texts[1], "--format", "csv")
    #expect(
      run.output
        == "score,text\n\(scores[0]),good film\n\(scores[1]),\"a bad, \"\"bad\"\" plot\"\n")
  }

  @Test func `jsonl is an object a line, with the whole score`() throws {
    let run = try tool.run("predict", "text.keras", texts[0], texts[1], "--format", "jsonl")
    let objects = try run.output.split(separator: "\n").map { try JSON(parsing: String($0)).object }
    #expect(objects.map { $0?["text"]?.string } == [texts[0], texts[1]])
    #expect(objects.map { $0?["score"]?.number.map(Float.init) } == [scores[0], scores[1]])
  }

  @Test func `arrays give the arrays that Keras computed`() throws {
    for generation in ["2", "2.15", "3"] {
      let run = try tool.run(
        "predict", Models.fixture("model.h5", "lstm", generation), "--input",
        Models.fixture("x.npy", "lstm", generation), "--output", "o.npy")
      #expect(run == .init(status: 0, output: "", error: ""))
      try expectEqual("o.npy", Models.fixture("y.npy", "lstm", generation))
    }
  }

  @Test func `several outputs go to numbered files`() throws {
    let folder = "format/models/3/"
    let run = try tool.run(
      "predict", Fixtures.path(folder + "graph.keras"), "--input",
      Fixtures.path(folder + "graph.x.npy"), "--output", "o.npy", "--batch-size", "2")
    #expect(run == .init(status: 0, output: "", error: ""))
    #expect(
      try tool.names() == ["o_0.npy", "o_1.npy", "o_2.npy", "o_3.npy", "text.keras"])
    for index in 0..<4 {
      try expectEqual("o_\(index).npy", Fixtures.path(folder + "graph.y\(index).npy"))
    }
  }

  /// float32 sums in another order than TensorFlow's differ by a few units in the last place.
  private func expectEqual(_ name: String, _ expected: String) throws {
    let found = try tool.array(name)
    let expected = try NumericArray(npy: FileBytes.read(expected))
    #expect(found.shape == expected.shape)
    for (index, (a, b)) in zip(found.floats(), expected.floats()).enumerated() {
      #expect(abs(a - b) <= 1e-5, "\(name)[\(index)]: \(a), Keras has \(b)")
    }
  }
}
