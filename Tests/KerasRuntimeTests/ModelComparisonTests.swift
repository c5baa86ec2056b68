import KerasFormat
import KerasRuntime
import TestSupport
import Testing

/// What ``ModelComparison`` and ``OutputComparison`` say of a real model and of changed copies of
/// it.
@Suite struct ModelComparisonTests {
  /// Embedding (30, 8), GRU of 6 units, Dense; trained for three steps with RMSprop.
  private let gru: ModelRecord

  init() throws { gru = try ModelFile.read(Fixtures.path("models/gru/3/model.h5")) }

  private func difference(
    tolerance: Double = 0, _ change: (inout ModelRecord) -> Void
  ) throws -> [String] {
    var changed = gru
    change(&changed)
    return ModelComparison(gru, changed, tolerance: tolerance).differences.map(\.description)
  }

  /// A float32 array with one number moved.
  private func moved(_ array: NumericArray, _ index: Int, by step: Float) -> NumericArray {
    var numbers = array.floats()
    numbers[index] += step
    return NumericArray(shape: array.shape, .float32(numbers))
  }

  // MARK: - What is stored

  @Test func `a model is equal to itself in every container and as converted`() throws {
    #expect(try difference { _ in } == [])
    let archive = try ModelFile.read(Fixtures.path("models/gru/3/model.keras"))
    #expect(ModelComparison(gru, archive).first == nil)
    for generation in [Generation.keras2, .keras2_15, .keras3] {
      let bytes = try ModelFile.encode(gru, container: .h5, options: .init(generation: generation))
      let converted = try ModelFile.decode(bytes, name: "m.h5")
      #expect(ModelComparison(gru, converted).first == nil, "\(generation)")
    }
  }

  @Test func `a changed setting is named with both values`() throws {
    #expect(
      try difference { $0.layers[2].config["units"] = 7 } == ["gru/units: 6 and 7"])
    #expect(
      try difference { $0.layers[3].config["activation"] = "tanh" }
        == ["dense/activation: \"sigmoid\" and \"tanh\""])
    // A key that is not there is null, and 1 is 1.0.
    #expect(
      try difference {
        $0.layers[2].config["seed"] = nil
        $0.layers[2].config["dropout"] = .integer(0)
      } == [])
  }

  @Test func `a moved weight is named with its place, its size and how many moved`() throws {
    let kernel = gru.layers[2].weights[0].array
    let found = try difference {
      $0.layers[2].weights[0].array = moved(moved(kernel, 20, by: 0.25), 3, by: 0.125)
    }
    let (a, b) = (kernel.floats()[20], kernel.floats()[20] + 0.25)
    #expect(
      found == [
        "gru/\(gru.layers[2].weights[0].name): \(a) and \(b) at (1, 2), off by \(b - a); "
          + "2 of 144 numbers differ"
      ])
    // Two differ by more than a tenth, one by more than a fifth, none by more than half.
    let counts = try [0.1, 0.2, 0.5].map { tolerance in
      var changed = gru
      changed.layers[2].weights[0].array = moved(moved(kernel, 20, by: 0.25), 3, by: 0.125)
      return ModelComparison(gru, changed, tolerance: tolerance).first?.numbers?.count
    }
    #expect(counts == [2, 1, nil])
  }

  @Test func `NaN is equal to NaN and infinitely far from a number`() throws {
    var (a, b) = (gru, gru)
    a.layers[3].weights[1].array = NumericArray(shape: [1], .float32([.nan]))
    b.layers[3].weights[1].array = NumericArray(shape: [1], .float32([.nan]))
    #expect(ModelComparison(a, b).first == nil)
    let found = ModelComparison(gru, b, tolerance: 1000)
    #expect(found.differences.count == 1)
    #expect(found.first?.numbers?.size == .infinity)
    #expect(found.first?.description.contains("the second is not finite; 1 of 1") == true)
  }

  @Test func `weights of another shape, type or number are told from changed numbers`() throws {
    let bias = gru.layers[3].weights[1]
    #expect(
      try difference {
        $0.layers[3].weights[1].array = NumericArray(shape: [2], .float32([1, 2]))
      } == ["dense/\(bias.name): shape (1,) and (2,)"])
    #expect(
      try difference {
        $0.layers[3].weights[1].array = NumericArray(
          shape: [1], .float64(bias.array.doubles()))
      } == ["dense/\(bias.name): type float32 and float64"])
    #expect(
      try difference { $0.layers[3].weights.removeLast() } == ["dense: 2 weights and 1 weight"])
  }

  @Test func `a layer that one model lacks does not shift the others`() throws {
    let dropout = LayerRecord(className: "Dropout", name: "dropout", config: ["rate": 0.5])
    #expect(
      try difference { $0.layers.insert(dropout, at: 2) }
        == ["dropout: no such layer and Dropout"])
    #expect(
      try difference { $0.layers[2].className = "LSTM" } == ["gru: GRU and LSTM"])
    #expect(
      try difference { $0.layers.swapAt(2, 3) }
        == ["model: input_layer, embedding, gru, dense and input_layer, embedding, dense, gru"])
  }

  @Test func `numbers of names come last and do not stop the comparison`() throws {
    let found = try difference {
      $0.layers[1].name = "embedding_4"
      $0.layers[2].name = "gru_1"
      $0.layers[3].name = "score"
      $0.layers[2].config["units"] = 7
    }
    #expect(
      found == [
        "gru/units: 6 and 7", "dense/name: dense and score",
        "embedding/name: embedding and embedding_4", "gru/name: gru and gru_1",
      ])
  }

  @Test func `names inside a wrapper are numbers too`() throws {
    let inner: (String) -> JSON = { name in
      ["class_name": "GRU", "config": ["name": .string(name), "units": 3]]
    }
    func model(_ name: String) -> ModelRecord {
      let layer = LayerRecord(
        className: "Bidirectional", name: "bidirectional", config: ["layer": inner(name)])
      return ModelRecord(generation: .keras3, name: "m", layers: [layer])
    }
    let comparison = ModelComparison(model("forward_gru"), model("forward_gru_1"))
    #expect(comparison.contents == [])
    #expect(
      comparison.numberings.map(\.description)
        == ["bidirectional/layer/config/name: forward_gru and forward_gru_1"])
  }

  @Test func `calls are compared under the other model's names`() throws {
    func model(_ first: String, _ second: String, crossed: Bool) -> ModelRecord {
      func layer(_ name: String, _ className: String, _ inputs: [String]) -> LayerRecord {
        var layer = LayerRecord(className: className, name: name, config: [:])
        if !inputs.isEmpty { layer.inbound = [inputs.map { TensorReference(layer: $0) }] }
        return layer
      }
      let inputs = crossed ? [second, first] : [first, second]
      var model = ModelRecord(
        generation: .keras3, name: "m", isSequential: false,
        layers: [
          layer("x", "InputLayer", []), layer(first, "Dense", ["x"]),
          layer(second, "Dense", ["x"]), layer("subtract", "Subtract", inputs),
        ])
      model.inputs = [TensorReference(layer: "x")]
      model.outputs = [TensorReference(layer: "subtract")]
      return model
    }
    let plain = model("dense", "dense_1", crossed: false)
    let other = ModelComparison(plain, model("dense_2", "dense_3", crossed: false))
    #expect(other.contents == [] && other.numberings.count == 2)
    let crossed = ModelComparison(plain, model("dense_2", "dense_3", crossed: true))
    #expect(
      crossed.contents.map(\.description)
        == ["subtract/inputs: dense, dense_1 and dense_1, dense"])
  }

  @Test func `compile settings, optimizer and slots are compared`() throws {
    #expect(
      try difference { $0.training?.loss = "mean_squared_error" }
        == ["loss: \"binary_crossentropy\" and \"mean_squared_error\""])
    #expect(try difference { $0.training = nil } == ["model: compiled and not compiled"])
    #expect(
      try difference { $0.training?.optimizer.config["rho"] = 0.5 }
        == ["optimizer/rho: 0.9 and 0.5"])
    #expect(
      try difference { $0.training?.optimizer.iterations = 4 }
        == ["optimizer/iterations: 3 and 4"])
    #expect(
      try difference { $0.training?.optimizer.className = "Adam" }
        == ["optimizer: RMSprop and Adam"])
    let slot = try #require(gru.training?.optimizer.slots.first)
    let found = try difference {
      $0.training?.optimizer.slots[0].arrays[1] = moved(slot.arrays[1], 0, by: 1)
    }
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("optimizer/velocity/1: ") == true)
    #expect(found.first?.contains(" at (0, 0), off by 1.0; 1 of 144 numbers differ") == true)
  }

  // MARK: - What comes out

  @Test func `the first layer whose output differs is named with row, step and feature`() throws {
    var changed = gru
    // Token 9's vector, feature 5: the embedding's output differs wherever a 9 stands.
    let table = gru.layers[1].weights[0].array
    changed.layers[1].weights[0].array = moved(table, 9 * 8 + 5, by: 0.5)
    let ids = NumericArray(shape: [3, 9], .int32((0..<27).map { $0 == 15 || $0 == 25 ? 9 : 1 }))
    var comparison = OutputComparison(try Network(gru), try Network(changed))
    #expect(comparison.count == 4)
    // Batches of one: places count from the beginning of the data.
    try comparison.run([ids], batchSize: 1)
    let first = try #require(comparison.first)
    let old = table.floats()[9 * 8 + 5]
    #expect(
      first.description
        == "embedding: \(old) and \(old + 0.5) at row 1, step 6, feature 5, off by 0.5")
    #expect(first.numbers?.count == 2)
    #expect(comparison.differences.map(\.layer) == ["embedding", "gru", "dense"])
    #expect(comparison.rows == 3 && first.shape == [3, 9, 8])
    // The GRU gives one vector a row: no step.
    let gruPlace = comparison.differences[1].axes(of: comparison.differences[1].numbers!.earliest)
    #expect(gruPlace.row == 1 && gruPlace.step == nil && gruPlace.feature != nil)
  }

  @Test func `rows given in parts count on`() throws {
    var changed = gru
    changed.layers[1].weights[0].array = moved(gru.layers[1].weights[0].array, 9 * 8, by: 0.5)
    var comparison = OutputComparison(try Network(gru), try Network(changed))
    try comparison.run([NumericArray(shape: [2, 9], .int32(Array(repeating: 1, count: 18)))])
    #expect(comparison.first == nil)
    let ids = NumericArray(shape: [1, 9], .int32([1, 1, 9, 1, 1, 1, 1, 1, 1]))
    try comparison.run([ids])
    #expect(comparison.first?.description.contains(" at row 2, step 2, feature 0,") == true)
  }

  @Test func `outputs within the tolerance are equal, and a layer more is passed over`() throws {
    var changed = gru
    let bias = gru.layers[3].weights[1].array
    changed.layers[3].weights[1].array = moved(bias, 0, by: 1e-3)
    changed.layers.insert(
      LayerRecord(className: "Dropout", name: "dropout", config: ["rate": 0.5]), at: 3)
    let ids = NumericArray(shape: [2, 9], .int32(Array(1...18)))
    for (tolerance, layers) in [(1e-5, ["dense"]), (1e-2, [])] {
      var comparison = OutputComparison(
        try Network(gru), try Network(changed), tolerance: tolerance)
      try comparison.run([ids])
      #expect(comparison.differences.map(\.layer) == layers)
    }
  }

  @Test func `the layer of a model inside, however deep, is named with those that it is in`() throws
  {
    let fixtures = try FixtureCase.all(["graphs"]).filter { $0.generation == "3" }
    for (name, layer, weight, expected) in [
      ("Nested/three_deep", "sequential_1", 0, "sequential_1/functional_1/sequential/dense"),
      ("Nested/three_deep", "sequential_1", 4, "sequential_1/dense_3"),
      ("Nested/Model_twice", "functional", 0, "functional/dense"),
    ] {
      let fixture = try #require(fixtures.first { "\($0.kind)/\($0.name)" == name })
      let record = try fixture.record(fixture.containers[0])
      var changed = record
      let index = try #require(changed.layers.firstIndex { $0.name == layer })
      let array = changed.layers[index].weights[weight].array
      changed.layers[index].weights[weight].array = moved(array, 0, by: 1)
      var comparison = OutputComparison(try Network(record), try Network(changed))
      try comparison.run(fixture.inputArrays())
      #expect(comparison.first?.layer == expected, "\(name)")
      #expect(comparison.first?.call == 0)
      // What is around it follows.
      #expect(comparison.differences.contains { $0.layer == layer })
      if name == "Nested/Model_twice" {
        let calls = comparison.differences.filter { $0.layer == expected }.map(\.call)
        #expect(calls == [0, 1])
      }
    }
  }

  @Test func `a token id that a table does not have is refused with its row`() throws {
    var comparison = OutputComparison(try Network(gru), try Network(gru))
    let ids = NumericArray(shape: [2, 9], .int32((0..<18).map { $0 == 13 ? 30 : 1 }))
    let error = #expect(throws: KerasError.self) { try comparison.run([ids], batchSize: 1) }
    #expect(error?.description.contains("embedding") == true && error?.place.row == 1)
  }
}
