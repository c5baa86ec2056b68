import KerasRuntime

/// What of the loss's gradient comes back to each step of the sequence: the mean over rows of
/// ‖∂L/∂x_t‖, x_t being what the embedding gives (or what goes into the first recurrent layer), and
/// L one row's loss.
public struct GradientFlow: Sendable {
  /// By the step's place, from the first, T numbers.
  public let byStep: [Double]
  /// `[row][step]`
  let norms: [[Double]]
  /// For each row the gradient at the recurrent layer's output: what the layer was given to hand
  /// back.
  private let atOutput: [Double]?

  init(_ norms: [[Double]], atOutput: [Double]?) {
    let steps = norms.first?.count ?? 0
    self.norms = norms
    byStep = (0..<steps).map { step in
      norms.reduce(0) { $0 + $1[step] } / Double(max(1, norms.count))
    }
    self.atOutput = atOutput
  }

  /// The gradient at a row's words over that at the recurrent layer's output: near 1 in a layer
  /// that hands on what it gets, near 0 in one that forgets, large in one that explodes.
  ///
  /// - Parameter tokens: of the same rows, whose padding does not count; `nil` where all steps do.
  /// - Returns: the middle of the rows, and the share of all rows' gradients together, in which the
  ///   largest decide; `nil` without such a layer.
  func shareAtWords(of tokens: TokenRows?) -> (middle: Double, whole: Double)? {
    guard let atOutput, atOutput.count == norms.count else { return nil }
    var (shares, all): ([Double], [Double]) = ([], [])
    for (row, given) in atOutput.enumerated() where given > 0 {
      var own = norms[row]
      if let tokens, tokens.rows == norms.count, tokens.steps == own.count {
        let ids = Array(tokens.row(row))
        own = own.indices.filter { ids[$0] != 0 }.map { own[$0] }
      }
      guard !own.isEmpty else { continue }
      all.append(Probe.root(own))
      shares.append(Probe.root(own) / given)
    }
    guard let middle = Median.of(shares) else { return nil }
    return (middle, Probe.root(all) / Probe.root(atOutput))
  }

  /// The gradient at the first, second, … word of a row, in the middle of the rows that have so
  /// many.
  func byWord(of tokens: TokenRows) -> [Double] {
    guard tokens.rows == norms.count, tokens.steps == byStep.count else { return [] }
    var columns: [[Double]] = []
    for row in norms.indices {
      let ids = Array(tokens.row(row))
      for (word, step) in ids.indices.filter({ ids[$0] != 0 }).enumerated() {
        if word == columns.count { columns.append([]) }
        columns[word].append(norms[row][step])
      }
    }
    // Of words that only the longest rows have there is no middle.
    return columns.filter { 10 * $0.count >= norms.count }.compactMap { Median.of($0) }
  }

  /// By how much the gradient grows with each step back, over the steps that hold words: above 1 it
  /// explodes, below it vanishes. The slope of a straight line through the logarithms.
  func growthPerStep(of tokens: TokenRows?) -> Double? {
    var (count, x, y, xx, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for step in byStep.indices where byStep[step] > 0 && byStep[step].isFinite {
      if let tokens, tokens.steps == byStep.count,
        !(0..<tokens.rows).contains(where: { tokens.ids[$0 * tokens.steps + step] != 0 })
      {
        continue
      }
      let (t, value) = (Double(-step), Double.log(byStep[step]))
      (count, x, y, xx, xy) = (count + 1, x + t, y + value, xx + t * t, xy + t * value)
    }
    let spread = count * xx - x * x
    return spread > 0 ? Double.exp((count * xy - x * y) / spread) : nil
  }
}
