import Testing

/// What training shows: Keras 3's forms, on standard error, without escapes where nobody watches.
@Suite struct ProgressTests {
  private let tool: Tool

  init() throws {
    tool = try Tool.withTextModel()
    try tool.write(
      "data.tsv",
      (0..<10).map { $0 % 2 == 0 ? "good \($0)\t1" : "bad \($0)\t0" }.joined(separator: "\n"))
  }

  /// The lines that training itself wrote, after checking that they are plain.
  private func lines(_ verbose: String) throws -> [Substring] {
    let run = try tool.start(
      [
        "train", "text.keras", "--data", "data.tsv", "--epochs", "2", "--batch-size", "4",
        "--test-split", "0", "--validation-split", "0.2", "--output", "o.keras", "--verbose",
        verbose,
      ], environment: ["TERM": "xterm-256color"]
    ).result()
    #expect(run.status == 0, "\(run.error)")
    #expect(run.output == "")
    for mark in ["\u{1B}", "\r", "\u{8}"] { #expect(!run.error.contains(mark)) }
    return run.errorLines
  }

  // As Keras 3.15.1 prints them: `10/10 - 0s - 22ms/step - acc: 0.6250 - loss: 0.6764 - val_acc: …`
  private func expectLogs(_ line: Substring) {
    let number = #/\d\.\d{4}(e[+-]\d\d)?/#
    let names = line.split(separator: " - ").suffix(4).map { log in
      let parts = log.split(separator: ": ")
      #expect(parts.count == 2 && parts[1].wholeMatch(of: number) != nil, "\(line)")
      return parts[0]
    }
    #expect(names == ["acc", "loss", "val_acc", "val_loss"])
  }

  private static let introduction: Substring =
    "10 rows to train on, 0 held back; V = 5, length 4"

  @Test func `verbose 0 says nothing`() throws {
    #expect(try lines("0") == [])
  }

  @Test func `verbose 1 shows the bar, once an epoch where nobody watches`() throws {
    let lines = try lines("1")
    try #require(lines.count == 5)
    #expect([lines[0], lines[1], lines[3]] == [Self.introduction, "Epoch 1/2", "Epoch 2/2"])
    for line in [lines[2], lines[4]] {
      #expect(line.hasPrefix("2/2 ━━━━━━━━━━━━━━━━━━━━ 0s "), "\(line)")
      #expect(line.contains(#/\d[mu]s/step - acc: /#), "\(line)")
      expectLogs(line)
    }
  }

  @Test(arguments: ["2", "auto"])
  func `verbose 2, and auto where nobody watches, is a line an epoch`(verbose: String) throws {
    let lines = try lines(verbose)
    try #require(lines.count == 5)
    #expect([lines[0], lines[1], lines[3]] == [Self.introduction, "Epoch 1/2", "Epoch 2/2"])
    for line in [lines[2], lines[4]] {
      #expect(line.hasPrefix("2/2 - 0s - "), "\(line)")
      #expect(line.contains(#/ - \d+[mu]s/step - acc: /#), "\(line)")
      expectLogs(line)
    }
  }

  @Test func `verbose 3 counts epochs`() throws {
    #expect(try lines("3") == [Self.introduction, "Epoch 1/2", "Epoch 2/2"])
  }
}
