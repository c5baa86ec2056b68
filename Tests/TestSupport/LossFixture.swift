import KerasFormat
import KerasRuntime
import KerasTrain

/// What one generation's Keras made of losses, metrics and training: `fixtures/losses/<generation>.zip`.
package struct LossFixture: Sendable {
  package let generation: Generation
  private let archive: ZipArchive
  private let cases: JSONObject
  private let arrays: JSONObject

  /// One of its entries: a loss, an evaluation or a training.
  package struct Entry: Sendable, CustomStringConvertible {
    package let generation: Generation
    package let index: Int
    package let facts: JSONObject

    package var description: String {
      let name = facts["case"] ?? facts["name"] ?? facts["loss"] ?? .null
      let more = ["table", "targets", "activation", "weights", "masked"].compactMap { key in
        facts[key].map { "\($0.string ?? $0.pythonText())" }
      }
      return "\(generation.rawValue) \(name.string ?? name.pythonText()) "
        + more.joined(separator: " ")
    }
  }

  package static let all: [LossFixture] = Generation.allCases.compactMap { try? LossFixture($0) }

  package static func of(_ generation: Generation) throws -> LossFixture {
    guard let fixture = all.first(where: { $0.generation == generation }) else {
      throw KerasError(.fileNotFound, "no fixtures/losses/\(generation.rawValue).zip")
    }
    return fixture
  }

  package static func entries(_ key: String) -> [Entry] {
    all.flatMap { fixture in
      (fixture.cases[key]?.array ?? []).enumerated().compactMap { index, json in
        json.object.map { Entry(generation: fixture.generation, index: index, facts: $0) }
      }
    }
  }

  private init(_ generation: Generation) throws(KerasError) {
    self.generation = generation
    archive = try ZipArchive(
      reading: FileBytes.read(Fixtures.path("losses/\(generation.rawValue).zip")))
    cases = try JSON(parsing: archive.bytes(of: "cases.json")).object ?? [:]
    arrays = cases["arrays"]?.object ?? [:]
  }

  package func bytes(_ name: String) throws(KerasError) -> [UInt8] { try archive.bytes(of: name) }

  /// A number of the cases' own, such as `batch_size`.
  package func integer(_ key: String) -> Int { arrays[key]?.integer ?? 0 }

  /// An array by its place, such as `tables`, `logits`.
  package func array(_ group: String, _ name: String) throws -> NumericArray {
    guard let entry = arrays[group]?.object?[name]?.object,
      let shape = entry["shape"]?.array?.compactMap(\.integer),
      let values = entry["values"]?.array?.compactMap(\.number)
    else { throw KerasError(.invalidData, "the fixture has no \(group) \(name)") }
    return NumericArray(shape: shape, .float32(values.map { Float($0) }))
  }

  package var mask: [Bool] { arrays["mask"]?.array?.compactMap(\.bool) ?? [] }

  /// A network that puts out a table, whatever its weights, and the ids that look its rows up: row
  /// 0 of its embedding is for what is masked, the gradient of the others is that of the table.
  package func tableNetwork(_ facts: JSONObject) throws -> (network: Network, ids: NumericArray) {
    let table = try array("tables", facts["table"]?.string ?? "")
    let isMasked = facts["masked"]?.bool ?? false
    let (rows, width) = (table.shape[0], table.shape.last ?? 1)
    let count = table.count / width
    let steps = count / rows
    var layers: [any Layer] = [
      InputLayer(shape: [steps], dtype: "int32"),
      Embedding(inputDim: count + 1, outputDim: width, maskZero: isMasked),
    ]
    if table.shape.count == 2 { layers.append(Flatten()) }
    let activation = facts["activation"]?.string ?? "linear"
    if activation != "linear" { layers.append(ActivationLayer(try Activation(named: activation))) }
    let network = try Network(layers, seed: 1, generation: generation)
    network.parameters.set(
      0, to: [Float](repeating: 0.25, count: width) + table.floats())
    let mask = mask
    let ids = (0..<count).map { isMasked && !mask[$0] ? 0 : Int32($0 + 1) }
    return (network, NumericArray(shape: [rows, steps], .int32(ids)))
  }
}

/// The largest difference of two lists of numbers, each relative to the expected one where that is
/// above `floor`, and where it is. Numbers that are not, and infinite ones, must be so in both.
package func worstDifference(
  _ found: [Double], _ expected: [Double], floor: Double = 1
) -> (difference: Double, place: String) {
  guard found.count == expected.count else {
    return (.infinity, "\(found.count) numbers but \(expected.count) are expected")
  }
  var worst = (difference: 0.0, place: "nowhere")
  for (index, (a, b)) in zip(found, expected).enumerated() {
    if a == b || a.isNaN && b.isNaN { continue }
    let difference = abs(a - b) / max(floor, abs(b))
    if !(difference <= worst.difference) {
      worst = (
        difference.isNaN ? .infinity : difference, "[\(index)]: \(a) but Keras has \(b)"
      )
    }
  }
  return worst
}
