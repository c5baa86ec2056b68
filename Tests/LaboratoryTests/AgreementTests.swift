import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

/// The permutation test against permutations, made.
@Suite struct AgreementTests {
  private func labels(_ classes: [Int]) throws -> LabelFacts {
    try #require(
      LabelFacts(
        NumericArray(shape: [classes.count], .float32(classes.map { Float($0) })),
        areNumbers: true))
  }

  /// Every order of a few labels.
  private func orders(_ items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index -> [[Int]] in
      var rest = items
      let first = rest.remove(at: index)
      return orders(rest).map { [first] + $0 }
    }
  }

  @Test(arguments: [2, 3])
  func `mean and deviation are those over all orders of the labels`(_ classes: Int) throws {
    let own = [0, 1, classes - 1, 1, 0, 0, 1]
    var generator = SeededGenerator(seed: 9)
    let answers = own.map { _ in (0..<(classes == 2 ? 1 : 3)).map { _ in generator.uniform() } }
    func sum(_ labels: [Int]) -> Double {
      zip(answers, labels).reduce(0) { total, pair in
        total
          + (pair.0.count == 1 ? (pair.1 == 1 ? pair.0[0] : -pair.0[0]) : pair.0[pair.1])
      }
    }
    let sums = orders(own).map(sum)
    let mean = sums.reduce(0, +) / Double(sums.count)
    let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sums.count)
    let expected = (sum(own) - mean) / variance.squareRoot()
    let found = try #require(Agreement(answers, try labels(own))).sigmas
    #expect(abs(found - expected) < 1e-9, "\(found) but all orders give \(expected)")
  }

  @Test func `answers that are all alike go with nothing`() throws {
    let agreement = Agreement([[0.4], [0.4], [0.4], [0.4]], try labels([0, 1, 1, 0]))
    #expect(agreement?.sigmas == 0)
  }
}
