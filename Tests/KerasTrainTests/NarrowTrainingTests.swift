import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

@Suite struct NarrowTrainingTests {
  @Test(arguments: ["mixed_float16_BatchNormalization", "mixed_bfloat16_BatchNormalization"])
  func `training under a 16-bit policy is refused by name`(_ name: String) throws {
    let fixture = try #require(
      try FixtureCase.all(["layers"]).first {
        $0.kind == "Policy" && $0.name == name && $0.generation == "3"
      })
    var model = Model(try Network(fixture.record(fixture.containers[0])))
    try model.compile(optimizer: SGD(), loss: MeanSquaredError())
    let inputs = try fixture.inputArrays()
    let error = #expect(throws: KerasError.self) {
      try model.fit(inputs, try fixture.outputArrays()[0], epochs: 1)
    }
    #expect(error?.description.contains("policy is not computed as Keras does") == true)
  }
}
