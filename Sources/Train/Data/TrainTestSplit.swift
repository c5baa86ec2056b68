import KerasFormat
import KerasRuntime

/// Which rows train and which are held back, in the order of scikit-learn's
/// `train_test_split(…, test_size=, random_state=)`.
///
/// A permutation of all rows is drawn from NumPy's `RandomState(seed)`; the test rows are its first
/// ⌈testSize · rows⌉ entries and the training rows the others, both in the permutation's order.
/// Source: scikit-learn 1.9, `ShuffleSplit`.
///
///     let split = try TrainTestSplit(rows: 2748, testSize: 0.25, seed: 0)
///     split.train.count  // 2061
public struct TrainTestSplit: Sendable, Equatable {
  /// Row numbers from 0, in the order in which they are to be used.
  public let train: [Int]
  /// Row numbers from 0 of the rows held back; empty for a `testSize` of 0.
  public let test: [Int]

  /// - Parameters:
  ///   - rows: How many rows there are.
  ///   - testSize: The share held back, 0 ..< 1. With 0 nothing is shuffled and all rows train, in
  ///     their order (scikit-learn refuses 0).
  ///   - seed: scikit-learn's `random_state`.
  /// - Throws: ``KerasError/Code/invalidArgument`` for another share;
  ///   ``KerasError/Code/invalidData`` where no row would be left to train on.
  public init(rows: Int, testSize: Double, seed: UInt32 = 0) throws(KerasError) {
    guard testSize >= 0, testSize < 1 else {
      throw KerasError(
        .invalidArgument, "the share of test rows is \(testSize); expected 0 or more and below 1",
        hint: "0.25 holds a quarter of the rows back")
    }
    guard testSize > 0 else {
      train = Array(0..<max(rows, 0))
      test = []
      return
    }
    let testCount = Int((testSize * Double(rows)).rounded(.up))
    guard rows > testCount else {
      throw KerasError(
        .invalidData,
        "of \(rows) rows, a test share of \(testSize) takes \(testCount) and leaves none to train on",
        hint: "give more rows or a smaller share")
    }
    var generator = MersenneTwister(numpySeed: seed)
    let order = generator.permutation(rows)
    test = Array(order[..<testCount])
    train = Array(order[testCount...])
  }
}
