import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// Under another policy than float32 Keras rounds every operation of the way back too.
@Suite struct NarrowTrainingTests {
  static let policies = ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "float64"]

  private func fixture(_ name: String, _ generation: String = "3") throws -> FixtureCase {
    let parts = name.split(separator: "/").map(String.init)
    return try #require(
      try FixtureCase.all([parts[0]]).first {
        $0.kind == parts[1] && $0.name == parts[2] && $0.generation == generation
      })
  }

  private func refusal(of record: ModelRecord, _ fixture: FixtureCase) throws -> String {
    var model = Model(try Network(record))
    try model.compile(optimizer: SGD(), loss: MeanSquaredError())
    let (x, y) = (try fixture.inputArrays(), try fixture.outputArrays()[0])
    let error = #expect(throws: KerasError.self) { try model.fit(x, y, epochs: 0) }
    return error?.description ?? ""
  }

  @Test(arguments: policies)
  func `training under another policy is refused by name`(_ policy: String) throws {
    let fixture = try fixture("layers/Policy/\(policy)_BatchNormalization")
    let message = try refusal(of: fixture.record(fixture.containers[0]), fixture)
    let expected = "/dtype: training under the policy \(policy) is not computed as Keras does"
    #expect(message.contains(expected), "\(message)")
  }

  @Test(
    arguments: [
      "layers/Sequential/nested", "graphs/Nested/Model_in_Model", "graphs/Nested/three_deep",
      "layers/TimeDistributed/Sequential", "graphs/Nested/Model_in_TimeDistributed",
    ], ["mixed_float16", "float64"])
  func `so is training of a model with such a layer inside another`(
    _ name: String, _ policy: String
  ) throws {
    let fixture = try fixture(name)
    var record = try fixture.record(fixture.containers[0])
    for index in record.layers.indices {
      record.layers[index].config = Self.inner(of: record.layers[index].config, under: policy)
    }
    let message = try refusal(of: record, fixture)
    let place = message.prefix { $0 != ":" }.split(separator: "/")
    #expect(
      place.count > 2 && message.contains("/dtype: training under the policy \(policy) is not"),
      "\(message)")
  }

  // MARK: - Evaluation

  private func evaluate(
    _ name: String, _ metric: String, _ generation: String = "3"
  ) throws -> [(name: String, value: Double)] {
    let fixture = try fixture(name, generation)
    var model = Model(try Network(fixture.record(fixture.containers[0])))
    try model.compile(optimizer: SGD(), loss: MeanSquaredError(), metrics: [.string(metric)])
    return try model.evaluate(
      Dataset(inputs: fixture.inputArrays(), targets: [fixture.outputArrays()[0]]))
  }

  /// The targets are what the Keras predicted.
  @Test func `Keras 3 takes losses and accuracies of 16-bit outputs in float32`() throws {
    let values = try evaluate("layers/Policy/mixed_float16_LSTM", "categorical_accuracy")
    #expect(values.map(\.value) == [0, 1])
    let message = #expect(throws: KerasError.self) {
      try evaluate("layers/Policy/mixed_float16_LSTM", "mae")
    }?.description
    #expect(message?.contains("takes mae of an output in float16") == true, "\(message ?? "")")
  }

  @Test func `2_15 takes them in 16 bits, which is refused`() throws {
    let message = #expect(throws: KerasError.self) {
      try evaluate("layers/Policy/mixed_bfloat16_GRU", "categorical_accuracy", "2.15")
    }?.description
    #expect(message?.contains("the loss of an output in bfloat16") == true, "\(message ?? "")")
  }

  @Test(arguments: ["2.15", "3"])
  func `a float32 layer at the end makes all of it float32`(_ generation: String) throws {
    let values = try evaluate("layers/Precision/mixed_float16_float32_output", "mae", generation)
    #expect(values.allSatisfy { $0.value < 1e-6 })
  }

  // MARK: - Definitions

  /// The config of a layer, the layers of models inside under another policy.
  private static func inner(of config: JSONObject, under policy: String) -> JSONObject {
    var config = config
    if var object = config["layer"]?.object, let inner = object["config"]?.object {
      object["config"] = .object(self.inner(of: inner, under: policy))
      config["layer"] = .object(object)
    }
    if let layers = config["layers"]?.array {
      config["layers"] = .array(
        layers.map { layer in
          guard var object = layer.object, var own = object["config"]?.object else { return layer }
          own = inner(of: own, under: policy)
          if own["layers"] == nil { own["dtype"] = .string(policy) }
          object["config"] = .object(own)
          return .object(object)
        })
    }
    return config
  }
}
