import Foundation
import KerasFormat
import KerasRuntime
import TestSupport
import Testing

@Suite struct WrittenDefinitionTests {
  static let kinds = Result { () throws -> [String] in
    var seen: Set<String> = []
    return try FixtureCase.all(["layers", "graphs"]).map { "\($0.collection)/\($0.kind)" }
      .filter { seen.insert($0).inserted && !$0.hasSuffix("/Refused") }
  }

  /// Keras's own text, read and written in the same generation, but for what follows from the rest:
  /// shapes of tensors, marks of objects that are shared, masks that layers hand on.
  @Test(arguments: try kinds.get())
  func `a definition read and written again says what Keras wrote`(_ kind: String) throws {
    for fixture in try FixtureCase.all(["layers", "graphs"])
    where "\(fixture.collection)/\(fixture.kind)" == kind && fixture.files.contains("model.json")
      && fixture.name != "explicit_compute_mask"
    {
      let stored = try JSON(parsing: fixture.bytes("model.json"))
      guard let record = try? ModelFile.decode(fixture.bytes("model.json"), name: "model.json"),
        (try? Network(record, weights: .zeros)) != nil
      else { continue }
      do {
        let written = try JSON(parsing: ModelFile.encode(record, container: .json))
        if let difference = Self.difference(stored, written, at: []) {
          Issue.record("\(fixture): \(difference)")
        }
      } catch {
        Issue.record("\(fixture): \(error)")
      }
    }
  }

  /// Keys that say what the others say, or nothing.
  private static let derived: Set<String> = [
    "build_config", "build_input_shape", "compile_config", "shared_object_id", "keras_version",
    "shape", "input_length", "batch_input_shape", "input_shape",
  ]

  /// cuDNN's layers are written as those that compute the same anywhere.
  private static let renamed = ["CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU"]

  /// The first place where two definitions differ.
  static func difference(_ expected: JSON, _ got: JSON, at path: [String]) -> String? {
    let place = path.joined(separator: "/")
    // A policy may be written by its name alone; a dictionary of ends becomes the list of its
    // values.
    if path.last == "dtype" || path.last == "trainable", expected.isNull || got.isNull {
      return nil
    }
    if path.last == "dtype", got.object?["config"]?.object?["name"] == expected { return nil }
    // `Activation("tanh")` in a function's place is the function.
    if path.last?.hasSuffix("activation") == true, expected.object?["class_name"] == "Activation" {
      let function = expected.object?["config"]?.object?["activation"] ?? .null
      return difference(function, got, at: path)
    }
    if path.last == "output_layers" || path.last == "input_layers", let named = expected.object {
      return difference(.array(named.keys.sorted().map { named[$0] ?? .null }), got, at: path)
    }
    // One axis may stand in a list.
    if path.last == "axis", expected.array == nil || got.array == nil,
      (expected.array ?? [expected]) == (got.array ?? [got])
    {
      return nil
    }
    if let x = expected.number, let y = got.number {
      return Float(x) == Float(y) ? nil : "\(place): \(x) ≠ \(y)"
    }
    if let x = expected.object, let y = got.object {
      if x["class_name"]?.string == "__keras_tensor__" {
        let history = { (object: JSONObject) in
          object["config"]?.object?["keras_history"] ?? .null
        }
        return difference(history(x), history(y), at: path)
      }
      if let name = x["class_name"]?.string, let other = renamed[name] {
        return y["class_name"]?.string == other ? nil : "\(place): \(name) ≠ \(y)"
      }
      for key in x.keys + y.keys.filter({ x[$0] == nil }) where !derived.contains(key) {
        let (a, b) = (x[key] ?? .null, y[key] ?? .null)
        if key == "kwargs" || key == "module" && (a.isNull || b.isNull) { continue }
        if let found = difference(a, b, at: path + [key]) { return found }
      }
      return nil
    }
    if let x = expected.array, let y = got.array {
      // Operations that make masks are not written.
      let layers = x.filter { !($0.object?["module"]?.string?.hasPrefix("keras.src.ops") ?? false) }
      if layers.count == y.count {
        for (index, (a, b)) in zip(layers, y).enumerated() {
          if let found = difference(a, b, at: path + ["\(index)"]) { return found }
        }
        return nil
      }
    }
    if expected == got { return nil }
    // Without Keras's nodes for masks this name is taken by one that it makes anew.
    if expected == "concatenate", got == "concatenate_layer" { return nil }
    return "\(place): \(expected.pythonText().prefix(80)) ≠ \(got.pythonText().prefix(80))"
  }
}

/// Writes the fixtures' models for `fixtures/scripts/check_written.py`, which opens them with the
/// real Kerases: `HORNBILL_WRITTEN=folder swift test -c release --filter WrittenModelTests`.
@Suite struct WrittenModelTests {
  /// Each case in its own generation in one container, and in another generation in another: those
  /// that `fixtures/checked` lists for it, and for a case that is not there yet those that its name
  /// chooses, so that a new case changes no other's.
  @Test(.enabled(if: folder != nil))
  func `every case is written for the real Kerases to check`() throws {
    let folder = Self.folder ?? ""
    var lines: [String] = []
    let listed = try Self.listed()
    let cases = try FixtureCase.all(["layers", "graphs", "keras1"])
    for (index, fixture) in cases.enumerated() where fixture.kind != "Refused" {
      guard let container = fixture.containers.first else { continue }
      let network: Network
      do { network = try Network(try fixture.record(container)) } catch { continue }
      let record = network.record
      for (target, end) in listed[fixture.description] ?? Self.chosen(for: fixture, record) {
        let name = "\(index)\(end)"
        let line = "\(target.rawValue)\t\(name)\t\(fixture)"
        let path = "\(folder)/\(target.rawValue)_\(name)"
        do throws(KerasError) {
          let difference = try ConversionProbe(network).difference(writtenAs: target)
          guard difference <= 1e-5 else {
            lines.append("\(line)\trefused: it computes something else")
            continue
          }
          var notes = try ModelFile.write(
            record, to: path,
            options: .init(generation: target, legacyWeights: end == "_legacy.h5"))
          if end == ".weights.h5" || end == "_legacy.h5" {
            let own = try ModelFile.write(
              record, to: "\(folder)/\(target.rawValue)_\(index).json",
              options: .init(generation: target))
            notes += own.filter { !notes.contains($0) }
          }
          lines.append("\(line)\t\(notes.map(\.description).joined(separator: "; "))")
        } catch {
          lines.append("\(line)\trefused: \(Self.withoutFile(error).description)")
        }
      }
    }
    try AtomicFile.write(
      Array((lines.joined(separator: "\n") + "\n").utf8), to: "\(folder)/written.tsv")
    #expect(lines.count > 3000)
  }

  /// An error without the name of the file, which is another one each time.
  private static func withoutFile(_ error: KerasError) -> KerasError {
    var place = error.place
    place.file = nil
    return KerasError(error.code, error.message, at: place, hint: error.hint)
  }

  /// Generations and containers by case.
  private static func listed() throws -> [String: [(Generation, String)]] {
    var listed: [String: [(Generation, String)]] = [:]
    for generation in Generation.allCases {
      let path = Fixtures.path("checked/\(generation.rawValue).tsv")
      for line in String(decoding: try FileBytes.read(path), as: UTF8.self).split(separator: "\n") {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        listed[fields[3], default: []].append((generation, fields[2]))
      }
    }
    return listed
  }

  private static func chosen(
    for fixture: FixtureCase, _ record: ModelRecord
  ) -> [(Generation, String)] {
    // FNV-1a, the same on every machine.
    let hash = fixture.description.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    let others = Generation.allCases.filter { $0 != record.generation }
    return [record.generation, others[Int(hash % UInt64(others.count))]].map { target in
      let ends =
        target <= .keras2
        ? [".h5", "_legacy.h5"] : [".keras", ".h5", ".weights.h5", "_legacy.h5"]
      return (target, ends[Int((hash >> 32) % UInt64(ends.count))])
    }
  }

  private static let folder = ProcessInfo.processInfo.environment["HORNBILL_WRITTEN"]
}
