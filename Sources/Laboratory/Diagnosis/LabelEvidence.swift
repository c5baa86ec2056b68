import KerasRuntime

/// What the rows tell about the labels without any network: a naive Bayes classifier on the words
/// that a row has, or on its numbers, judged on rows that it did not see. Where it finds nothing
/// and the model neither, there may be nothing to find; where one word alone decides, the label has
/// leaked.
public struct LabelEvidence: Sendable {
  /// Mean over the classes of the share of their rows that it finds, in five folds.
  public let balancedAccuracy: Double
  /// How many standard errors that lies above chance.
  public let sigmas: Double
  /// Of the one feature that tells most about the label: the mutual information of both over the
  /// label's entropy, from 0 to 1, and the feature: `"good"`, `column 3 above its median`.
  public let best: (feature: String, share: Double)?
  /// What it looked at: `words alone`.
  public let looksAt: String

  init?(_ known: RowFeatures, _ labels: LabelFacts) {
    let features = known.rows
    looksAt = known.kind
    let present = labels.counts.filter { $0 > 0 }.count
    guard present > 1, features.count >= 20 else { return nil }
    let classes = labels.counts.count
    var hits = [Int](repeating: 0, count: classes)
    for fold in 0..<5 {
      let bayes = NaiveBayes(
        features, labels.classes, classes: classes, leavingOut: { $0 % 5 == fold })
      for row in stride(from: fold, to: features.count, by: 5)
      where bayes.best(features[row]) == labels.classes[row] {
        hits[labels.classes[row]] += 1
      }
    }
    var (sum, variance) = (0.0, 0.0)
    for label in 0..<classes where labels.counts[label] > 0 {
      let (n, chance) = (Double(labels.counts[label]), 1 / Double(present))
      sum += Double(hits[label]) / n
      variance += chance * (1 - chance) / n
    }
    balancedAccuracy = sum / Double(present)
    let error = variance.squareRoot() / Double(present)
    sigmas = (balancedAccuracy - 1 / Double(present)) / error
    best = Self.mostTelling(features, labels).map { (known.name($0.feature), $0.share) }
  }

  private static func mostTelling(
    _ features: [Set<Int>], _ labels: LabelFacts
  ) -> (feature: Int, share: Double)? {
    let classes = labels.counts.count
    var counts: [Int: [Int]] = [:]
    for (row, own) in features.enumerated() {
      for feature in own {
        counts[feature, default: [Int](repeating: 0, count: classes)][labels.classes[row]] += 1
      }
    }
    let entropy = labels.entropy
    guard entropy > 0 else { return nil }
    let total = Double(features.count)
    var best: (feature: Int, share: Double)?
    for (feature, having) in counts {
      var information = 0.0
      let with = Double(having.reduce(0, +))
      for label in 0..<classes {
        let all = Double(labels.counts[label])
        let parts = [(Double(having[label]), with), (all - Double(having[label]), total - with)]
        for (joint, side) in parts where joint > 0 {
          information += joint / total * Double.log(joint * total / (side * all))
        }
      }
      let share = information / entropy
      // Equal shares go to the lower number, whatever order a dictionary has.
      if best.map({ (share, $0.feature) > ($0.share, feature) }) ?? true {
        best = (feature, share)
      }
    }
    return best
  }
}

/// Bernoulli naive Bayes on sets of features, all classes taken for equally frequent.
private struct NaiveBayes {
  /// For each class the weight of having a feature over not having it, and the sum of not having
  /// any.
  private var weights: [[Int: Double]]
  private var none: [Double]

  init(
    _ features: [Set<Int>], _ labels: [Int], classes: Int, leavingOut isLeftOut: (Int) -> Bool
  ) {
    var rows = [Double](repeating: 0, count: classes)
    var counts = [[Int: Double]](repeating: [:], count: classes)
    var all: Set<Int> = []
    for (row, own) in features.enumerated() where !isLeftOut(row) {
      rows[labels[row]] += 1
      for feature in own {
        counts[labels[row]][feature, default: 0] += 1
        all.insert(feature)
      }
    }
    weights = []
    none = []
    let order = all.sorted()
    for label in 0..<classes {
      var own: [Int: Double] = [:]
      var sum = 0.0
      for feature in order {
        // Laplace's half a row with and half a row without.
        let share = ((counts[label][feature] ?? 0) + 0.5) / (rows[label] + 1)
        own[feature] = Double.log(share / (1 - share))
        sum += Double.log(1 - share)
      }
      weights.append(own)
      none.append(rows[label] > 0 ? sum : -Double.infinity)
    }
  }

  func best(_ features: Set<Int>) -> Int {
    let order = features.sorted()
    var (best, score) = (0, -Double.infinity)
    for label in none.indices {
      let own = order.reduce(none[label]) { $0 + (weights[label][$1] ?? 0) }
      if own > score { (best, score) = (label, own) }
    }
    return best
  }
}
