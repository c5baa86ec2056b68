import Foundation
import KerasFormat
import Testing

/// Data that a model cannot take: one line with file and row, status 65, before anything is
/// trained.
@Suite struct BadDataTests {
  private let tool: Tool
  private let model = Models.fixture("model.keras")
  private let ids: [Float] = (0..<27).map { Float($0) }

  init() throws {
    tool = try Tool.withTextModel()
    try tool.write("x.npy", [3, 9], ids)
    try tool.write("y.npy", [3], [0, 1, 1])
  }

  // MARK: - Arrays

  @Test func `a token id that the embedding does not have is refused with its row`() throws {
    var bad = ids
    bad[13] = 30
    try tool.write("bad.npy", [3, 9], bad)
    let message =
      "bad.npy:embedding, row 1: token id 30 at step 4 but the embedding has 30 rows, ids 0…29"
    #expect(
      try tool.failure(65, "predict", model, "--input", "bad.npy", "--output", "o.npy") == message)
    #expect(try trained("bad.npy", "y.npy") == message)
    #expect(
      try tool.failure(
        65, "train", model, "--x", "x.npy", "--y", "y.npy", "--validation-x", "bad.npy",
        "--validation-y", "y.npy", "--output", "o.keras") == message)
    #expect(try tool.failure(65, "evaluate", model, "--x", "bad.npy", "--y", "y.npy") == message)
    bad[13] = -1
    try tool.write("bad.npy", [3, 9], bad)
    #expect(try trained("bad.npy", "y.npy").contains("row 1: token id -1 at step 4"))
  }

  @Test func `a whole number that no id can be is refused as what it is`() throws {
    for number in [(1 << 32) + 5, 1 << 62, -(1 << 40)] {
      var wide = ids.map { Int64($0) }
      wide[13] = Int64(number)
      let array = NumericArray(shape: [3, 9], .int64(wide))
      try tool.write("wide.npy", Data(array.npy()))
      #expect(
        try tool.failure(65, "predict", model, "--input", "wide.npy", "--output", "o.npy")
          == "wide.npy:input_layer, row 1: the whole number \(number) is outside ±2^31")
    }
  }

  @Test func `a label that is not 0 or 1 is refused with its row`() throws {
    try tool.write("bad.npy", [3], [0, 1, 2])
    #expect(
      try trained("x.npy", "bad.npy")
        == "bad.npy, row 2: label 2 but binary_crossentropy needs 0 or 1")
  }

  @Test func `NaN and infinity are refused in inputs and in targets`() throws {
    var bad = ids
    bad[20] = .nan
    try tool.write("bad.npy", [3, 9], bad)
    #expect(
      try trained("bad.npy", "y.npy")
        == "bad.npy:input 0, row 2: nan at position 2 but data must be finite numbers")
    try tool.write("bad.npy", [3], [0, .infinity, 1])
    #expect(
      try trained("x.npy", "bad.npy")
        == "bad.npy:targets, row 1: inf at position 0 but data must be finite numbers")
  }

  @Test func `arrays of the wrong shape are refused with both shapes`() throws {
    try tool.write("bad.npy", [3, 5], Array(ids.prefix(15)))
    #expect(
      try trained("bad.npy", "y.npy")
        == "bad.npy:input_layer: an array (3, 5) but the model takes (None, 9)")
    try tool.write("bad.npy", [2, 9], Array(ids.prefix(18)))
    #expect(
      try trained("bad.npy", "y.npy")
        == "bad.npy:input 0: an array (2, 9) but there are 3 targets, a row each")
    try tool.write("bad.npy", [3, 2], [0, 1, 0, 1, 0, 1])
    #expect(
      try trained("x.npy", "bad.npy")
        == "bad.npy: targets (3, 2) but binary_crossentropy on an output (None, 1) takes 1 number a row"
    )
    try tool.write("bad.npy", [], [1])
    #expect(try trained("bad.npy", "y.npy").hasPrefix("bad.npy:input 0: an array () but"))
    try tool.write("bad.npy", [0, 9], [])
    #expect(
      try tool.failure(65, "predict", model, "--input", "bad.npy", "--output", "o.npy")
        == "bad.npy: an array (0, 9) without rows")
  }

  @Test func `what is no .npy file, or half of one, is refused`() throws {
    try tool.write("bad.npy", "1,2,3\n4,5,6\n")
    #expect(
      try trained("bad.npy", "y.npy")
        == "bad.npy: the bytes are no .npy array: the magic string is missing")
    try tool.write("bad.npy", try tool.data("x.npy").dropLast(4))
    #expect(
      try trained("bad.npy", "y.npy")
        == "bad.npy: 104 bytes follow the .npy header, but shape [3, 9] of float32 needs 108")
    #expect(
      try tool.failure(74, "train", model, "--x", "none.npy", "--y", "y.npy", "--output", "o.keras")
        == "none.npy: cannot open the file: No such file or directory")
  }

  private func trained(_ x: String, _ y: String) throws -> String {
    try tool.failure(65, "train", model, "--x", x, "--y", y, "--output", "o.keras")
  }

  // MARK: - Texts

  @Test func `a label in a text file is refused with its line`() throws {
    #expect(
      try trained("fine\t1\n\nbad\t2\ngood\t0\n")
        == "data.tsv, line 3: label 2 but binary_crossentropy needs 0 or 1")
    #expect(
      try trained("fine\t1\nbad\n")
        == "data.tsv, line 2: the row has no label; expected text, a tab, and a label on each line")
    #expect(
      try tool.failure(65, "evaluate", "text.keras", "--data", "data.tsv")
        == "data.tsv, line 2: the row has no label; expected text, a tab, and a label on each line")
  }

  @Test func `files without a row are refused, for training and for scoring`() throws {
    for (name, text) in [("empty", ""), ("blank", "\n \n\n")] {
      #expect(
        try trained(text)
          == "data.tsv: the file has no rows; expected text, a tab, and a label on each line")
      try tool.write("\(name).txt", text)
      #expect(
        try tool.failure(65, "predict", "text.keras", "--data", "\(name).txt", "--format", "csv")
          == "\(name).txt: no rows; expected at least one text")
    }
    #expect(
      try tool.failure(65, "predict", "text.keras", "--data", "-")
        == "standard input: no rows; expected at least one text")
  }

  @Test func `a quote that is never closed is refused with the line it opens on`() throws {
    #expect(
      try trained("fine\t1\n\"bad\t0\ngood\t1\n")
        == "data.tsv, line 2: the quoted field that starts in this record is still open "
        + "at the end of the text; close the quote, or read with quoting none")
  }

  @Test func `what is not UTF-8 is refused with line and byte`() throws {
    let message = "line 2, byte 8: the text is not valid UTF-8; save the file as UTF-8"
    try tool.write("data.tsv", Data("fine\t1\nb".utf8) + [0xFF] + Data("d\t0\n".utf8))
    #expect(
      try tool.failure(
        65, "train", "--architecture", "gru", "--data", "data.tsv", "--output", "o.keras")
        == "data.tsv, \(message)")
    #expect(
      try tool.failure(65, "predict", "text.keras", "--data", "data.tsv") == "data.tsv, \(message)")
  }

  @Test func `what is scored before an error does not depend on threads`() throws {
    let lines = (0..<9000).map { "a fine text \($0)\n" }.joined()
    try tool.write("long.txt", Data(lines.utf8) + [0xFF, 0x0A])
    var outputs: [String] = []
    for threads in ["1", "2", "8"] {
      let run = try tool.run("predict", "text.keras", "--data", "long.txt", "--threads", threads)
      #expect(run.status == 65)
      outputs.append(run.output)
    }
    #expect(outputs[0].split(separator: "\n").count == 8192)
    #expect(Set(outputs).count == 1)
  }

  @Test func `tables and objects without the text are refused with what they have`() throws {
    try tool.write("data.csv", "review,stars\ngood,1\n")
    #expect(
      try tool.failure(65, "predict", "text.keras", "--data", "data.csv")
        == "data.csv, line 1: no column \"text\"; the header names review, stars; "
        + "the first line of a .csv file names its columns; say which are text and label")
    try tool.write("data.jsonl", "{\"text\": \"good\"}\n{\"review\": \"bad\"}\n")
    #expect(
      try tool.failure(65, "predict", "text.keras", "--data", "data.jsonl")
        == "data.jsonl, line 2: found no key \"text\"; expected a text")
    #expect(
      try tool.failure(74, "predict", "text.keras", "--data", "none.txt")
        == "none.txt: cannot open: No such file or directory")
  }

  @Test func `a batch larger than the data trains in one batch and says so`() throws {
    let run = try tool.run(
      "train", model, "--x", "x.npy", "--y", "y.npy", "--output", "o.keras", "--verbose", "0")
    #expect(run.status == 0)
    #expect(run.output == "")
    #expect(
      run.error == "hornbill: warning: batch size 32 is larger than the 3 training rows: "
        + "each epoch is one batch\n")
    #expect(tool.exists("o.keras"))
  }

  private func trained(_ text: String) throws -> String {
    try tool.write("data.tsv", text)
    return try tool.failure(
      65, "train", "text.keras", "--data", "data.tsv", "--test-split", "0", "--output", "o.keras")
  }
}
