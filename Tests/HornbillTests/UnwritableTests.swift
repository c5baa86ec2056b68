import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Targets that cannot be written: status 74, found out before anything is trained. The model that
/// would be trained here is asked for more epochs than any test has time for.
@Suite struct UnwritableTests {
  private let tool: Tool

  init() throws { tool = try Tool.withTextModel() }

  @Test func `a missing folder is found before training, whatever goes there`() throws {
    let message = "none/o.keras: the folder none is not there; create it first"
    #expect(try trained("--output", "none/o.keras") == message)
    #expect(try trained("--output", "o.keras", "--output", "none/o.keras") == message)
    #expect(
      try trained("--output", "o.keras", "--history", "none/h.json")
        == "none/h.json: the folder none is not there; create it first")
    #expect(
      try trained("--output", "o.keras", "--plot", "none/p.svg")
        == "none/p.svg: the folder none is not there; create it first")
    #expect(try tool.failure(74, "convert", "text.keras", "none/o.keras") == message)
    #expect(
      try tool.failure(
        74, "predict", Models.fixture("model.keras"), "--input", Models.fixture("x.npy"),
        "--output",
        "none/o.npy") == "none/o.npy: the folder none is not there; create it first")
    #expect(
      try tool.failure(74, "demo", "--output", "none")
        == "none/ffnn.keras: the folder none is not there; create it first")
  }

  @Test func `a folder in the place of a file is found before training`() throws {
    for name in ["o.keras", "h.json", "tokenizer.json"] {
      try FileManager.default.createDirectory(
        at: tool.folder.appendingPathComponent(name), withIntermediateDirectories: false)
    }
    #expect(try trained("--output", "o.keras") == "o.keras: is a folder, expected a file name")
    #expect(
      try trained("--output", "p.keras", "--history", "h.json")
        == "h.json: is a folder, expected a file name")
    // A definition cannot carry the text pipeline, whose tokenizer goes beside it.
    #expect(
      try trained("--output", "p.json") == "tokenizer.json: is a folder, expected a file name")
  }

  @Test func `what is no regular file is not replaced`() throws {
    try FileManager.default.createSymbolicLink(
      atPath: tool.path("o.keras"), withDestinationPath: "/dev/null")
    #expect(
      try trained("--output", "o.keras")
        == "o.keras: is no regular file, which cannot be replaced as a whole")
  }

  /// The system lets root write anywhere.
  @Test(.enabled(if: geteuid() != 0))
  func `a folder and a file without permission are found before training`() throws {
    let folder = tool.folder.appendingPathComponent("locked")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    #expect(chmod(folder.path, 0o500) == 0)
    #expect(
      try trained("--output", "locked/o.keras")
        == "locked/o.keras: cannot create a file in locked: Permission denied")
    try tool.write("o.keras", "old")
    #expect(chmod(tool.path("o.keras"), 0o400) == 0)
    #expect(
      try trained("--output", "o.keras") == "o.keras: cannot replace the file: Permission denied")
    #expect(chmod(folder.path, 0o700) == 0)
  }

  @Test func `a format that cannot say the model is refused without writing`() throws {
    #expect(
      try tool.failure(65, "convert", "text.keras", "o.keras", "--keras", "2")
        == "o.keras: Keras 2 has no .keras files; write .h5, or choose 2.15 or 3")
  }

  @Test func `results that standard output does not take are an output error`() throws {
    let full = "/dev/full"
    guard FileManager.default.fileExists(atPath: full) else { return }
    let run = try tool.start(["predict", "text.keras", "good"], output: full).result()
    #expect(run.status == 74)
    #expect(run.error == "hornbill: standard output: cannot write: No space left on device\n")
  }

  private func trained(_ arguments: String...) throws -> String {
    let before = try tool.names()
    let run = try tool.start(["train", "text.keras", "--epochs", "1000000"] + arguments).result()
    #expect(run.status == 74)
    #expect(run.output == "")
    #expect(run.errorLines.count == 1, "\(run.error)")
    #expect(try tool.names() == before)
    return String(run.error.dropFirst("hornbill: ".count).dropLast())
  }
}
