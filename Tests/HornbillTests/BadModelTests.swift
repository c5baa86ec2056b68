import Foundation
import Testing

/// Model files that are missing, damaged, or not what they say: one line, status 65 or 74.
@Suite struct BadModelTests {
  private let tool: Tool

  init() throws { tool = try Tool() }

  @Test func `a missing model is an input error that names the file`() throws {
    #expect(
      try tool.failure(74, "predict", "none.keras", "a review")
        == "none.keras: cannot open the file: No such file or directory")
    #expect(
      try tool.failure(74, "summary", Models.fixture("model.json"), "--weights", "none.h5")
        == "none.h5: cannot open the file: No such file or directory")
  }

  @Test func `an empty file and a folder are no models`() throws {
    try tool.write("empty.keras", "")
    #expect(try tool.failure(65, "summary", "empty.keras") == "empty.keras: the file is empty")
    #expect(try tool.failure(74, "inspect", ".") == ".: is a folder, expected a file")
  }

  @Test func `a file that is not what its name says is refused by what it holds`() throws {
    for name in ["text.h5", "text.keras", "text.json"] {
      try tool.write(name, "A review, not a model.\n")
      #expect(
        try tool.failure(65, "summary", name)
          == "\(name): the file is no .keras archive, no HDF5 file and no JSON text")
    }
  }

  /// 64 GiB of holes, which nobody reads.
  @Test func `a file of any size is refused by its beginning`() throws {
    for (name, start, message) in [
      ("zeros.keras", "\0", "the file is no .keras archive, no HDF5 file and no JSON text"),
      ("big.json", "{", "the text has 68719476736 bytes, more than the 67108864 allowed"),
    ] {
      try tool.write(name, start)
      let file = try #require(FileHandle(forWritingAtPath: tool.path(name)))
      try file.truncate(atOffset: 1 << 36)
      try file.close()
      #expect(try tool.failure(65, "inspect", name) == "\(name): \(message)")
    }
  }

  @Test func `a container under another container's name is read all the same`() throws {
    try tool.write("really-h5.keras", Models.bytes(Models.fixture("model.h5")))
    #expect(try tool.run("summary", "really-h5.keras").status == 0)
  }

  @Test func `a .keras file cut off anywhere is refused`() throws {
    let whole = try Models.bytes(Models.fixture("model.keras"))
    // In the magic number, a header, a member, the directory, and the end record.
    for length in [2, 4, 20, 1000, whole.count / 2, whole.count - 60, whole.count - 1] {
      try tool.write("cut.keras", whole.prefix(length))
      let message = try tool.failure(65, "summary", "cut.keras")
      #expect(
        message
          == "cut.keras: the ZIP archive has no end record; it is cut off or has bytes appended",
        "\(length) bytes")
    }
    try tool.write("cut.keras", whole.prefix(1))
    #expect(
      try tool.failure(65, "summary", "cut.keras")
        == "cut.keras: the file is no .keras archive, no HDF5 file and no JSON text")
  }

  @Test func `an .h5 file cut off anywhere is refused`() throws {
    let whole = try Models.bytes(Models.fixture("model.h5"))
    // In the magic number, the superblock, the header messages, and the last data set.
    for length in [4, 8, 50, 96, 1000, whole.count / 2, whole.count - 1] {
      try tool.write("cut.h5", whole.prefix(length))
      let message = try tool.failure(65, "summary", "cut.h5")
      #expect(message.hasPrefix("cut.h5: "), "\(message)")
      #expect(
        message.contains(length < 8 ? "no HDF5 file" : "the HDF5 library cannot open the file"),
        "\(length) bytes: \(message)")
    }
  }

  @Test func `a definition cut off is refused with the byte`() throws {
    try tool.write("cut.json", Models.bytes(Models.fixture("model.json")).prefix(500))
    #expect(
      try tool.failure(65, "summary", "cut.json")
        == "cut.json, byte 493: the string that starts here has no end")
  }

  @Test func `a layer and an activation that nobody has get a suggestion`() throws {
    try changed("\"class_name\": \"GRU\"", to: "\"class_name\": \"GURU\"")
    #expect(
      try tool.failure(65, "summary", "m.json")
        == "m.json:gru: unknown layer class 'GURU'; did you mean 'GRU'?")
    try changed("\"activation\": \"tanh\"", to: "\"activation\": \"tahn\"")
    #expect(
      try tool.failure(65, "summary", "m.json")
        == "m.json:gru/activation: unknown activation 'tahn'; did you mean 'tanh'?")
  }

  @Test func `another number of weights and another shape are refused with both`() throws {
    let (json, weights) = (Models.fixture("model.json"), Models.fixture("model.weights.h5"))
    #expect(
      try tool.failure(65, "predict", json, "a review")
        == "\(json):embedding: 0 weights stored but this Embedding has 1; "
        + "give the weights, for example with --weights")
    try changed("\"use_bias\": true, \"kernel_init", to: "\"use_bias\": false, \"kernel_init")
    #expect(
      try tool.failure(65, "summary", "m.json", "--weights", weights)
        == "m.json:gru: 3 weights stored but this GRU has 2")
    try changed("\"units\": 6", to: "\"units\": 5")
    #expect(
      try tool.failure(65, "summary", "m.json", "--weights", weights)
        == "m.json:gru/cell/kernel: shape (8, 18) but this GRU needs (8, 15)")
    let lstm = Models.fixture("model.weights.h5", "lstm")
    #expect(
      try tool.failure(65, "summary", json, "--weights", lstm)
        == "\(lstm):gru: the file has no layers/gru, where gru has its weights")
  }

  @Test func `weights alone are no model, and the message says what to do`() throws {
    let weights = Models.fixture("model.weights.h5")
    #expect(
      try tool.failure(65, "summary", weights)
        == "\(weights): the file holds weights without a model's definition; "
        + "give the definition (.json) and pass this file as its weights")
  }

  @Test func `a model without a text pipeline cannot read text`() throws {
    let model = Models.fixture("model.keras")
    #expect(
      try tool.failure(65, "predict", model, "a review")
        == "\(model): the model carries no text pipeline, so it cannot read text; "
        + "give arrays with --input and --output")
    try tool.write("data.tsv", "good\t1\n")
    #expect(
      try tool.failure(65, "evaluate", model, "--data", "data.tsv")
        == "\(model): the model carries no text pipeline, so it cannot read text; "
        + "give arrays with --x and --y")
  }

  /// Writes the fixture's definition as `m.json` with one change.
  private func changed(_ old: String, to new: String) throws {
    let text = String(decoding: try Models.bytes(Models.fixture("model.json")), as: UTF8.self)
    let parts = try #require(text.range(of: old), "the fixture has no \(old)")
    try tool.write("m.json", text.replacingCharacters(in: parts, with: new))
  }
}
