import KerasFormat
import KerasRuntime
import TestSupport
import Testing

@Suite struct DTypePolicyTests {
  private func record(_ kind: String, _ name: String) throws -> ModelRecord {
    let fixture = try #require(
      try FixtureCase.all(["layers"]).first {
        $0.kind == kind && $0.name == name && $0.generation == "3"
      })
    return try fixture.record(fixture.containers[0])
  }

  @Test func `a policy says what is computed and what is kept`() throws {
    let mixed = try DTypePolicy(named: "mixed_bfloat16")
    #expect(mixed.computeType == .bfloat16 && mixed.variableType == .float32)
    let plain = try DTypePolicy(named: "float16")
    #expect(plain.computeType == .float16 && plain.variableType == .float16)
    // Words are looked up in no floating-point type at all.
    #expect(try DTypePolicy(named: "int64").computeType == .float32)
  }

  @Test(arguments: ["int8_from_float32", "mixed_float64", "half"])
  func `a policy that is not computed is refused by name`(_ name: String) throws {
    var record = try record("Dense", "relu")
    record.layers[record.layers.count - 1].config["dtype"] = .string(name)
    let error = #expect(throws: KerasError.self) { try Network(record) }
    #expect(error?.description.contains("a dtype policy '\(name)'") == true)
  }

  @Test func `a layer and the one inside it must have one policy`() throws {
    var record = try record("Precision", "mixed_float16_TimeDistributed")
    record.layers[1].config["dtype"] = "float32"
    let error = #expect(throws: KerasError.self) { try Network(record) }
    #expect(error?.description.contains("mixed_float16 inside a layer of float32") == true)
  }

  @Test func `a network says which type Keras's outputs have`() throws {
    let half = try Network(try record("Precision", "mixed_float16_LSTM_sequences"))
    #expect(half.outputPolicies.map(\.computeType) == [.float16])
    let ended = try Network(try record("Precision", "mixed_float16_float32_output"))
    #expect(ended.outputPolicies.map(\.computeType) == [.float32])
  }

  /// Their outputs differ in places by a unit of the type.
  @Test(arguments: ["mixed_float16_LSTM_sequences", "mixed_bfloat16_LSTM_hard_sigmoid"])
  func `that releases of TensorFlow round otherwise keeps no model from being converted`(
    _ name: String
  ) throws {
    let network = try Network(try record("Precision", name))
    #expect(try ConversionProbe(network).difference(writtenAs: .keras2_15) <= 1e-5)
  }

  @Test func `float64 is computed in float64`() throws {
    var record = try Network(
      [InputLayer(shape: [1]), Dense(units: 1), Dense(units: 1)], seed: 0
    ).record
    // 1 + 2⁻⁴⁰ is 1 in float32, and nothing would be left of it.
    for (layer, kernel, bias) in [(1, 0.0, 1 + 0x1p-40), (2, 1.0, -1.0)] {
      record.layers[layer].config["dtype"] = "float64"
      record.layers[layer].weights[0].array = NumericArray(shape: [1, 1], .float64([kernel]))
      record.layers[layer].weights[1].array = NumericArray(shape: [1], .float64([bias]))
    }
    let input = NumericArray(shape: [1, 1], .float32([3]))
    #expect(try Network(record).predict([input])[0].floats() == [0x1p-40])
  }
}
