/// Whether what a trained model answers goes with the labels of rows that it has not seen: a
/// permutation test. It asks nothing of how sure the answers are, as a loss does, so that chance
/// among the best of many epochs, or a model that is far too sure, does not deceive it.
///
/// Measured is the sum of what each row's answer says for the row's own class, and set against what
/// it would be with the labels handed out to the rows in any other order: mean and variance over
/// all orders follow from W. Hoeffding, "A Combinatorial Central Limit Theorem" (1951). For two
/// classes it is r·√(n − 1), r being the correlation of answers and labels.
public struct Agreement: Sendable {
  /// Rows of validation that were looked at.
  public let rows: Int
  /// How many standard deviations of that chance the answers go with the labels.
  public let sigmas: Double

  /// - Parameter answers: for each row one number that speaks for class 1, or one for each class.
  package init?(_ answers: [[Double]], _ labels: LabelFacts) {
    let present = labels.counts.indices.filter { labels.counts[$0] > 0 }
    let n = labels.classes.count
    guard n > 2, answers.count == n, present.count > 1,
      answers.allSatisfy({ $0.allSatisfy(\.isFinite) })
    else { return nil }
    let width = answers[0].count
    guard width == 1 ? labels.counts.count == 2 : width >= labels.counts.count else { return nil }
    func score(_ row: Int, _ label: Int) -> Double {
      width == 1 ? (label == 1 ? answers[row][0] : -answers[row][0]) : answers[row][label]
    }
    let total = Double(n)
    let shares = present.map { Double(labels.counts[$0]) / total }
    let ofRows = (0..<n).map { row in
      zip(present, shares).reduce(0) { $0 + $1.1 * score(row, $1.0) }
    }
    let ofClasses = present.map { label in
      (0..<n).reduce(0) { $0 + score($1, label) } / total
    }
    let mean = zip(shares, ofClasses).reduce(0) { $0 + $1.0 * $1.1 }
    var (found, squares) = (0.0, 0.0)
    for row in 0..<n {
      found += score(row, labels.classes[row]) - mean
      for (place, label) in present.enumerated() {
        let own = score(row, label) - ofRows[row] - ofClasses[place] + mean
        squares += Double(labels.counts[label]) * own * own
      }
    }
    rows = n
    let deviation = (squares / (total - 1)).squareRoot()
    // Answers that are all alike go with nothing.
    sigmas = deviation > 1e-12 * max(1, abs(mean)) ? found / deviation : 0
  }

  /// How surely they go together: from 0 at one standard deviation, which chance often has, to 1 at
  /// two and a half.
  var certainty: Double { ((sigmas - 1) / 1.5).clamped }
}
