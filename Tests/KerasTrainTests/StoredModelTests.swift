import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// One folder of `fixtures/models`: a reviews model after three training steps of a real Keras, in
/// every container of its generation, with its weights and its optimizer's arrays beside it.
struct StoredModel: Sendable, CustomTestStringConvertible {
  let folder: String

  var testDescription: String { folder }

  static let all: [StoredModel] = Fixtures.folders("models").flatMap { model in
    Fixtures.folders("models/\(model)").map { StoredModel(folder: "models/\(model)/\($0)") }
  }

  var generation: Generation { Generation(rawValue: String(folder.split(separator: "/")[2]))! }

  func path(_ file: String) -> String { Fixtures.path("\(folder)/\(file)") }

  func expected() throws -> JSONObject {
    try #require(JSON(parsing: FileBytes.read(path("expected.json"))).object)
  }

  /// The files that hold the whole model.
  func wholeFiles() throws -> [String] {
    try files().filter { !$0.contains("weights") && !$0.hasSuffix(".json") }
  }

  /// The files that hold weights alone.
  func weightFiles() throws -> [String] { try files().filter { $0.contains("weights") } }

  private func files() throws -> [String] {
    try #require(expected()["files"]?.array).compactMap(\.string)
  }

  /// Keras's arrays of one kind in the order of the weights; the kinds as this package names them.
  func slots() throws -> [String: [NumericArray]] {
    var slots: [String: [NumericArray]] = [:]
    for entry in try #require(expected()["slots"]?.array).compactMap(\.object) {
      let kind = try #require(entry["kind"]?.string)
      let name = ["m": "momentum", "v": "velocity"][kind] ?? kind
      #expect(slots[name, default: []].count == entry["weight"]?.integer)
      slots[name, default: []].append(
        try Fixtures.array("\(folder)/\(#require(entry["file"]?.string))"))
    }
    // What Keras 2 keeps for amsgrad, as a placeholder, when that is off.
    slots["vhat"] = nil
    return slots
  }
}

@Suite struct StoredModelTests {
  @Test func `five models of each of three generations are there`() {
    #expect(StoredModel.all.count == 15)
  }

  @Test(arguments: StoredModel.all)
  func `every container gives Keras's weights bit for bit, and its predictions`(
    _ stored: StoredModel
  ) throws {
    let x = try Fixtures.array("\(stored.folder)/x.npy")
    let y = try Fixtures.array("\(stored.folder)/y.npy").floats()
    let whole = try stored.wholeFiles().map { try Network(contentsOf: stored.path($0)) }
    let split = try stored.weightFiles().map {
      try Network(contentsOf: stored.path("model.json"), weights: stored.path($0))
    }
    for network in whole + split {
      try expectWeights(of: stored, in: network)
      let prediction = try network.predict([x])[0].floats()
      #expect(prediction.count == y.count)
      for (a, b) in zip(prediction, y) { #expect(abs(a - b) < 1e-6) }
    }
  }

  @Test(arguments: StoredModel.all)
  func `a whole model is compiled as it was saved, with its optimizer's state`(
    _ stored: StoredModel
  ) throws {
    let expected = try stored.expected()
    for file in try stored.wholeFiles() {
      let model = try Model(contentsOf: stored.path(file))
      let compilation = try #require(model.compilation)
      #expect(compilation.loss == expected["loss"])
      #expect(compilation.metrics == expected["metrics"])
      let optimizer = try #require(expected["optimizer"]?.object)
      #expect(type(of: compilation.optimizer).className == optimizer["class_name"]?.string)
      let given = try #require(optimizer["given"]?.object?["learning_rate"]?.number)
      #expect(abs(Double(compilation.optimizer.rate(after: 0)) - given) < 1e-8)
      if expected["iterations_stored"]?.bool == true {
        #expect(compilation.state.iterations == expected["iterations"]?.integer)
      }
      try expectSlots(of: stored, in: compilation)
    }
  }

  // Keras 3's `to_json` writes no optimizer, and the model that comes of it has compile's default.
  @Test func `a definition of Keras 3 is compiled as it was, but for the optimizer`() throws {
    let record = try ModelFile.read(Fixtures.path("models/gru/3/model.json"))
    let compilation = try #require(try Model(record, weights: .fresh(seed: 3)).compilation)
    #expect(compilation.losses.count == 1 && compilation.losses[0]?.loss is BinaryCrossentropy)
    #expect(compilation.metrics == ["acc"])
    #expect(compilation.optimizer is RMSprop)
    #expect(compilation.optimizer.learningRate as? Double == 0.001)
    for older in ["2", "2.15"] {
      let record = try ModelFile.read(Fixtures.path("models/gru/\(older)/model.json"))
      #expect(try Model(record, weights: .fresh(seed: 3)).compilation == nil)
    }
  }

  @Test(arguments: StoredModel.all)
  func `loading, saving in any generation and loading again changes no bit`(
    _ stored: StoredModel
  ) throws {
    let x = try Fixtures.array("\(stored.folder)/x.npy")
    for file in try stored.wholeFiles() {
      let model = try Model(contentsOf: stored.path(file))
      let y = try model.predict([x])[0].floats()
      for target in [Generation.keras2, .keras2_15, .keras3] {
        for container in [ModelFile.Container.keras, .h5] where target > .keras2 || container == .h5
        {
          let bytes = try ModelFile.encode(
            model.record, container: container, options: .init(generation: target))
          let again = try Model(ModelFile.decode(bytes, name: file))
          #expect(again.network.generation == target)
          for (a, b) in zip(try again.predict([x])[0].floats(), y) { #expect(abs(a - b) < 1e-6) }
          if target == .keras3 && usesHardSigmoid(model.network) {
            // Keras 3 has another hard sigmoid; other weights say the same with it.
            #expect(again.compilation?.state.slots.isEmpty == true)
            continue
          }
          try expectWeights(of: stored, in: again.network)
          let compilation = try #require(again.compilation)
          try expectSlots(of: stored, in: compilation)
          // Keras 2 stores no counter with RMSprop, which needs none.
          let isCounted =
            target > .keras2 || compilation.optimizer is Adam || compilation.optimizer is SGD
          #expect(
            compilation.state.iterations == (isCounted ? model.compilation?.state.iterations : 0))
        }
      }
    }
  }

  private func usesHardSigmoid(_ network: Network) -> Bool {
    network.generation == .keras2
      && network.record.layers.contains {
        $0.config["recurrent_activation"]?.string == "legacy_hard_sigmoid"
      }
  }

  /// Above 256 KB a file is not read as a whole.
  @Test(arguments: ["big.keras", "big.h5"])
  func `a large file is read part by part, to the same content`(_ name: String) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/hornbill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/\(name)"
    var model = try Model(
      [
        Embedding(inputDim: 30_000, outputDim: 8), GRU(units: 4), Dense(units: 1),
      ], seed: 5)
    try model.compile(optimizer: Adam(), loss: "mse")
    try model.fit(
      [NumericArray(shape: [2, 3], .int32([1, 2, 3, 4, 5, 6]))],
      NumericArray(shape: [2, 1], .float32([0, 1])), epochs: 1)
    try model.save(path)
    let bytes = try FileBytes.read(path)
    #expect(bytes.count > 1 << 20)
    let record = try ModelFile.read(path)
    #expect(try record == ModelFile.decode(bytes, name: path))
    #expect(record.training != nil)

    let bare = try ModelFile.read(path, training: false)
    #expect(bare.training == nil)
    #expect(bare.layers == record.layers)

    for length in [bytes.count - 1, bytes.count / 2, 1 << 19] {
      let cut = Array(bytes[..<length])
      try AtomicFile.write(cut, to: path)
      let expected = #expect(throws: KerasError.self) {
        try ModelFile.decode(cut, name: path)
      }
      let found = #expect(throws: KerasError.self) { try ModelFile.read(path) }
      #expect(found == expected)
    }
  }

  @Test func `compile settings that cannot be read keep nothing but training away`() throws {
    let definition = try JSON(
      parsing: FileBytes.read(Fixtures.path("models/gru/3/model.json")))
    var object = try #require(definition.object)
    var settings = try #require(object["compile_config"]?.object)
    settings["loss"] = ["class_name": "function", "config": "mine", "registered_name": "p>mine"]
    object["compile_config"] = .object(settings)
    let bytes = Array(JSON.object(object).pythonText().utf8)
    var record = try ModelFile.decode(bytes, name: "m.json")
    try ModelFile.replaceWeights(
      of: &record, by: FileBytes.read(Fixtures.path("models/gru/3/model.weights.h5")), name: "w")
    let failure = try #require(record.trainingFailure)
    #expect(record.training == nil)
    #expect("\(failure)".contains("loss"))
    let x = try Fixtures.array("models/gru/3/x.npy")
    #expect(
      try Network(record).predict([x])
        == Network(contentsOf: Fixtures.path("models/gru/3/model.keras")).predict([x]))
    #expect(throws: failure) { try Model(record) }
    #expect(throws: KerasError.self) { try ModelFile.encode(record, container: .keras) }
    #expect(try !ModelFile.encode(record, container: .weights).isEmpty)
  }

  @Test(arguments: StoredModel.all)
  func `training that goes on from a saved file is training that never stopped`(
    _ stored: StoredModel
  ) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/hornbill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let x = try Fixtures.array("\(stored.folder)/x.npy")
    let y = NumericArray(shape: [7, 1], .float32([1, 0, 1, 1, 0, 0, 1]))
    for file in try stored.wholeFiles() {
      var straight = try Model(contentsOf: stored.path(file))
      try straight.fit([x], y, batchSize: 3, epochs: 4, shuffle: false)
      var halves = try Model(contentsOf: stored.path(file))
      try halves.fit([x], y, batchSize: 3, epochs: 2, shuffle: false)
      try halves.save("\(folder)/half.h5")
      halves = try Model(contentsOf: "\(folder)/half.h5")
      try halves.fit([x], y, batchSize: 3, epochs: 2, shuffle: false)
      for index in straight.network.parameters.layout.specs.indices {
        #expect(
          straight.network.parameters.values(index) == halves.network.parameters.values(index))
      }
      #expect(straight.record.training?.optimizer.slots == halves.record.training?.optimizer.slots)
    }
  }

  private func expectWeights(of stored: StoredModel, in network: Network) throws {
    let parameters = network.parameters
    #expect(parameters.layout.specs.count == (try stored.expected()["weights"]?.array?.count))
    for (index, spec) in parameters.layout.specs.enumerated() {
      let array = try Fixtures.array("\(stored.folder)/weight_\(index).npy")
      #expect(array.shape == spec.shape)
      #expect(parameters.values(index).map(\.bitPattern) == array.floats().map(\.bitPattern))
    }
  }

  private func expectSlots(of stored: StoredModel, in compilation: Model.Compilation) throws {
    let slots = try stored.slots()
    let names = compilation.optimizer.slotNames
    #expect(Set(names) == Set(slots.keys))
    for (name, slot) in zip(names, compilation.state.slots) {
      let arrays = try #require(slots[name])
      #expect(arrays.count == slot.layout.specs.count)
      for (index, array) in arrays.enumerated() {
        #expect(slot.values(index).map(\.bitPattern) == array.floats().map(\.bitPattern))
      }
    }
    #expect(compilation.state.slots.count == names.count)
  }
}
