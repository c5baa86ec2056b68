import Foundation
import KerasFormat
import TestSupport
import Testing

/// Models of Keras's that read texts by a layer of their own.
@Suite struct TextModelTests {
  private static let texts = [
    "The plot is great, and the movie is GREAT!", "bad bad movie... it's 10/10 bad",
  ]

  /// A folder with `reviews.keras`, as Keras wrote it, and what Keras predicted.
  private func tool(_ name: String, _ generation: String) throws -> (tool: Tool, scores: [Float]) {
    let place = "textlayers/TextVectorization/\(name)/\(generation)/"
    let tool = try Tool()
    try tool.write("reviews.keras", Data(try Fixtures.bytes(place + "model.keras")))
    return (tool, try NumericArray(npy: try Fixtures.bytes(place + "y.npy")).floats())
  }

  @Test(arguments: ["2.15", "3"])
  func `texts go through the model's own layer to Keras's scores`(_ generation: String) throws {
    let (tool, scores) = try tool("model_gru", generation)
    let run = try tool.run("predict", "reviews.keras", Self.texts[0], Self.texts[1])
    let expected = zip(Self.texts, scores).map { String(format: "%.4f\t%@\n", $1, $0) }
    #expect(run == .init(status: 0, output: expected.joined(), error: ""))
  }

  @Test(arguments: ["2.15", "3"])
  func `texts go through a layer of a model inside, in any generation`(_ generation: String) throws
  {
    let (tool, scores) = try tool("inside_model", generation)
    let width = scores.count / 12
    let run = try tool.run("predict", "reviews.keras", Self.texts[0], Self.texts[1])
    let expected = Self.texts.indices.map { row in
      let numbers = scores[row * width..<(row + 1) * width].map { String(format: "%.4f", $0) }
      return numbers.joined(separator: " ") + "\t" + Self.texts[row]
    }
    #expect(run.output.split(separator: "\n").map(String.init) == expected)
    let other = generation == "3" ? "2.15" : "3"
    let converted = try tool.run("convert", "reviews.keras", "other.keras", "--keras", other)
    #expect(converted.status == 0, "\(converted.error)")
    #expect(
      try tool.run("predict", "other.keras", Self.texts[0], Self.texts[1]).output == run.output)
  }

  @Test func `README shows what the tool prints`() throws {
    let readme = String(decoding: try FileBytes.read(Fixtures.path("../README.md")), as: UTF8.self)
    let shown = try #require(
      readme.components(separatedBy: "$ hornbill predict reviews.keras ").last)
    let block = try #require(shown.components(separatedBy: "```").first)
    let (tool, _) = try tool("model_gru", "3")
    let run = try tool.run("predict", "reviews.keras", Self.texts[0], Self.texts[1])
    #expect(block.hasSuffix("\n" + run.output))
    for text in Self.texts { #expect(block.components(separatedBy: text).count == 3) }
  }

  /// Without `output_sequence_length` or a mask a score depends on its batch, in Keras as here;
  /// cores must not change the batches.
  @Test func `a batch is padded to its longest text, however many cores there are`() throws {
    let (tool, _) = try tool("model_lstm_unmasked", "3")
    let many = (0..<90).map { "the plot" + String(repeating: " bad", count: $0 % 7) }
    try tool.write("many.txt", many.joined(separator: "\n"))
    let runs = try ["1", "2", "5"].map { threads in
      try tool.run(
        "predict", "reviews.keras", "--data", "many.txt", "--batch-size", "4", "--threads", threads)
    }
    #expect(runs[0].output.split(separator: "\n").count == 90)
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
    let alone = try tool.run(
      "predict", "reviews.keras", "--data", "many.txt", "--batch-size", "1")
    #expect(alone.output != runs[0].output)
  }

  @Test func `such a model is trained further, measured and converted`() throws {
    let (tool, _) = try tool("model_lstm", "2.15")
    let rows = (0..<12).map {
      "\($0.isMultiple(of: 2) ? "great plot" : "bad movie")\t\(1 - $0 % 2)"
    }
    try tool.write("rows.tsv", rows.joined(separator: "\n"))
    let trained = try tool.run(
      "train", "reviews.keras", "--data", "rows.tsv", "--epochs", "2", "--batch-size", "3",
      "--output", "more.keras")
    #expect(trained.status == 0, "\(trained.error)")
    #expect(trained.error.contains("the model's own TextVectorization reads them"))
    let measured = try tool.run("evaluate", "more.keras", "--data", "rows.tsv")
    #expect(measured.output.hasPrefix("loss: "))
    let converted = try tool.run("convert", "more.keras", "more.h5", "--keras", "3")
    #expect(converted.status == 0, "\(converted.error)")
    let scores = try ["more.keras", "more.h5"].map {
      try tool.run("predict", $0, Self.texts[0]).output
    }
    #expect(scores[0] == scores[1] && !scores[0].isEmpty)
  }

  @Test func `evaluating needs rows of one length`() throws {
    let (tool, _) = try tool("model_gru", "3")
    try tool.write("rows.tsv", "the plot\t1\nbad\t0\n")
    let run = try tool.run("evaluate", "reviews.keras", "--data", "rows.tsv")
    #expect(run.status == 65)
    #expect(run.error.contains("pads each batch to its longest text"))
  }

  @Test func `a long vocabulary is shown in part`() throws {
    let (tool, _) = try tool("model_gru", "3")
    let run = try tool.run("inspect", "reviews.keras")
    #expect(run.output.contains("vocabulary = [\"\", \"[UNK]\", \"the\","))
    #expect(run.output.contains(", …] ("))
  }
}
