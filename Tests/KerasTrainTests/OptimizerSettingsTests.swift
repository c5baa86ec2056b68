import KerasFormat
import KerasRuntime
import KerasTrain
import Testing

/// What each generation's Keras has, and what it starts from.
@Suite struct OptimizerSettingsTests {
  private func rate(_ name: String, _ generation: Generation) throws -> Double {
    let optimizer = try OptimizerRegistry.optimizer(name, generation: generation)
    return try #require(optimizer.learningRate as? Double)
  }

  @Test func `default rates are each generation's`() throws {
    #expect(try rate("adagrad", .keras1) == 0.01)
    #expect(try rate("Adagrad", .keras2) == 0.01)
    #expect(try rate("adadelta", .keras2) == 1)
    #expect(try rate("adamax", .keras2) == 0.002)
    #expect(try rate("nadam", .keras1) == 0.002)
    for name in ["adagrad", "adadelta", "adamax", "nadam", "ftrl", "adamw"] {
      #expect(try rate(name, .keras2_15) == 0.001)
      #expect(try rate(name, .keras3) == 0.001)
    }
    #expect(try rate("lion", .keras2_15) == 0.0001)
    #expect(try rate("lion", .keras3) == 0.001)
  }

  @Test func `other defaults are each generation's`() throws {
    func adagrad(_ generation: Generation) throws -> Adagrad {
      try #require(
        try OptimizerRegistry.optimizer("adagrad", generation: generation) as? Adagrad)
    }
    #expect(try adagrad(.keras1).epsilon == 1e-8)
    #expect(try adagrad(.keras2).epsilon == 1e-7)
    #expect(try adagrad(.keras2).initialAccumulatorValue == 0)
    #expect(try adagrad(.keras3).initialAccumulatorValue == 0.1)
    let adamW = try OptimizerRegistry.optimizer("adamw", generation: .keras3)
    #expect(adamW.options.weightDecay == 0.004)
    let nadam = try OptimizerRegistry.optimizer("nadam", generation: .keras2) as? Nadam
    #expect(nadam?.scheduleDecay == 0.004)
    let legacy = try OptimizerRegistry.optimizer(
      "rmsprop", config: ["is_legacy_optimizer": true, "decay": 0.5], generation: .keras2_15)
    #expect(legacy.options.isLegacy && legacy.options.decay == 0.5)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let generation: Generation
    let name: String
    let config: JSONObject
    let message: String

    init(_ generation: Generation, _ name: String, _ config: JSONObject, _ message: String) {
      self.generation = generation
      self.name = name
      self.config = config
      self.message = message
    }

    var testDescription: String { message }

    static let all: [Refusal] = [
      Refusal(.keras2, "lion", [:], "Keras 2 has no optimizer Lion"),
      Refusal(.keras1, "adamw", [:], "Keras 1 has no optimizer AdamW"),
      Refusal(.keras2, "ftrl", [:], "Keras 2 has no optimizer Ftrl"),
      Refusal(
        .keras2_15, "lion", ["is_legacy_optimizer": true],
        "Keras 2.15 has no legacy optimizer Lion"
      ),
      Refusal(.keras1, "adam", ["amsgrad": true], "Keras 1's Adam has no amsgrad"),
      Refusal(.keras2, "rmsprop", ["centered": true], "Keras 2's RMSprop has no centered"),
      Refusal(.keras2, "rmsprop", ["momentum": 0.5], "Keras 2's RMSprop has no momentum"),
      Refusal(.keras2, "sgd", ["use_ema": true], "Keras 2's SGD has no use_ema"),
      Refusal(.keras2, "sgd", ["weight_decay": 0.1], "Keras 2's SGD has no weight_decay"),
      Refusal(.keras3, "sgd", ["decay": 0.1], "Keras 3's SGD has no decay"),
      Refusal(.keras2_15, "sgd", ["decay": 0.1], "Keras 2.15's SGD has no decay"),
      Refusal(
        .keras2_15, "sgd", ["gradient_accumulation_steps": 2],
        "Keras 2.15's SGD has no gradient_accumulation_steps"
      ),
      Refusal(.keras3, "sgd", ["is_legacy_optimizer": true], "Keras 3's legacy optimizers are not"),
      Refusal(.keras3, "nadam", ["schedule_decay": 0.1], "Keras 3's Nadam has no schedule_decay"),
      Refusal(
        .keras3, "sgd", ["clipnorm": 1.0, "clipvalue": 1.0], "only one of clipnorm, clipvalue"),
      Refusal(.keras3, "sgd", ["gradient_accumulation_steps": 1], "1 but it must be 2 or more"),
      Refusal(.keras3, "sgd", ["use_ema": true, "ema_momentum": 2.0], "2.0 but it is within 0…1"),
      Refusal(.keras3, "sgd", ["momentun": 0.5], "unknown config key momentun"),
      Refusal(.keras3, "adamw", ["weight_decay": nil], "null, but AdamW needs a number"),
      Refusal(
        .keras2, "sgd", ["learning_rate": ["class_name": "CosineDecay", "config": [:]]],
        "Keras 2's SGD takes no learning rate schedule"
      ),
      Refusal(
        .keras3, "sgd", ["learning_rate": ["class_name": "CosineDecays", "config": [:]]],
        "unknown learning rate schedule 'CosineDecays'"
      ),
      Refusal(
        .keras3, "sgd",
        [
          "learning_rate": [
            "class_name": "CosineDecay",
            "config": ["initial_learning_rate": 0.1, "decay_steps": 0],
          ]
        ], "0.0 but it must be above 0"
      ),
      Refusal(.keras3, "sgd", ["learning_rate": -1.0], "-1.0 but a rate is zero or positive"),
    ]
  }

  @Test(arguments: Refusal.all)
  func `what a generation does not have is refused by name`(_ refusal: Refusal) {
    let error = #expect(throws: KerasError.self) {
      try OptimizerRegistry.optimizer(
        refusal.name, config: refusal.config, generation: refusal.generation)
    }
    #expect(
      error?.description.contains(refusal.message) == true, "\(String(describing: error))")
  }

  @Test func `compile refuses what the model's Keras does not have`() throws {
    var model = try Model([InputLayer(shape: [2]), Dense(units: 1)], seed: 1, generation: .keras2)
    let error = #expect(throws: KerasError.self) {
      try model.compile(optimizer: Lion(), loss: MeanSquaredError())
    }
    #expect(error?.description.contains("Keras 2 has no optimizer Lion") == true)
    #expect(throws: KerasError.self) {
      try model.compile(optimizer: SGD(), loss: MeanSquaredError(), backend: .jax)
    }
    try model.compile(
      optimizer: SGD(learningRate: 0.1, options: OptimizerOptions(globalClipnorm: 1)),
      loss: MeanSquaredError())
  }

  @Test func `clipnorm of Keras 2 is of all gradients together`() throws {
    let old = try OptimizerRegistry.optimizer(
      "sgd", config: ["clipnorm": 0.5], generation: .keras2)
    #expect(old.options.globalClipnorm == 0.5 && old.options.clipnorm == nil)
    let new = try OptimizerRegistry.optimizer(
      "sgd", config: ["clipnorm": 0.5], generation: .keras3)
    #expect(new.options.clipnorm == 0.5 && new.options.globalClipnorm == nil)
  }

  @Test func `schedules written in Swift are those of files`() throws {
    let schedules: [any LearningRateSchedule] = [
      ExponentialDecay(0.5, decaySteps: 4, decayRate: 0.5, staircase: true),
      PiecewiseConstantDecay(boundaries: [3, 7], values: [0.5, 0.3, 0.1]),
      PolynomialDecay(0.5, decaySteps: 8, endLearningRate: 0.05, power: 2, cycle: true),
      InverseTimeDecay(0.5, decaySteps: 3, decayRate: 0.5, staircase: true),
      CosineDecay(0.1, decaySteps: 7, alpha: 0.1, warmupTarget: 0.6, warmupSteps: 3),
      CosineDecayRestarts(0.5, firstDecaySteps: 4, tMul: 1.5, mMul: 0.6, alpha: 0.1),
    ]
    for schedule in schedules {
      let optimizer = try OptimizerRegistry.optimizer(
        "sgd", config: ["learning_rate": schedule.serialized], generation: .keras3)
      #expect(optimizer.learningRate.serialized == schedule.serialized)
      for step in 0..<20 {
        #expect(optimizer.learningRate.rate(after: step) == schedule.rate(after: step))
      }
    }
  }
}
