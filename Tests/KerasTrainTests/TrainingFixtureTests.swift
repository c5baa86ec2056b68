import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

@Suite struct LayerFixtureTests {
  /// The cases of `fixtures/layers` whose layers and options this package computes, each against the
  /// prediction of the Keras that wrote the file. 1e-5 absolute is the manifest's tolerance.
  @Test func `every layer file predicts what its Keras predicts`() throws {
    let manifest = try JSON(parsing: FileBytes.read(Fixtures.path("layers/manifest.json")))
    var compared = 0
    for entry in try #require(manifest.array) {
      let object = try #require(entry.object)
      let layer = try #require(object["layer"]?.string)
      let name = try #require(object["case"]?.string)
      let generation = try #require(object["generation"]?.string)
      // Half and double precision are computed in float32; `glu` and `sparsemax` are not computed.
      if ["glu", "sparsemax"].contains(name) || name.hasPrefix("dtype_") { continue }
      let folder = "layers/\(layer)/\(name)/\(generation)"
      for file in try #require(object["files"]?.array).compactMap(\.string)
      where file.hasPrefix("model.") {
        let difference = try Fixtures.difference(folder, file)
        #expect(difference < 1e-5, "\(folder)/\(file): \(difference)")
        compared += 1
      }
    }
    #expect(compared > 300)
  }
}
