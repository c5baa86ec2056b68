import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Training with penalties, constraints, weights and several outputs.
@Suite struct ObjectiveTrainingTests {
  /// Nine updates with SGD on both sides of float32: histories and weights agree to a few units in
  /// their last place, which nine updates carry on. Where losses are summed instead of averaged SGD
  /// at
  /// 0.1 flies apart in Keras too: there the first epoch, three updates, is compared.
  @Test(arguments: LossFixture.entries("trainings"))
  func `training reports and learns what its Keras did`(_ entry: LossFixture.Entry) throws {
    let fixture = try LossFixture.of(entry.generation)
    let name = try #require(entry.facts["case"]?.string)
    let options = try #require(entry.facts["options"]?.object)
    let ending = entry.generation == .keras3 ? "keras" : "h5"
    func record(_ file: String) throws -> ModelRecord {
      try ModelFile.decode(fixture.bytes("\(name)/\(file).\(ending)"), name: "\(file).\(ending)")
    }
    var model = Model(try Network(record("start")))
    try model.compile(
      optimizer: SGD(learningRate: 0.1), loss: #require(entry.facts["loss"]),
      metrics: options["metrics"] ?? .null, weightedMetrics: options["weighted_metrics"] ?? .null,
      lossWeights: options["loss_weights"] ?? .null, generation: entry.generation)
    let x = try fixture.array("x", #require(entry.facts["x"]?.string))
    let ids = NumericArray(shape: x.shape, .int32(x.floats().map { Int32($0) }))
    let y = try #require(entry.facts["targets"]?.array).map {
      try fixture.array("y", #require($0.string))
    }
    let weights = try (options["sample_weight"]?.array ?? []).map {
      try fixture.array("w", #require($0.string))
    }
    let data = try Dataset(inputs: [ids], targets: y, sampleWeights: weights)
    var settings = FitSettings()
    settings.batchSize = fixture.integer("batch_size")
    settings.epochs = fixture.integer("epochs")
    settings.shuffle = false
    settings.validationSplit = options["split"]?.number ?? 0
    if options["validated"]?.bool == true {
      let last = weights[0].floats().dropFirst(5)
      settings.validationData = try Dataset(
        inputs: [rows(ids, from: 5)], targets: rows(y[0], from: 5),
        sampleWeight: NumericArray(shape: [last.count], .float32(last.reversed())))
    }
    for (key, value) in options["class_weight"]?.object?.members ?? [] {
      if let inner = value.object {
        settings.classWeights[key] = try classWeights(inner)
      } else {
        settings.classWeight[try #require(Int(key))] = try #require(value.number)
      }
    }

    let history = try model.fit(data, settings: settings)

    let expected = try #require(entry.facts["history"]?.array).map { try #require($0.array) }
    let names = expected.compactMap { $0[0].string }
    if entry.generation >= .keras2_15 {
      #expect(history.series.map(\.name) == names)
    } else {
      // Keras 1 and 2's histories are dictionaries of validation first.
      #expect(history.series.map(\.name).sorted() == names.sorted())
    }
    let isSummed = name.hasPrefix("reduction")
    for series in expected {
      let values = try #require(series[1].array).map { $0.number ?? .nan }
        .prefix(isSummed ? 1 : .max)
      let worst = worstDifference(
        Array(history[try #require(series[0].string)].prefix(values.count)), Array(values),
        floor: 1e-1)
      #expect(worst.difference < 1e-5, "\(series[0].string ?? "") \(worst.place)")
    }
    if isSummed { return }
    let final = try Network(record("final"))
    for (index, spec) in final.parameters.layout.specs.enumerated() {
      let worst = worstDifference(
        model.network.parameters.values(index).map(Double.init),
        final.parameters.values(index).map(Double.init))
      #expect(worst.difference < 5e-6, "\(spec.name)\(worst.place)")
    }
    // What was read is written.
    #expect(
      model.record.layers.map(\.config) == (try record("start")).layers.map(\.config))
  }

  private func classWeights(_ object: JSONObject) throws -> [Int: Double] {
    var weights: [Int: Double] = [:]
    for (key, value) in object.members {
      weights[try #require(Int(key))] = try #require(value.number)
    }
    return weights
  }

  private func rows(_ array: NumericArray, from start: Int) -> NumericArray {
    let width = array.count / array.shape[0]
    let shape = [array.shape[0] - start] + array.shape.dropFirst()
    switch array.elements {
    case .int32(let values):
      return NumericArray(shape: shape, .int32(Array(values.dropFirst(start * width))))
    default:
      return NumericArray(shape: shape, .float32(Array(array.floats().dropFirst(start * width))))
    }
  }
}
