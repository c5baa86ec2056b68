import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Losses and metrics that were given to `compile` as objects, whose settings the generations word
/// differently, and compile settings that name no optimizer: `fixtures/compiled`.
@Suite struct CompiledObjectsTests {
  private static let cases = ["objects", "focal", "unreduced", "summed"]

  /// What the Keras of a generation says of a case.
  private func settings(_ name: String, _ generation: String) throws -> JSONObject {
    let told = try JSON(
      parsing: try FileBytes.read(Fixtures.path("compiled/\(generation)/settings.json")))
    return try #require(told.object?[name]?.object)
  }

  private func compileConfig(_ record: ModelRecord, _ generation: Generation) throws -> JSONObject {
    let bytes = try ModelFile.encode(
      record, container: .keras, options: .init(generation: generation))
    let definition = try ZipArchive(reading: bytes).bytes(of: "config.json")
    return try #require(try JSON(parsing: definition).object?["compile_config"]?.object)
  }

  @Test(arguments: cases, [("2.15", "3"), ("3", "2.15"), ("3", "3"), ("2.15", "2.15")])
  func `objects are written as the other generation's Keras writes them`(
    name: String, way: (from: String, to: String)
  ) throws {
    let target = try #require(Generation(rawValue: way.to))
    let expected = try settings(name, way.to)
    let source = try settings(name, way.from)
    for file in ["keras", "h5"] {
      let record = try ModelFile.read(Fixtures.path("compiled/\(way.from)/\(name).\(file)"))
      let written = try compileConfig(record, target)
      try expectObject(
        written["loss"], is: expected["loss"],
        without: ["fn"] + lost(source["loss"], expected["loss"]))
      let metrics = try #require(written["metrics"]?.array)
      let wanted = try #require(expected["metrics"]?.array)
      #expect(metrics.count == wanted.count, "\(file): \(metrics)")
      for (index, (metric, other)) in zip(metrics, wanted).enumerated() {
        // What a metric is called in the history stays.
        try expectObject(
          metric, is: other, without: ["name"] + lost(source["metrics"]?.array?[index], other))
      }
      let model = try Model(record)
      let compilation = try #require(model.compilation)
      #expect(compilation.losses.count == 1)
    }
  }

  /// Settings that the Keras which wrote the file does not say, such as Keras 3's axis of cosines.
  private func lost(_ source: JSON?, _ expected: JSON?) -> [String] {
    let told = source?.object?["config"]?.object
    return (expected?.object?["config"]?.object?.keys ?? []).filter { told?[$0] == nil }
  }

  private func expectObject(_ found: JSON?, is expected: JSON?, without ignored: [String]) throws {
    guard let wanted = expected?.object else {
      #expect(found == expected)
      return
    }
    let object = try #require(found?.object)
    #expect(object["class_name"] == wanted["class_name"])
    let config = try #require(object["config"]?.object)
    for (key, value) in try #require(wanted["config"]?.object).members
    where !ignored.contains(key) {
      let isEqual =
        config[key] == value
        || config[key]?.number != nil
          && config[key]?.number == value.number
      #expect(isEqual, "\(key): \(config[key] ?? "missing"), expected \(value)")
    }
  }

  @Test func `reductions mean in each generation what they say`() throws {
    for generation in ["2.15", "3"] {
      for (name, reduction) in [
        ("objects", Reduction.sumOverBatchSize), ("unreduced", .none), ("summed", .sum),
      ] {
        let model = try Model(contentsOf: Fixtures.path("compiled/\(generation)/\(name).keras"))
        #expect(model.compilation?.losses[0]?.reduction == reduction, "\(generation) \(name)")
      }
    }
  }

  // Keras 3's writer of HDF5 takes the optimizer out of the settings that an archive then gets.
  @Test(arguments: ["apart_rmsprop", "apart_adam"])
  func `settings without an optimizer are those of compile's default`(_ name: String) throws {
    let expected = try settings(name, "3")
    let record = try ModelFile.read(Fixtures.path("compiled/3/\(name).keras"))
    let training = try #require(record.training)
    #expect(training.loss == expected["loss"])
    #expect(training.metrics == ["acc"])
    #expect(training.optimizer.className == expected["optimizer"]?.string)
    #expect(training.optimizer.isAssumed)
    #expect(training.optimizer.iterations ?? 0 == expected["iterations"]?.integer)
    let slots = training.optimizer.slots.first?.arrays.map { $0.floats() } ?? []
    let wanted = (expected["slots"]?.array ?? []).map { slot in
      (slot.array ?? []).map { Float($0.number ?? .nan) }
    }
    #expect(slots == wanted || slots.isEmpty && wanted.joined().allSatisfy { $0 == 0 })
  }

  // Of a mixed_float16 model Keras 3 names the optimizer alone and keeps the scale of the loss too.
  @Test func `the scale of the loss is read where the settings do not name it`() throws {
    let record = try ModelFile.read(Fixtures.path("compiled/3/scaled.keras"))
    let optimizer = try #require(record.training?.optimizer)
    #expect(optimizer.config["loss_scale"]?.object?["initial_scale"] == 32768.0)
    #expect(optimizer.slots.contains { $0.name == "dynamic_scale" && $0.arrays[0].shape == [] })
    let bytes = try ModelFile.encode(
      record, container: .keras, options: .init(generation: .keras3))
    let again = try ModelFile.decode(bytes, name: "written.keras")
    #expect(again.training?.optimizer.slots == optimizer.slots)
    #expect(again.training?.optimizer.config == optimizer.config)
  }

  @Test func `an optimizer's arrays of other weights' shapes are refused with both shapes`() throws
  {
    let optimizer = try #require(
      OptimizerCase.all.first { $0.generation == .keras3 && $0.name == "rmsprop" })
    var root = try HDF5File.read(try optimizer.bytes("mid.h5"))
    let way = ["optimizer_weights", "rm_sprop"]
    guard var group = root.group(way[0]), var inner = group.group(way[1]) else {
      throw KerasError(.damagedFile, "the fixture has no \(way)")
    }
    // The bias of five units gets what belongs to that of one.
    inner.children["sequential_dense_bias_velocity"] =
      inner.children["sequential_dense_1_bias_velocity"]
    group.children[way[1]] = .group(inner)
    root.children[way[0]] = .group(group)
    let record = try ModelFile.decode(HDF5File.write(root), name: "swapped.h5")
    #expect(record.training == nil)
    #expect(
      record.trainingFailure?.description
        == "swapped.h5:optimizer/velocity/2: shape (1,) but weight 1 of dense needs (5,)")
  }

  @Test func `a Lamb is compiled with its state`() throws {
    let record = try ModelFile.read(Fixtures.path("compiled/3/lamb.keras"))
    let optimizer = try #require(record.training?.optimizer)
    #expect(optimizer.className == "Lamb")
    #expect(optimizer.slots.map(\.name) == ["momentum", "velocity"])
    #expect(optimizer.slots[0].arrays.contains { $0.floats().contains { $0 != 0 } })
  }
}
