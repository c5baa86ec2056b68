import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// One entry of `fixtures/layers/manifest.json`: a layer with one option, saved and run by one Keras.
struct LayerFixture: Sendable, CustomTestStringConvertible {
  let folder: String
  let files: [String]

  var testDescription: String { folder }

  /// Computed at the precision of the file by Keras, in float32 here: Keras's own float32 result of
  /// the same weights lies beside it.
  var isOfOtherPrecision: Bool { files.contains("y_float32.npy") }

  static let all = Result { () throws(KerasError) -> [LayerFixture] in
    let manifest = try JSON(parsing: FileBytes.read(Fixtures.path("layers/manifest.json")))
    return (manifest.array ?? []).compactMap(\.object).map { entry in
      let folder = ["layer", "case", "generation"].map { entry[$0]?.string ?? "?" }
      return LayerFixture(
        folder: "layers/" + folder.joined(separator: "/"),
        files: entry["files"]?.array?.compactMap(\.string) ?? [])
    }
  }
}

@Suite struct LayerFixtureTests {
  @Test func `the manifest names every folder`() throws {
    let named = Set(try LayerFixture.all.get().map(\.folder))
    var there: Set<String> = []
    for layer in Fixtures.folders("layers") {
      for name in Fixtures.folders("layers/\(layer)") {
        for generation in Fixtures.folders("layers/\(layer)/\(name)") {
          there.insert("layers/\(layer)/\(name)/\(generation)")
        }
      }
    }
    #expect(named == there)
    #expect(named.count > 300)
  }

  /// 1e-5 absolute, the manifest's tolerance; there are no exceptions.
  @Test(arguments: try LayerFixture.all.get())
  func `a layer computes what its Keras computed`(_ fixture: LayerFixture) throws {
    let models = fixture.files.filter { $0.hasPrefix("model.") }
    #expect(!models.isEmpty)
    for file in models {
      let expected = fixture.isOfOtherPrecision ? "y_float32" : "y"
      let difference = try Fixtures.difference(fixture.folder, file, expected: expected)
      #expect(difference < 1e-5, "\(file): \(difference)")
    }
  }

  @Test(arguments: try LayerFixture.all.get())
  func `a model's record has the weights of its file, bit for bit and in their own type`(
    _ fixture: LayerFixture
  ) throws {
    for file in fixture.files where file.hasPrefix("model.") {
      let stored = try ModelFile.read(Fixtures.path("\(fixture.folder)/\(file)"))
      let again = try Network(stored).record
      #expect(
        stored.layers.flatMap(\.weights).map(\.array)
          == again.layers.flatMap(\.weights).map(\.array),
        "\(file)")
    }
  }
}
