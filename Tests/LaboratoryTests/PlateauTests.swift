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
}
