import Foundation
import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// Vocabularies through the containers: read, written, and read again.
@Suite struct VocabularyFileTests {
  static let fixtures = Result { () throws(KerasError) -> [FixtureCase] in
    try FixtureCase.all(["textlayers"]).filter { $0.outputs > 0 }
  }

  /// What 2.15 cannot say or compute.
  private static let onlyKeras3 = ["ngrams_1_3", "ngrams_only_2", "one_hot_columns", "farmhash"]

  private static func record(_ fixture: FixtureCase) throws(KerasError) -> ModelRecord {
    try ModelFile.decode(try fixture.bytes("model.keras"), name: "model.keras")
  }

  /// With `HORNBILL_WRITTEN` set the files are left in that folder, for
  /// `fixtures/scripts/check_text_layers.py` to open them with the real Kerases.
  @Test(arguments: [Generation.keras2_15, .keras3], [ModelFile.Container.keras, .h5, .json])
  func `what is written computes what the original computes`(
    _ generation: Generation, _ container: ModelFile.Container
  ) throws {
    let folder = ProcessInfo.processInfo.environment["HORNBILL_WRITTEN"]
    var written = 0
    for fixture in try Self.fixtures.get() where fixture.name != "model_nested" {
      // Weights of a definition come from elsewhere.
      guard container != .json || !fixture.name.contains("model") else { continue }
      guard container != .json || !fixture.name.contains("functional") else { continue }
      let record = try Self.record(fixture)
      let options = ModelFile.WriteOptions(generation: generation)
      if generation == .keras2_15, Self.onlyKeras3.contains(where: fixture.name.hasPrefix) {
        continue
      }
      let bytes = try ModelFile.encode(
        try Network(record).record, container: container, options: options)
      let again = try Network(try ModelFile.decode(bytes, name: "again"))
      let difference = Fixtures.difference(
        try fixture.predictions(of: again), try fixture.outputArrays())
      #expect(difference <= fixture.tolerance, "\(fixture)")
      written += 1
      if let folder {
        let end = container == .keras ? "keras" : container == .h5 ? "h5" : "json"
        let name =
          "\(generation.rawValue)@\(fixture.kind)@\(fixture.name)@\(fixture.generation).\(end)"
        try AtomicFile.write(bytes, to: "\(folder)/\(name)")
      }
    }
    #expect(written >= 130)
  }

  @Test func `a learned vocabulary is written as Keras writes it`() throws {
    for generation in ["2.15", "3"] {
      let fixture = try #require(
        try Self.fixtures.get().first {
          $0.description == "textlayers/TextVectorization/tf_idf/\(generation)"
        })
      let stored = try ZipArchive(reading: fixture.bytes("model.keras"))
      let record = try Self.record(fixture)
      let options = ModelFile.WriteOptions(generation: record.generation)
      let again = try ZipArchive(
        reading: ModelFile.encode(record, container: .keras, options: options))
      #expect(Set(again.members.map(\.name)) == Set(stored.members.map(\.name)))
      for member in stored.members where member.name.hasPrefix("assets") {
        #expect(try again.bytes(of: member.name) == stored.bytes(of: member))
      }
      let (old, new) = (try lastConfig(of: stored), try lastConfig(of: again))
      #expect(old.keys.filter { $0 != "batch_input_shape" } == new.keys)
      #expect(old["vocabulary"] == .null && new["vocabulary"] == .null)
    }
  }

  private func lastConfig(of archive: ZipArchive) throws -> JSONObject {
    let definition = try JSON(parsing: archive.bytes(of: "config.json")).object
    let layers = definition?["config"]?.object?["layers"]?.array
    return try #require(layers?.last?.object?["config"]?.object)
  }

  @Test func `words that lines cannot hold stay in the config`() throws {
    for words: [JSON] in [["", "[UNK]", "a\u{2028}b"], ["", "[UNK]", "a\nb"], ["a", "b"]] {
      let record = try model(["vocabulary": .array(words)])
      let bytes = try ModelFile.encode(record, container: .keras)
      #expect(try ZipArchive(reading: bytes).members.allSatisfy { !$0.name.hasPrefix("assets") })
      #expect(
        try ModelFile.decode(bytes, name: "m").layers[1].config["vocabulary"] == .array(words))
    }
  }

  // MARK: - Hostile files

  private func model(_ config: JSONObject, _ className: String = "TextVectorization")
    throws(KerasError) -> ModelRecord
  {
    let dtype: JSON = className == "IntegerLookup" ? "int64" : "string"
    let input: JSON = [
      "class_name": "InputLayer", "config": ["batch_shape": [nil, 1], "dtype": dtype],
    ]
    let layer: JSON = ["class_name": .string(className), "config": .object(config)]
    let inner: JSON = ["name": "m", "layers": [input, layer]]
    let definition: JSONObject = [
      "class_name": "Sequential", "config": inner, "keras_version": "3.15.1",
    ]
    return try ModelFile.decode(
      Array(JSON.object(definition).pythonText().utf8), name: "model.json")
  }

  private func refusal(_ config: JSONObject, _ className: String = "TextVectorization") -> String {
    do {
      _ = try Network(try model(config, className))
      return "taken"
    } catch {
      return "\(error)"
    }
  }

  @Test func `a vocabulary that is a path is refused and nothing is opened`() throws {
    let text = refusal(["vocabulary": "/etc/passwd"])
    #expect(text.contains("vocabulary: the path of a file, \"/etc/passwd\", which is not opened"))
  }

  @Test func `a file without words says so`() throws {
    #expect(refusal([:]).contains("vocabulary: the file carries no words"))
    #expect(refusal(["vocabulary": []]).contains("it holds no words"))
    #expect(refusal(["vocabulary": ["", "[UNK]"]]).contains("it holds no words"))
  }

  @Test(
    arguments: [
      (["vocabulary": ["a", "b", "a"]], "the word \"a\" stands there twice"),
      (["vocabulary": ["a", ""]], "the mask token \"\" stands among the words"),
      (["vocabulary": ["a", 3]], "3 but words are strings"),
      (["vocabulary": 7], "7 but a list of words belongs here"),
      (["vocabulary": ["a", "b"], "vocabulary_size": 5], "4 entries with the special ones but"),
      (
        ["vocabulary": ["a", "b"], "max_tokens": 3],
        "4 entries with the special ones but max_tokens"
      ),
      (["vocabulary": ["a"], "output_mode": "tf_idf"], "idf_weights: missing"),
      (
        ["vocabulary": ["a"], "output_mode": "tf_idf", "idf_weights": [1, 2]],
        "2 weights for a vocabulary of 1"
      ),
      (
        ["vocabulary": ["a"], "output_mode": "count", "idf_weights": [1]],
        "only output_mode=tf_idf has them"
      ),
      (
        [
          "vocabulary": ["a"], "output_mode": "count", "pad_to_max_tokens": true,
          "max_tokens": 2_000_000_000,
        ], "an output 2000000000 wide"
      ),
      (["vocabulary": ["a"], "output_sequence_length": 2_000_000_000], "2000000000 but 1…"),
      (["vocabulary": ["a"], "ngrams": 0], "0 but a length"),
      (["vocabulary": ["a"], "ngrams": [1, "x"]], "a list but a length"),
      (["vocabulary": ["a"], "split": "lines"], "\"lines\", which is not supported"),
      (["vocabulary": ["a"], "output_mode": "one_hot"], "one_hot, which Keras cannot compute"),
      (["vocabulary": ["a"], "sparse": true], "sparse"),
      (["vocabulary": ["a"], "ragged": true], "ragged"),
      (["vocabulary": ["a"], "encoding": "latin-1"], "\"latin-1\" but only utf-8"),
    ] as [(JSONObject, String)])
  func `a config that cannot be is refused with the reason`(
    _ config: JSONObject, _ reason: String
  ) {
    let text = refusal(config)
    #expect(text.contains(reason), "\(text)")
  }

  @Test func `numbers of a lookup are checked as words are`() {
    for (config, reason) in [
      (["vocabulary": [1, 2, 1]], "1 stands there twice"),
      (["vocabulary": [1, 0], "mask_token": 0], "the mask token 0 stands among the words"),
      (["vocabulary": ["a"]], "but a whole number belongs here"),
      (["vocabulary": [1], "num_oov_indices": -1], "-1 but 0…"),
      (["vocabulary": [5_000_000_000], "invert": true], "cannot be given back"),
      (["vocabulary": [1], "oov_method": "x"], "floormod or farmhash"),
    ] as [(JSONObject, String)] {
      let text = refusal(config, "IntegerLookup")
      #expect(text.contains(reason), "\(text)")
    }
  }

  /// An archive with other members in place of its own, or without some.
  private func archive(_ changes: [String: [UInt8]] = [:], without left: Set<String> = []) throws
    -> [UInt8]
  {
    let fixture = try #require(
      try Self.fixtures.get().first { $0.description == "textlayers/TextVectorization/int/3" })
    let stored = try ZipArchive(reading: fixture.bytes("model.keras"))
    var members: [(name: String, bytes: [UInt8])] = []
    for member in stored.members where !left.contains(member.name) {
      members.append((member.name, try changes[member.name] ?? stored.bytes(of: member)))
    }
    return try ZipArchive.write(members: members)
  }

  private let outer = "assets/layers/text_vectorization/vocabulary.txt"
  private let inner = "assets/layers/text_vectorization/_lookup_layer/vocabulary.txt"

  private func refusal(
    ofArchive changes: [String: [UInt8]] = [:], without left: Set<String> = []
  ) throws -> String {
    do {
      let bytes = try archive(changes, without: left)
      _ = try Network(try ModelFile.decode(bytes, name: "m.keras"))
      return "taken"
    } catch let error as KerasError {
      return "\(error)"
    }
  }

  @Test func `an archive without its vocabulary, or with two of them, is refused`() throws {
    #expect(try refusal() == "taken")
    #expect(try refusal(without: [outer]) == "taken")
    #expect(
      try refusal(without: [outer, inner])
        .contains("text_vectorization/vocabulary: the file carries no words"))
    #expect(
      try refusal(ofArchive: [outer: Array("\n[UNK]\nx".utf8)])
        .contains("differs from the copy in _lookup_layer"))
  }

  @Test func `a vocabulary of the wrong size, or of no UTF-8, is refused`() throws {
    let short = Array("\n[UNK]\nthe".utf8)
    #expect(
      try refusal(ofArchive: [outer: short, inner: short])
        .contains("3 entries with the special ones but vocabulary_size="))
    let broken: [UInt8] = [0x0A, 0xFF, 0xFE]
    #expect(
      try refusal(ofArchive: [outer: broken, inner: broken]).contains("the words are no UTF-8"))
  }

  @Test func `a vocabulary that claims a gigabyte is refused before it is inflated`() throws {
    var bytes = try archive()
    let size: [UInt8] = [0, 0, 0, 0x40]
    // The sizes behind each of the two names of the member, in its header and in the directory.
    let name = Array(outer.utf8)
    for start in bytes.indices.dropLast(name.count)
    where bytes[start] == name[0] && bytes[start..<start + name.count].elementsEqual(name) {
      let isHeader = bytes[start - 30..<start - 26].elementsEqual([0x50, 0x4B, 3, 4])
      let field = start - (isHeader ? 12 : 26)
      bytes.replaceSubrange(field..<field + 4, with: size)
    }
    let error = #expect(throws: KerasError.self) { try ModelFile.decode(bytes, name: "m.keras") }
    #expect(error?.description.contains("1073741824") == true, "\(String(describing: error))")
  }

  // MARK: - Places

  @Test func `a text layer stands behind an input and nowhere else`() throws {
    let text = try TextVectorization(vocabulary: ["a"], outputSequenceLength: 3)
    let input = InputLayer(shape: [1], dtype: "string")
    for (layers, reason): ([any Layer], String) in [
      ([InputLayer(shape: [1]), Dense(units: 1), text], "TextVectorization behind another layer"),
      ([input, Dense(units: 1)], "Dense on an input of texts"),
      ([InputLayer(shape: [2], dtype: "string"), text], "one text a row belongs here"),
    ] {
      let error = #expect(throws: KerasError.self) { try Network(layers, seed: 1) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
    let network = try Network([input, text], seed: 1)
    #expect(network.readsTexts)
    #expect(network.textInputs.map(\.className) == ["TextVectorization"])
    #expect(try network.predict(["a b", ""]) == [2, 1, 0, 0, 0, 0])
  }

  @Test func `texts beside another input are read in, but do not fill the model alone`() throws {
    let text = try TextVectorization(vocabulary: ["a"], outputSequenceLength: 3)
    var record = try Network([InputLayer(shape: [1], dtype: "string"), text], seed: 1).record
    record.isSequential = false
    let names = record.layers.map(\.name)
    record.layers[1].inbound = [[TensorReference(layer: names[0])]]
    var other = LayerRecord(
      className: "InputLayer", name: "numbers",
      config: ["batch_shape": [nil, 3], "dtype": "float32"])
    other.inbound = []
    var joined = LayerRecord(
      className: "Concatenate", name: "joined",
      config: ["trainable": true, "dtype": "float32", "axis": -1])
    joined.inbound = [[TensorReference(layer: names[1]), TensorReference(layer: "numbers")]]
    record.layers += [other, joined]
    record.inputs = [TensorReference(layer: names[0]), TensorReference(layer: "numbers")]
    record.outputs = [TensorReference(layer: "joined")]
    let network = try Network(record)
    #expect(!network.readsTexts)
    #expect(network.textInputs.map(\.name) == [names[0]])
    // What its TextVectorization makes of the texts goes in at the input.
    let ids = NumericArray(shape: [1, 3], .int32([2, 1, 0]))
    let numbers = NumericArray(shape: [1, 3], .float32([5, 6, 7]))
    #expect(try network.predict([ids, numbers])[0].floats() == [2, 1, 0, 5, 6, 7])
    #expect(throws: KerasError.self) { try network.encoded(["a b"]) }
  }

  @Test func `unknown words without an index are refused with their row`() throws {
    let network = try Network(
      try model(["vocabulary": ["a"], "num_oov_indices": 0], "StringLookup"))
    #expect(try network.encoded(["a", "a"]).floats() == [0, 0])
    let error = #expect(throws: KerasError.self) {
      try network.outputs(for: ["a", "a", "a", "b"], batchSize: 2)
    }
    #expect(error?.place.row == 3)
    #expect(error?.description.contains("\"b\" is not in the vocabulary") == true)
  }

  @Test func `a lookup takes numbers as large as a tensor holds`() throws {
    let network = try Network(try model(["vocabulary": [7]], "IntegerLookup"))
    let most = Int64(Int32.max)
    #expect(
      try network.predict([NumericArray(shape: [2, 1], .int64([7, most]))])[0].floats() == [1, 0])
    let error = #expect(throws: KerasError.self) {
      try network.predict([NumericArray(shape: [2, 1], .int64([7, most + 1]))])
    }
    #expect(error?.place.row == 1)
  }
}
