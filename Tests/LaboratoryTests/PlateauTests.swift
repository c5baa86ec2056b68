import KerasFormat
import KerasLaboratory
import KerasTrain
import Testing

@Suite struct PlateauTests {
  private let guess = 0.6931

  @Test func `it ends in the first epoch that is below the margin`() {
    // 5 % below 0.6931 is 0.6584.
    #expect(Plateau().leaving([0.693, 0.66, 0.658, 0.5], guess: guess) == 3)
    #expect(Plateau().leaving([0.5, 0.4], guess: guess) == 1)
  }

  @Test func `one epoch below it that goes back does not end it`() {
    #expect(Plateau(epochs: 2).leaving([0.693, 0.6, 0.69, 0.6, 0.55], guess: guess) == 4)
    #expect(Plateau(epochs: 3).leaving([0.6, 0.6, 0.69, 0.6, 0.6, 0.6], guess: guess) == 4)
  }

  @Test func `behind it the other loss may be the one that is below`() {
    let (validation, training) = ([0.693, 0.6, 0.9, 1.2], [0.69, 0.68, 0.4, 0.2])
    #expect(Plateau().leaving(validation, guess: guess) == nil)
    #expect(
      Plateau().leaving(validation, guess: guess, or: training, otherGuess: guess) == 2)
    // But it does not make the first epoch.
    #expect(
      Plateau().leaving([0.693, 0.7, 0.8], guess: guess, or: [0.1, 0.1, 0.1], otherGuess: guess)
        == nil)
  }

  @Test func `at the end of a run what is left of the epochs must be below`() {
    #expect(Plateau(epochs: 3).leaving([0.693, 0.69, 0.6], guess: guess) == 3)
    #expect(Plateau(epochs: 3).leaving([0.693, 0.6, 0.69], guess: guess) == nil)
  }

  @Test func `a loss that stands still or is no number never ends it`() {
    #expect(Plateau().leaving([0.693, 0.692, 0.67], guess: guess) == nil)
    #expect(Plateau().leaving([.nan, .nan], guess: guess) == nil)
    #expect(Plateau().leaving([], guess: guess) == nil)
  }

  @Test func `the margin is meant of the size of a negative loss, too`() {
    #expect(Plateau().threshold(-2) == -2.1)
  }

  // MARK: - Outcomes

  private func outcome(
    _ training: [Double], _ validation: [Double]? = nil, guess: Double = 0.6931
  ) throws -> Plateau.Outcome {
    let held = validation ?? training
    let history = try History(json: [
      "loss": .array(training.map(JSON.number)), "val_loss": .array(held.map(JSON.number)),
      "epoch": .array(training.indices.map(JSON.integer)),
      "seconds": .array(training.map { _ in 0.1 }),
    ])
    return Plateau().outcome(history, .init(training: guess, validation: guess))
  }

  @Test func `a loss that falls has not diverged, however far above a guess's it is`() throws {
    // A regression far from its values, and rows of one class, whose guess is never wrong.
    let regression = try outcome([40_000, 39_000, 37_500, 35_000], guess: 300)
    #expect(regression != .diverged && regression != .stayed)
    let oneClass = try outcome([0.9, 0.4, 0.2, 0.1], guess: 1e-7)
    #expect(oneClass != .diverged && oneClass != .stayed)
    #expect(try outcome([5, 9, 4, 8, 4.5, 5.1], guess: 0.7) != .diverged)
  }

  @Test func `a loss that grows, or is no number, has diverged`() throws {
    #expect(try outcome([0.8, 0.9, 2, 3]) == .diverged)
    #expect(try outcome([300, 500, 4_000, 90_000], guess: 300) == .diverged)
    #expect(try outcome([0.8, 0.7, .nan]) == .diverged)
    #expect(try outcome([0.8, .infinity]) == .diverged)
    // From one epoch nothing grows.
    #expect(try outcome([5]) != .diverged)
  }

  @Test func `a loss at a guess's has stood still`() throws {
    #expect(try outcome([0.70, 0.695, 0.70, 0.71]) == .stayed)
  }
}
