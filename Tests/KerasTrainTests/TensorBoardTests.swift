import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Event files against what the TensorBoard callbacks of the real Kerases wrote about the same fit:
/// `fixtures/callbacks/<generation>/events.json`.
@Suite struct TensorBoardTests {
  private func entries(
    _ generation: Generation, _ callback: (_ folder: String) -> TensorBoard
  ) throws -> [EventReader.Entry] {
    let folder = FileManager.default.temporaryDirectory.path + "/hornbill-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let fixtures = "callbacks/\(generation.rawValue)"
    let start = generation == .keras3 ? "start.keras" : "start.h5"
    var model = try Model(contentsOf: Fixtures.path("\(fixtures)/\(start)"))
    let data = try Dataset(
      inputs: [Fixtures.array("\(fixtures)/x.npy")], targets: Fixtures.array("\(fixtures)/y.npy"))
    var settings = FitSettings()
    settings.batchSize = 7
    settings.validationSplit = 0.2
    settings.shuffle = false
    settings.epochs = 3
    try model.fit(data, settings: settings, callbacks: [callback(folder)])
    return try EventReader.entries(in: folder)
  }

  private func expected(_ generation: Generation, _ key: String) throws -> [EventReader.Entry] {
    let path = Fixtures.path("callbacks/\(generation.rawValue)/events.json")
    let file = try #require(JSON(parsing: FileBytes.read(path)).object)
    func numbers(_ json: JSON) -> [Double] {
      json.number.map { [$0] } ?? (json.array ?? []).flatMap(numbers)
    }
    return try #require(file[key]?.array).compactMap(\.object).map { entry in
      EventReader.Entry(
        run: entry["run"]?.string ?? "", step: entry["step"]?.integer ?? -1,
        tag: entry["tag"]?.string ?? "", plugin: entry["plugin"]?.string ?? "",
        value: entry["value"]?.number, histogram: numbers(entry["histogram"] ?? .array([])))
    }
  }

  /// What is not as Keras wrote it.
  private func differences(
    _ found: [EventReader.Entry], _ expected: [EventReader.Entry]
  ) -> [String] {
    // Keras 1 and 2.2 draw the outputs of layers too, and each batch of a validation again;
    // TensorFlow's graph is not written.
    let isNumber = { (entry: EventReader.Entry) in entry.value != nil }
    func key(_ entry: EventReader.Entry) -> String { "\(entry.run) \(entry.tag) \(entry.step)" }
    let (ours, theirs) = (found.filter(isNumber), expected.filter(isNumber))
    let (keys, wanted) = (ours.map(key).sorted(), theirs.map(key).sorted())
    var differences = keys == wanted ? [] : ["\(keys), not \(wanted)"]
    for entry in ours {
      guard let other = theirs.first(where: { key($0) == key(entry) }) else { continue }
      if entry.plugin != other.plugin || !(abs((entry.value ?? 0) - (other.value ?? 1)) < 1e-5) {
        differences.append("\(key(entry)): \(entry), not \(other)")
      }
    }
    for entry in found where !entry.histogram.isEmpty {
      let other = expected.first { key($0) == key(entry) && !$0.histogram.isEmpty }
      let (numbers, wanted) = (entry.histogram, other?.histogram ?? [])
      let isSame =
        entry.plugin == other?.plugin && numbers.count == wanted.count
        && zip(numbers, wanted).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
      if !isSame { differences.append("\(key(entry)): \(numbers), not \(wanted)") }
    }
    return differences
  }

  @Test(arguments: Generation.allCases)
  func `epochs and histograms are those that Keras writes`(generation: Generation) throws {
    let found = try entries(generation) { TensorBoard(logDir: $0, histogramFreq: 2) }
    #expect(try differences(found, expected(generation, "epochs")) == [])
    #expect(found.filter { !$0.histogram.isEmpty }.count == 8)
    if generation >= .keras2_15 {
      #expect(found.contains { $0.tag == "keras" && $0.plugin == "graph_keras_model" })
    }
  }

  @Test(arguments: [Generation.keras2, .keras2_15, .keras3])
  func `batches are those that Keras writes`(generation: Generation) throws {
    let frequency = generation == .keras2 ? 14 : 3
    let found = try entries(generation) {
      TensorBoard(logDir: $0, updateFreq: .batches(frequency))
    }
    #expect(try differences(found, expected(generation, "batches")) == [])
  }

  @Test func `settings of the run are there for the page HParams`() throws {
    let found = try entries(.keras3) {
      TensorBoard(logDir: $0, hparams: ["units": 5, "rate": 0.5, "name": "a", "masked": true])
    }
    let hparams = found.filter { $0.plugin == "hparams" }
    #expect(
      hparams.map(\.tag) == [
        "_hparams_/experiment", "_hparams_/session_start_info", "_hparams_/session_end_info",
      ])
    #expect(hparams.allSatisfy { $0.dataClass == 2 && $0.run == "." })
    let start = try #require(EventReader.Field.all(hparams[1].content).first { $0.number == 3 })
    let names = EventReader.Field.all(start.bytes).filter { $0.number == 1 }.map {
      EventReader.Field.all($0.bytes)[0].text
    }
    #expect(names == ["units", "rate", "name", "masked"])
  }

  @Test func `a damaged record is found by its checksum`() throws {
    // "123456789" is the check value of CRC-32C: 0xE3069283, here masked.
    let crc: UInt32 = 0xE306_9283
    #expect(
      EventReader.checksum(Array("123456789".utf8))
        == UInt64((crc >> 15 | crc << 17) &+ 0xA282_EAD8))
  }
}
