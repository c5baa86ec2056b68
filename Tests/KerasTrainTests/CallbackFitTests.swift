import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// A whole fit with all callbacks against the real Kerases': `fixtures/callbacks/<generation>/fit.json`.
@Suite struct CallbackFitTests {
  private func facts(_ generation: Generation) throws -> JSONObject {
    let path = Fixtures.path("callbacks/\(generation.rawValue)/fit.json")
    return try #require(JSON(parsing: FileBytes.read(path)).object)
  }

  private func data(_ generation: Generation) throws -> Dataset {
    try Dataset(
      inputs: [Fixtures.array("callbacks/\(generation.rawValue)/x.npy")],
      targets: Fixtures.array("callbacks/\(generation.rawValue)/y.npy"))
  }

  private var settings: FitSettings {
    var settings = FitSettings()
    settings.batchSize = 7
    settings.validationSplit = 0.2
    settings.shuffle = false
    return settings
  }

  /// Forty epochs of four updates, added up in another order: numbers agree to 1e-5.
  @Test(arguments: Generation.allCases)
  func `a fit with callbacks is Keras's fit`(generation: Generation) throws {
    let facts = try facts(generation)
    let expected = try #require(facts["callbacks"]?.object)
    let folder = FileManager.default.temporaryDirectory.path + "/hornbill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let start = try #require(facts["start"]?.string)
    var model = try Model(
      contentsOf: Fixtures.path("callbacks/\(generation.rawValue)/\(start)"))
    var callbacks: [any Callback] = []
    for entry in try #require(expected["listing"]?.array) {
      var options = try #require(entry.array?[1].object)
      for key in ["filepath", "filename"] {
        if let name = options[key]?.string { options[key] = .string("\(folder)/\(name)") }
      }
      callbacks.append(
        try CallbackRegistry.callback(#require(entry.array?[0].string), config: options))
    }
    var settings = settings
    settings.epochs = 40
    let said = Listener()
    settings.report = { said.hear($0) }
    let history = try model.fit(data(generation), settings: settings, callbacks: callbacks)

    let series = try #require(expected["history"]?.object)
    #expect(Set(history.series.map(\.name)) == Set(series.keys))
    for (name, values) in series.members {
      let wanted = try #require(values.array).compactMap(\.number)
      #expect(history[name].count == wanted.count, "\(name)")
      for (epoch, (found, value)) in zip(history[name], wanted).enumerated() {
        #expect(abs(found - value) < 1e-5, "\(name) in epoch \(epoch): \(found), not \(value)")
      }
    }
    let lines = said.heard.map { $0.replacing(folder + "/", with: "") + "\n" }.joined()
    #expect(
      SimilarText.difference(lines, try #require(expected["output"]?.string), tolerance: 1.1e-5)
        == nil)
    let csv = String(decoding: try FileBytes.read("\(folder)/log.csv"), as: UTF8.self)
    #expect(
      SimilarText.difference(csv, try #require(expected["csv"]?.string), tolerance: 1e-5) == nil)
    let rate = try #require(model.compilation?.optimizer.learningRate as? Double)
    #expect(Double(Float(rate)) == expected["rate"]?.number)
    let weights = try #require(expected["weights"]?.array)
    for (index, list) in weights.enumerated() {
      let wanted = try #require(list.array).compactMap(\.number)
      for (found, value) in zip(model.network.parameters.values(index), wanted) {
        #expect(abs(Double(found) - value) < 2e-5)
      }
    }
    let best = generation <= .keras2 ? "best.h5" : "best.keras"
    #expect(try Network(contentsOf: "\(folder)/\(best)").parameterCount == 31)
  }

  @Test(arguments: [Generation.keras2, .keras2_15, .keras3])
  func `a loss without bounds ends training where Keras ends it`(generation: Generation) throws {
    let expected = try #require(try facts(generation)["nan"]?.object)
    var model = try Model(
      [InputLayer(shape: [4]), Dense(units: 1)], seed: 1, generation: generation)
    try model.compile(optimizer: SGD(learningRate: 1e10), loss: MeanSquaredError())
    var settings = settings
    settings.epochs = 10
    let said = Listener()
    settings.report = { said.hear($0) }
    let halves = LambdaCallback(onTrainBegin: { run throws(KerasError) in
      try run.setFlatWeights(run.flatWeights.map { _ in 0.5 })
    })
    let history = try model.fit(
      data(generation), settings: settings, callbacks: [halves, TerminateOnNaN()])
    #expect(said.heard.map { $0 + "\n" }.joined() == expected["output"]?.string)
    #expect(history.epochs == expected["epochs"]?.array?.compactMap(\.integer))
    #expect(history.series.map(\.name).sorted() == expected["keys"]?.array?.compactMap(\.string))
    #expect(history.wasStopped)
  }

  @Test func `TerminateOnNaN raises an error where it is asked to`() throws {
    var model = try Model([InputLayer(shape: [4]), Dense(units: 1)], seed: 1)
    try model.compile(optimizer: SGD(learningRate: 1e10), loss: MeanSquaredError())
    let data = try data(.keras3)
    #expect(throws: KerasError.self) {
      try model.fit(data, batchSize: 2, epochs: 3, callbacks: [TerminateOnNaN(raiseError: true)])
    }
  }

  /// `epoch` in the first, `rate` in the second: what each generation's scheduler does with it.
  @Test(arguments: Generation.allCases)
  func `a scheduler sets the rate before every epoch and logs it`(generation: Generation) throws {
    var model = try Model(
      [InputLayer(shape: [4]), Dense(units: 1)], seed: 1, generation: generation)
    try model.compile(optimizer: SGD(learningRate: 0.5), loss: MeanSquaredError())
    var settings = settings
    settings.epochs = 3
    let said = Listener()
    settings.report = { said.hear($0) }
    let history = try model.fit(
      data(generation), settings: settings,
      callbacks: [
        LearningRateScheduler(verbose: true) { epoch, rate in epoch == 0 ? rate : rate / 2 }
      ])
    let key = generation == .keras3 ? "learning_rate" : "lr"
    #expect(history[key] == (generation == .keras1 ? [] : [0.5, 0.25, 0.125]))
    #expect(model.compilation?.optimizer.learningRate as? Double == 0.125)
    #expect(
      said.heard.first
        == [
          Generation.keras1: nil,
          .keras2: "\nEpoch 00001: LearningRateScheduler setting learning rate to 0.5.",
          .keras2_15: "\nEpoch 1: LearningRateScheduler setting learning rate to 0.5.",
          .keras3: "\nEpoch 1: LearningRateScheduler setting learning rate to 0.5.",
        ][generation])
  }
}
