import KerasFormat
import KerasRuntime
import Synchronization

/// One entry of a `manifest.json` under `fixtures/`: a model with one option, saved and run by one
/// Keras, packed with the others of its kind.
package struct FixtureCase: Sendable, CustomStringConvertible {
  /// `layers`, `graphs`, `keras1` or `textlayers`.
  package let collection: String
  package let kind: String
  package let name: String
  package let generation: String
  package let files: [String]
  package let inputs: Int
  package let outputs: Int
  package let tolerance: Float
  /// The types of Keras's outputs, which are stored as float32; none where all are float32.
  package let types: [String]
  /// Files that the Keras which wrote them cannot read.
  package let cannotReload: [String]

  package var description: String { "\(collection)/\(kind)/\(name)/\(generation)" }

  /// All cases of some collections, in the order of their manifests.
  package static func all(_ collections: [String]) throws(KerasError) -> [FixtureCase] {
    var cases: [FixtureCase] = []
    for collection in collections { cases += try manifest(of: collection) }
    return cases
  }

  private static let manifests = Mutex<[String: [FixtureCase]]>([:])

  /// One collection's cases; its manifest is read once.
  private static func manifest(of collection: String) throws(KerasError) -> [FixtureCase] {
    if let known = manifests.withLock({ $0[collection] }) { return known }
    let manifest = try JSON(
      parsing: FileBytes.read(Fixtures.path("\(collection)/manifest.json")))
    var cases: [FixtureCase] = []
    for entry in (manifest.array ?? []).compactMap(\.object) {
      let strings = { (key: String) in entry[key]?.array?.compactMap(\.string) ?? [] }
      cases.append(
        FixtureCase(
          collection: collection, kind: entry["layer"]?.string ?? "?",
          name: entry["case"]?.string ?? "?", generation: entry["generation"]?.string ?? "?",
          files: strings("files"), inputs: entry["inputs"]?.integer ?? 1,
          outputs: entry["outputs"]?.integer ?? 1,
          tolerance: Float(entry["tolerance"]?.number ?? 0), types: strings("types"),
          cannotReload: strings("keras_cannot_reload")))
    }
    manifests.withLock { $0[collection] = cases }
    return cases
  }
}

// MARK: - Contents

extension FixtureCase {
  /// A definition and where its weights are.
  package struct Container: Sendable, CustomStringConvertible {
    package let model: String
    package let weights: String?

    package var description: String { weights.map { "\(model)+\($0)" } ?? model }
  }

  /// Every way in which the model is stored.
  package var containers: [Container] {
    let whole = ["model.keras", "model.h5"].filter(files.contains)
    let weights = ["model.weights.h5", "legacy.h5"].filter(files.contains)
    return whole.map { Container(model: $0, weights: nil) }
      + weights.map { Container(model: "model.json", weights: $0) }
  }

  private static let archives = Mutex<[String: ZipArchive]>([:])

  package func bytes(_ file: String) throws(KerasError) -> [UInt8] {
    let path = Fixtures.path("\(collection)/\(kind).zip")
    var archive = Self.archives.withLock { $0[path] }
    if archive == nil {
      archive = try ZipArchive(reading: FileBytes.read(path))
      Self.archives.withLock { $0[path] = archive }
    }
    return try archive?.bytes(of: "\(name)/\(generation)/\(file)") ?? []
  }

  package func array(_ file: String) throws(KerasError) -> NumericArray {
    try NumericArray(npy: try bytes(file))
  }

  package func record(_ container: Container) throws(KerasError) -> ModelRecord {
    var record = try ModelFile.decode(try bytes(container.model), name: container.model)
    if let weights = container.weights {
      try ModelFile.replaceWeights(of: &record, by: try bytes(weights), name: weights)
    }
    return record
  }

  /// The model's inputs in its own order.
  package func inputArrays() throws(KerasError) -> [NumericArray] {
    var arrays: [NumericArray] = []
    for index in 0..<inputs { arrays.append(try array(index == 0 ? "x.npy" : "x_\(index).npy")) }
    return arrays
  }

  /// The rows of texts of `x.json`; `nil` where the input is an array.
  package func inputTexts() throws(KerasError) -> [[String]]? {
    guard files.contains("x.json") else { return nil }
    return try JSON(parsing: try bytes("x.json")).array?.map { row in
      row.string.map { [$0] } ?? (row.array ?? []).compactMap(\.string)
    }
  }

  /// What a network makes of the case's inputs, in one batch.
  package func predictions(of network: Network) throws(KerasError) -> [NumericArray] {
    guard let texts = try inputTexts() else { return try network.predict(try inputArrays()) }
    return try network.predict([try network.encoded(rows: texts)])
  }

  /// What Keras predicted.
  package func outputArrays() throws(KerasError) -> [NumericArray] {
    var arrays: [NumericArray] = []
    for index in 0..<outputs { arrays.append(try array(index == 0 ? "y.npy" : "y_\(index).npy")) }
    return arrays
  }
}

extension Fixtures {
  /// The largest difference between arrays, divided by the expected number where `relative` and
  /// that is above 1; NaN in both counts as equal, anything else that is not comparable as
  /// infinitely far.
  package static func difference(
    _ found: [NumericArray], _ expected: [NumericArray], relative: Bool = false
  ) -> Float {
    guard found.map(\.shape) == expected.map(\.shape) else { return .infinity }
    var worst: Float = 0
    for (a, b) in zip(found.flatMap { $0.floats() }, expected.flatMap { $0.floats() })
    where !(a.isNaN && b.isNaN) && a != b {
      let difference = relative ? abs(a - b) / max(1, abs(b)) : abs(a - b)
      worst = max(worst, difference.isNaN ? .infinity : difference)
    }
    return worst
  }
}
