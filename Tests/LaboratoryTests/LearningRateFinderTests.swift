import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

@Suite struct LearningRateFinderTests {
  /// y = 3 x over 40 rows. Gradient descent on the square, whose curvature is 2·mean(x²), falls
  /// fastest near 1 / that and blows up beyond 2 / that.
  private static func material(_ generation: Generation) throws -> (Model, Dataset, Double) {
    let x = (0..<40).map { Float($0 % 8) / 2 - 1.5 }
    let data = try Dataset(
      inputs: [NumericArray(shape: [40, 1], .float32(x))],
      targets: NumericArray(shape: [40], .float32(x.map { 3 * $0 })))
    var model = try Model(
      [InputLayer(shape: [1]), Dense(units: 1, useBias: false)], seed: 3, generation: generation)
    try model.compile(optimizer: SGD(learningRate: 0.01), loss: "mse")
    let curvature = 2 * x.reduce(0) { $0 + Double($1 * $1) } / 40
    return (model, data, curvature)
  }

  private static var settings: FitSettings {
    var settings = FitSettings()
    settings.batchSize = 8
    settings.seed = 5
    return settings
  }

  @Test(arguments: [Generation.keras2, .keras3])
  func `it finds where the loss falls and where it blows up`(_ generation: Generation) throws {
    let (model, data, curvature) = try Self.material(generation)
    let result = try LearningRateFinder.test(
      model, on: data, settings: Self.settings, from: 1e-4, to: 100, steps: 60)
    let suggestion = try #require(result.suggestion)
    let blowUp = try #require(result.blowUp)
    #expect(suggestion > 0.05 / curvature && suggestion < 2 / curvature)
    #expect(blowUp > 2 / curvature && blowUp < 50 / curvature)
    // It stopped there.
    #expect(result.rates.last == blowUp && result.rates.count < 60)
  }

  @Test func `rates grow by one factor from the lowest to the highest`() throws {
    let (model, data, _) = try Self.material(.keras3)
    let rates = try LearningRateFinder.test(
      model, on: data, settings: Self.settings, from: 1e-6, to: 1e-2, steps: 5
    ).rates
    for (rate, wanted) in zip(rates, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]) {
      #expect(abs(rate / wanted - 1) < 1e-9)
    }
    #expect(rates.count == 5)
  }

  @Test func `each batch's own loss is measured, though Keras 3 reports means`() throws {
    // At rates of nothing the weights stay, and both generations see the same losses.
    let losses = try [Generation.keras2, .keras3].map { generation in
      var (model, data, _) = try Self.material(generation)
      model.network = try Self.material(.keras3).0.network
      try model.compile(optimizer: SGD(learningRate: 0.01), loss: "mse", generation: generation)
      var settings = Self.settings
      settings.shuffle = false
      return try LearningRateFinder.test(
        model, on: data, settings: settings, from: 1e-12, to: 1e-11, steps: 12
      ).losses
    }
    #expect(losses[0].count == 12)
    for (old, new) in zip(losses[0], losses[1]) { #expect(abs(old - new) < 1e-5 * abs(old)) }
  }

  @Test func `where nothing falls it suggests nothing`() throws {
    let (model, data, _) = try Self.material(.keras3)
    let result = try LearningRateFinder.test(
      model, on: data, settings: Self.settings, from: 1e-9, to: 1e-7, steps: 30)
    #expect(result.suggestion == nil && result.blowUp == nil)
  }

  @Test func `the model that is tested stays as it is`() throws {
    let (model, data, _) = try Self.material(.keras3)
    let before = model.network.parameters.values(0)
    _ = try LearningRateFinder.test(model, on: data, settings: Self.settings)
    #expect(model.network.parameters.values(0) == before)
  }
}
