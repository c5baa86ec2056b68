import KerasFormat
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct ModelFileTests {
  @Test(arguments: ModelFixture.models)
  func `every container of a model gives Keras's weights bit for bit`(
    generation: String, name: String
  ) throws {
    let expected = try FileBytes.read(ModelFixture.path(generation, "\(name).bin"))
    let files = ModelFixture.files(generation, name)
    #expect(!files.isEmpty)
    for file in files {
      let record = try ModelFile.read(ModelFixture.path(generation, file))
      #expect(ModelFixture.bytes(of: record) == expected, "\(file)")
      #expect(record.generation.rawValue == generation)
    }
    for weights in ["\(name).weights.h5", "\(name)_legacy.h5"] + files
    where ModelFixture.has(generation, weights) {
      let record = try ModelFile.read(
        ModelFixture.path(generation, "\(name).json"),
        weights: ModelFixture.path(generation, weights))
      #expect(ModelFixture.bytes(of: record) == expected, "\(weights)")
    }
  }

  @Test(arguments: ModelFixture.models)
  func `a model written in its own generation reads back equal`(
    generation: String, name: String
  ) throws {
    for file in ModelFixture.files(generation, name) {
      var record = ModelFixture.named(try ModelFile.read(ModelFixture.path(generation, file)))
      // Keras makes the operations anew by which it makes masks; they are not written.
      record.operations = OperationListing()
      let own = ModelFile.WriteOptions(generation: record.generation)
      for container in [ModelFile.Container.keras, .h5] {
        if container == .keras, generation == "2" { continue }
        if container == .h5, name == "bfloat16" { continue }
        let bytes = try ModelFile.encode(record, container: container, options: own)
        var again = ModelFixture.named(try ModelFile.decode(bytes, name: file))
        // Keras 3 cannot open an .h5 with a loss by its short name, so the long one is written.
        if again.training?.loss == "mean_squared_error" { again.training?.loss = "mse" }
        if name == "gates" { again.training?.loss = "mean_squared_error" }
        #expect(again.layers == record.layers, "\(file) as \(container)")
        #expect(again.inputs == record.inputs && again.outputs == record.outputs)
        #expect(again.training?.loss == record.training?.loss)
        #expect(again.training?.metrics == record.training?.metrics)
        let optimizer = again.training?.optimizer
        #expect(optimizer?.slots == record.training?.optimizer.slots)
        #expect(optimizer?.iterations == record.training?.optimizer.iterations)
        let config = record.training.map { JSON.object($0.optimizer.config) } ?? .null
        let difference = firstDifference(
          expected: config, got: (optimizer?.config).map { .object($0) } ?? .null, at: [])
        #expect(difference == nil)
        #expect(again == record, "\(file) as \(container)")
      }
    }
  }

  @Test(arguments: ModelFixture.models)
  func `a definition is written as Keras writes it`(generation: String, name: String) throws {
    let text = try FileBytes.read(ModelFixture.path(generation, "\(name).json"))
    let record = try ModelFile.decode(text, name: name)
    let written = try JSON(
      parsing: try ModelFile.encode(
        record, container: .json, options: .init(generation: record.generation)))
    let difference = firstDifference(
      expected: withoutHints(try JSON(parsing: text)), got: withoutHints(written), at: [])
    #expect(difference == nil)
  }

  /// Without what Keras derives when it loads: shapes of layers, and compile settings, which a
  /// definition alone holds without the optimizer.
  private func withoutHints(_ value: JSON) -> JSON {
    if let list = value.array {
      // Nor the nodes that Keras 3 makes for masks.
      let isMask = { (entry: JSON) in ["NotEqual", "Any"].contains(entry.object?["class_name"]) }
      return .array(list.filter { !isMask($0) }.map(withoutHints))
    }
    guard var object = value.object else { return value }
    for key in ["build_config", "compile_config", "training"] { object[key] = nil }
    if object["class_name"] == "__keras_tensor__", var config = object["config"]?.object {
      config["shape"] = nil
      config["dtype"] = nil
      object["config"] = .object(config)
    }
    // Keras writes the arguments that were left at their defaults, or not, from layer to layer.
    if object["kwargs"] != nil { object["kwargs"] = .object([:]) }
    for key in object.keys { object[key] = object[key].map(withoutHints) }
    return .object(object)
  }

  private func firstDifference(expected: JSON, got: JSON, at path: [String]) -> String? {
    if let a = expected.array, let b = got.array, a.count == b.count {
      for (index, (x, y)) in zip(a, b).enumerated() {
        if let found = firstDifference(expected: x, got: y, at: path + ["\(index)"]) {
          return found
        }
      }
      return nil
    }
    if let a = expected.object, let b = got.object {
      for key in a.keys + b.keys.filter({ a[$0] == nil }) {
        guard let x = a[key], let y = b[key] else {
          return "\(path + [key]): \(a[key]?.pythonText() ?? "-") ≠ \(b[key]?.pythonText() ?? "-")"
        }
        if let found = firstDifference(expected: x, got: y, at: path + [key]) { return found }
      }
      return nil
    }
    return expected == got ? nil : "\(path): \(expected.pythonText()) ≠ \(got.pythonText())"
  }

  @Test func `all generations of one model become the same canonical layers`() throws {
    for name in ["reviews", "graph"] {
      let records = try ["2.15", "3"].map {
        try ModelFile.read(ModelFixture.path($0, "\(name).keras"))
      }
      for (a, b) in zip(records[0].layers, records[1].layers) {
        #expect(a.className == b.className)
        var config = a.config
        // The same layer is seeded alike but called otherwise.
        // 2.15 passes penalties through float32.
        for key in ["layer", "backward_layer", "kernel_regularizer"] { config[key] = b.config[key] }
        #expect(config == b.config, "\(name) \(a.name)")
      }
    }
  }

  /// Writes every model into every container of every generation for `check_written.py`, which
  /// opens them with the real Kerases: `HORNBILL_WRITTEN=folder swift test`.
  @Test(.enabled(if: getenv("HORNBILL_WRITTEN") != nil))
  func `examples are written for the real Kerases to check`() throws {
    let folder = String(cString: getenv("HORNBILL_WRITTEN"))
    var log = ""
    for (generation, name) in ModelFixture.models {
      for file in ModelFixture.files(generation, name) {
        var record = ModelFixture.named(try ModelFile.read(ModelFixture.path(generation, file)))
        record.textPipeline = ["note": "héllo"]
        for target in [Generation.keras2, .keras2_15, .keras3] {
          for end in [".keras", ".h5", ".weights.h5", "_legacy.h5", ".json"] {
            let from = file.replacing(".", with: "-")
            let out = "\(target.rawValue)@\(generation)@\(name)@\(from)@\(end)"
            do {
              let notes = try ModelFile.write(
                record, to: "\(folder)/\(out)",
                options: .init(generation: target, legacyWeights: end == "_legacy.h5"))
              for note in notes { log += "\(out): note: \(note)\n" }
            } catch {
              log += "\(error)\n"
            }
          }
        }
      }
    }
    try AtomicFile.write(Array(log.utf8), to: "\(folder)/log.txt")
    #expect(log.contains("Keras 2 has no .keras files"))
  }
}
