import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

@Suite struct LossFixtureTests {
  static let entries = LossFixture.entries("losses")

  @Test func `every generation has its cases, and every loss is among them`() throws {
    #expect(LossFixture.all.map(\.generation) == Generation.allCases)
    for fixture in LossFixture.all {
      let covered = try Set(
        Self.entries.filter { $0.generation == fixture.generation }.map { entry in
          type(
            of: try LossRegistry.loss(
              try #require(entry.facts["loss"]), generation: fixture.generation)
          ).className
        })
      let expected = Set(
        LossRegistry.builtIn.map { $0.className }.filter {
          LossNames.named($0)?.name(in: fixture.generation) != nil
        })
      #expect(covered == expected, "Keras \(fixture.generation.rawValue)")
    }
  }

  /// One batch on both sides of float32. Values agree to a few units in the last place. Gradients
  /// do where the formula is well behaved; at p near 0 and 1 the same quotient of cancelled
  /// differences is taken in another order, and a cosine's is what is left of two nearly equal
  /// numbers, so that they are compared relative to the largest too.
  @Test(arguments: entries)
  func `a loss and its gradient are Keras's`(_ entry: LossFixture.Entry) throws {
    let fixture = try LossFixture.of(entry.generation)
    let (network, ids) = try fixture.tableNetwork(entry.facts)
    let objective = try Objective(
      network,
      losses: OutputLoss.all(
        try #require(entry.facts["loss"]), weights: .null, outputs: network.outputNames,
        generation: entry.generation),
      generation: entry.generation)
    var pass = Pass(generation: entry.generation, isTraining: true, keepsTrace: true)
    let rows = 0..<ids.shape[0]
    func tensor(_ array: NumericArray) -> Tensor<Float> {
      Tensor(rows: rows, of: array, in: &pass.workspace)
    }
    let weights = try entry.facts["weights"]?.string.map { try fixture.array("weights", $0) }
    var trace = NetworkTrace<Float>()
    let outcome = try objective.evaluate(
      [tensor(ids)],
      targets: [tensor(try fixture.array("targets", #require(entry.facts["targets"]?.string)))],
      weights: weights.map { [tensor($0)] } ?? [], parameters: network.parameters, trace: &trace,
      pass: &pass)
    let gradients = Parameters<Float>(network.parameters.layout)
    objective.backward(
      outcome, trace: trace, parameters: network.parameters, gradients: gradients, pass: &pass)

    let value = try #require(entry.facts["value"]?.number)
    let ofValue = worstDifference([outcome.loss], [value], floor: 1e-3)
    #expect(ofValue.difference < 2e-6, "\(ofValue.place)")
    let expected = try #require(entry.facts["gradient"]?.array).map { $0.number ?? .nan }
    let width = network.parameters.layout.specs[0].shape[1]
    let found = gradients.values(0).dropFirst(width).map(Double.init)
    let scale = expected.filter(\.isFinite).map(abs).max() ?? 0
    let ofGradient = worstDifference(found, expected, floor: max(1e-9, scale * 1e-2))
    #expect(ofGradient.difference < 2e-5, "\(ofGradient.place)")
  }
}
