import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// The `Affine` of `fixtures/scripts/make_custom.py` as somebody outside the package writes it: x
/// times a gain that is trained, plus a shift that is not.
private struct Affine: Layer {
  static let className = "Affine"
  /// Keys of its own, with whatever stands there.
  let own: JSONObject

  init(from config: inout ConfigReader) throws(KerasError) {
    var own = JSONObject()
    for key in ["power", "strides", "notes", "rate", "input_length"] {
      own[key] = config.value(key) ?? .null
    }
    self.own = own
  }

  var config: JSONObject { own }

  func weights(for inputs: [Shape]) throws(KerasError) -> [WeightSpec] {
    let shape = [inputs[0].last ?? 1]
    return [
      WeightSpec("gain", shape: shape, settings: WeightSettings(.ones)),
      WeightSpec("shift", shape: shape, settings: WeightSettings(.zeros), isTracked: true),
    ]
  }

  func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> {
    PerFeature.forward(inputs[0].tensor, weights: weights, pass: &pass)
  }

  func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {
    PerFeature.backward(
      outputGradients[0], into: inputGradients[0], weights: weights, gradients: gradients,
      trace: trace, pass: &pass)
  }

  static let registration = Result { () throws(KerasError) in
    try LayerRegistry.register(Affine.self)
  }
}

/// A layer that no list in the package knows, in the places where its weights are hard to find:
/// in models inside models, frozen, shared, at every step.
@Suite struct CustomLayerTests {
  private static let fixtures = Result { () throws -> [FixtureCase] in
    try Affine.registration.get()
    return try FixtureCase.all(["custom"])
  }

  @Test func `there is every case of every generation`() throws {
    let fixtures = try Self.fixtures.get()
    #expect(fixtures.count == 28)
    #expect(Set(fixtures.map(\.generation)) == ["1", "2", "2.15", "3"])
  }

  @Test func `it computes what Keras computed, whatever it is stored in`() throws {
    for fixture in try Self.fixtures.get() {
      for container in fixture.containers {
        let network = try Network(try fixture.record(container))
        let difference = Fixtures.difference(
          try fixture.predictions(of: network), try fixture.outputArrays())
        #expect(difference <= 1e-5, "\(fixture) \(container)")
      }
    }
  }

  /// As the script has it.
  private static let notes = """
    {"words": ["a", null, 1.5, true, {"class_name": 5}], "class_name": "Thing", "activation": null,
     "deep": {"class_name": "Sequential", "config": {"layers": [], "units": -1}, "more": [[], {}]},
     "n": 12345678901}
    """

  /// The same value with its keys in alphabetical order.
  private static func sorted(_ value: JSON) -> JSON {
    if let list = value.array { return .array(list.map(sorted)) }
    guard let object = value.object else { return value }
    var result = JSONObject()
    for key in object.keys.sorted() { result[key] = object[key].map(sorted) }
    return .object(result)
  }

  @Test func `any JSON in its config arrives`() throws {
    let expected: JSONObject = [
      "power": 3, "strides": .null, "notes": try JSON(parsing: Self.notes), "rate": 0.25,
      "input_length": .null,
    ]
    for fixture in try Self.fixtures.get() where fixture.name == "nested" {
      for container in fixture.containers {
        let network = try Network(try fixture.record(container))
        let layers = network.nodes.compactMap { $0.layer as? Affine }
        #expect(layers.count == 1)
        for layer in layers {
          #expect(
            Self.sorted(.object(layer.own)) == Self.sorted(.object(expected)),
            "\(fixture) \(container)")
        }
        // In the model inside, too.
        let core = try #require(network.record.layers.first { $0.className == "Sequential" })
        let inner = core.config["layers"]?.array?.first {
          $0.object?["class_name"]?.string?.hasSuffix("Affine") ?? false
        }
        let config = try #require(inner?.object?["config"]?.object)
        for key in expected.keys {
          #expect(
            Self.sorted(config[key] ?? "none") == Self.sorted(expected[key] ?? .null),
            "\(fixture) \(container) \(key)")
        }
      }
    }
  }

  /// Whether a file tells how training goes on: not in Keras 1, nor where Keras 2.2 leaves out that
  /// a model inside is frozen and cannot go on itself.
  private static func hasState(_ fixture: FixtureCase) -> Bool {
    fixture.generation != "1"
      && (fixture.generation != "2" || !fixture.cannotReload.contains("model.h5"))
  }

  @Test func `training goes on from the optimizer's state`() throws {
    for fixture in try Self.fixtures.get() where Self.hasState(fixture) {
      for container in fixture.containers where container.weights == nil {
        var model = try Model(try fixture.record(container))
        try model.fit(
          try fixture.inputArrays(), try fixture.array("t.npy"), batchSize: 4, shuffle: .none)
        let difference = Fixtures.difference(
          try fixture.predictions(of: model.network), [try fixture.array("after.npy")])
        #expect(difference <= 2e-5, "\(fixture) \(container)")
      }
    }
  }

  @Test func `every container of its generation takes it and gives it back`() throws {
    for fixture in try Self.fixtures.get() {
      var record = try Network(try fixture.record(fixture.containers[0])).record
      let generation = record.generation
      if !Self.hasState(fixture) { (record.training, record.trainingFailure) = (nil, nil) }
      var containers: [(ModelFile.Container, isLegacy: Bool)] = [(.h5, false), (.h5, true)]
      if generation > .keras2 { containers += [(.keras, false), (.weights, false)] }
      for (container, isLegacy) in containers {
        let options = ModelFile.WriteOptions(generation: generation, legacyWeights: isLegacy)
        let bytes = try ModelFile.encode(record, container: container, options: options)
        let isWhole = container == .keras || container == .h5 && !isLegacy
        var again = record
        if isWhole {
          again = try ModelFile.decode(bytes, name: "again")
        } else {
          try ModelFile.replaceWeights(of: &again, by: bytes, name: "again")
        }
        // As read, and as a network has it.
        for found in [again, try Network(again).record] {
          #expect(
            found.layers.flatMap(\.weights).map(\.array)
              == record.layers.flatMap(\.weights).map(\.array), "\(fixture) \(container)")
        }
        #expect(
          again.training?.optimizer.slots == record.training?.optimizer.slots,
          "\(fixture) \(container)")
        let own = { (record: ModelRecord) in
          record.layers.filter { $0.className.hasSuffix("Affine") }.map(\.config)
        }
        #expect(own(again) == own(record), "\(fixture) \(container)")
      }
    }
  }

  // MARK: - Names

  /// The fixture's model with the names of the layers in its inner model changed, and the weights of
  /// a legacy file, whose names are the old ones.
  private func renamed(
    _ fixture: FixtureCase, classes: [String: String] = [:], _ rename: (Int, String) -> String
  ) throws -> ModelRecord {
    var record = try ModelFile.decode(fixture.bytes("model.json"), name: "model.json")
    let index = try #require(record.layers.firstIndex { $0.className == "Sequential" })
    let layers = try #require(record.layers[index].config["layers"]?.array)
    record.layers[index].config["layers"] = .array(
      layers.enumerated().map { position, layer in
        guard var object = layer.object, let name = object["name"]?.string,
          var config = object["config"]?.object
        else { return layer }
        config["name"] = .string(rename(position, name))
        object["name"] = .string(rename(position, name))
        object["config"] = .object(config)
        let className = object["class_name"]?.string ?? ""
        if let other = classes.first(where: { className.hasSuffix($0.key) })?.value {
          object["class_name"] = .string(other)
        }
        return .object(object)
      })
    try ModelFile.replaceWeights(of: &record, by: fixture.bytes("legacy.h5"), name: "legacy.h5")
    return record
  }

  @Test func `weights of a model made anew go to the layers of their class, in their order`() throws
  {
    for fixture in try Self.fixtures.get()
    where ["2", "2.15"].contains(fixture.generation)
      && ["nested", "nested_frozen_layer", "nested_frozen"].contains(fixture.name)
    {
      // As though eight others had been made before, and as though a scope's name was taken.
      for rename in [
        { (_: Int, name: String) in "\(name.prefix { !$0.isNumber })_\(8 + name.count % 2)" },
        { (_: Int, name: String) in name.hasSuffix("_1") ? String(name.dropLast(2)) : name },
        { (position: Int, _: String) in "part\(position)" },
      ] {
        var names: Set<String> = []
        let record = try renamed(fixture) { position, name in
          let changed = rename(position, name)
          return names.insert(changed).inserted ? changed : "\(changed)_\(position)"
        }
        let difference = Fixtures.difference(
          try fixture.predictions(of: Network(record)), try fixture.outputArrays())
        #expect(difference <= 1e-5, "\(fixture) \(names)")
      }
    }
  }

  @Test func `names that tell nothing are told by how many weights the layers around have`() throws
  {
    let fixture = try #require(
      try Self.fixtures.get().first { $0.description == "custom/Affine/nested/2.15" })
    let expected = try renamed(fixture) { _, name in name }
    let record = try renamed(fixture, classes: ["Affine": "Other"]) { position, _ in
      "part\(position)"
    }
    #expect(
      record.layers.flatMap(\.weights).map(\.array)
        == expected.layers.flatMap(\.weights).map(\.array))
  }

  @Test func `names that tell nothing are refused where two layers side by side are somebody's`()
    throws
  {
    let fixture = try #require(
      try Self.fixtures.get().first { $0.description == "custom/Affine/nested/2.15" })
    let error = #expect(throws: KerasError.self) {
      try renamed(fixture, classes: ["Affine": "Other", "BatchNormalization": "Another"]) {
        position, _ in "part\(position)"
      }
    }
    let shown = error?.description ?? ""
    #expect(
      shown.contains(
        "the names of its 10 weights do not tell which layer inside has which: dense/kernel:0"),
      "\(shown)")
    #expect(shown.hasSuffix(" may be of sequential/part2 or of sequential/part3"), "\(shown)")
  }

  @Test func `names of the right layers in another order are refused`() throws {
    let fixture = try #require(
      try Self.fixtures.get().first { $0.description == "custom/Affine/nested/2.15" })
    // The two Dense change places, whose names are in the file as they were.
    let error = #expect(throws: KerasError.self) {
      try renamed(fixture) { _, name in
        ["dense": "dense_1", "dense_1": "dense"][name] ?? name
      }
    }
    let shown = error?.description ?? ""
    #expect(
      shown.hasSuffix("by their names they are not what Keras lists, in its order"), "\(shown)")
  }

  // MARK: - Keras 1's optimizers

  @Test func `Keras 1's state is refused, which it keeps by names that only it knows`() throws {
    for fixture in try Self.fixtures.get() where fixture.generation == "1" {
      let record = try fixture.record(fixture.containers[0])
      // It does not say either that the shift is not trained.
      #expect(
        record.trainingFailure?.message.hasSuffix("trainable weights") == true, "\(fixture)")
    }
    let fixture = try #require(
      try Self.fixtures.get().first { $0.description == "custom/Affine/plain/1" })
    var record = try Network(try fixture.record(fixture.containers[0])).record
    let weights = record.layers.flatMap(\.weights).filter { !$0.isStatistic }.map(\.array)
    #expect(weights.count == 5)
    record.trainingFailure = nil
    record.training = TrainingRecord(
      loss: "mean_squared_error",
      optimizer: OptimizerRecord(
        className: "SGD", config: ["learning_rate": 0.125, "momentum": 0.5], iterations: 2,
        slots: [.init(name: "momentum", arrays: weights)]))
    let error = #expect(throws: KerasError.self) {
      try ModelFile.encode(record, container: .h5, options: .init(generation: .keras1))
    }
    #expect(
      error?.description.contains(
        "Keras 1 keeps an optimizer's arrays in the order of the weights' names, which those of "
          + "Affine it alone knows; write .json") == true, "\(error?.description ?? "")")
  }

  @Test func `another generation, whose words for it nobody knows, is refused by name`() throws {
    for fixture in try Self.fixtures.get() {
      var record = try Network(try fixture.record(fixture.containers[0])).record
      (record.training, record.trainingFailure) = (nil, nil)
      for generation in Generation.allCases where generation != record.generation {
        let error = #expect(throws: KerasError.self, "\(fixture) \(generation)") {
          try ModelFile.encode(record, container: .h5, options: .init(generation: generation))
        }
        #expect(
          error?.description.contains(
            "Affine cannot be carried from Keras \(record.generation.rawValue) to Keras "
              + generation.rawValue) == true, "\(error?.description ?? "")")
      }
    }
  }
}

/// Writes the models for `fixtures/scripts/check_custom.py`, which lets the real Kerases predict and
/// go on with them, into the folder that `HORNBILL_WRITTEN` names.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HORNBILL_WRITTEN"] != nil))
struct WrittenCustomLayerTests {
  @Test func `models with a layer of somebody's own are saved in every container`() throws {
    let root = try #require(ProcessInfo.processInfo.environment["HORNBILL_WRITTEN"])
    try Affine.registration.get()
    for fixture in try FixtureCase.all(["custom"]) {
      let folder = "\(root)/\(fixture.generation)/\(fixture.name)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for container in fixture.containers where container.weights == nil {
        var record = try Network(try fixture.record(container)).record
        let generation = record.generation
        // A state that cannot be read.
        if generation < .keras2_15, record.trainingFailure != nil || fixture.cannotReload.count > 0
        {
          (record.training, record.trainingFailure) = (nil, nil)
        }
        let stem = "\(folder)/from_\(container.model.split(separator: ".")[1])"
        let endings =
          generation > .keras2
          ? [".keras", ".h5", ".json", ".weights.h5", "_legacy.h5"]
          : [".h5", ".json", "_legacy.h5"]
        // Keras 3 has no legacy files of weights alone.
        for ending in endings where generation < .keras3 || ending != "_legacy.h5" {
          try ModelFile.write(
            record, to: stem + ending,
            options: .init(generation: generation, legacyWeights: ending == "_legacy.h5"))
        }
      }
    }
  }
}
