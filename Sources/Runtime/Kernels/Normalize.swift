import KerasFormat

/// The arithmetic that the normalizations share: numbers are brought to one size group by group.
///
/// `x̂ = (x - μ)·r`, `r = 1/√(v + ε)` with mean μ and variance v over the group (population
/// variance); `y = x̂·γ + β`. Without centering μ is left out; the size may be the mean square or
/// the sum of squares.
struct Normalize {
  enum Size {
    /// Mean square distance from the mean.
    case variance
    /// Mean square distance from zero.
    case meanSquare
    /// Sum of squares, at least ε.
    case sumOfSquares
  }

  /// For each element of a block, its group.
  let groups: [Int]
  let groupCount: Int
  /// For each element of a block, its place in γ and β.
  let places: [Int]
  let epsilon: Double
  let size: Size
  let isCentered: Bool

  /// Over `axis` of samples of these extents, which γ and β are numbered by.
  ///
  /// - Parameter axis: with the batch as 0, or from behind.
  init(
    over axis: [Int], of extents: [Int], for className: String, epsilon: Double, size: Size,
    isCentered: Bool
  ) throws(KerasError) {
    let axes = try AxisMap.positions(axis, rank: extents.count, of: className)
    let others = extents.indices.filter { !axes.contains($0) }
    self.init(
      groups: AxisMap.indices(of: others, in: extents),
      groupCount: others.map { extents[$0] }.reduce(1, *),
      places: AxisMap.indices(of: axes, in: extents), epsilon: epsilon, size: size,
      isCentered: isCentered)
  }

  init(
    groups: [Int], groupCount: Int, places: [Int], epsilon: Double, size: Size, isCentered: Bool
  ) {
    self.groups = groups
    self.groupCount = groupCount
    self.places = places
    self.epsilon = epsilon
    self.size = size
    self.isCentered = isCentered
  }

  /// What the way back needs: `x̂` of every element and `r` of every group.
  struct Kept<S: Scalar> {
    let normalized: UnsafeMutablePointer<S>
    let factors: UnsafeMutablePointer<S>
    let means: UnsafeMutablePointer<S>
    let variances: UnsafeMutablePointer<S>
  }

  /// `y` from `blocks` blocks of `x`.
  @specialized(where S == Float)
  func forward<S: Scalar>(
    _ x: UnsafePointer<S>, blocks: Int, gamma: UnsafePointer<S>?, beta: UnsafePointer<S>?,
    into y: UnsafeMutablePointer<S>, _ workspace: inout Workspace
  ) -> Kept<S> {
    if S.roundsOperations {
      return forwardRounding(x, blocks: blocks, gamma: gamma, beta: beta, into: y, &workspace)
    }
    let width = groups.count
    let kept = Kept<S>(
      normalized: workspace.scratch(S.self, count: blocks * width),
      factors: workspace.zeros(S.self, count: blocks * groupCount),
      means: workspace.zeros(S.self, count: blocks * groupCount),
      variances: workspace.zeros(S.self, count: blocks * groupCount))
    let counts = workspace.zeros(S.self, count: groupCount)
    for i in 0..<width { counts[groups[i]] += 1 }
    for block in 0..<blocks {
      let (values, target) = (x + block * width, y + block * width)
      let (normalized, factors) = (
        kept.normalized + block * width, kept.factors + block * groupCount
      )
      let (means, variances) = (
        kept.means + block * groupCount, kept.variances + block * groupCount
      )
      if size == .variance {
        for i in 0..<width { means[groups[i]] += values[i] }
        for group in 0..<groupCount { means[group] /= counts[group] }
      }
      for i in 0..<width {
        let distance = values[i] - means[groups[i]]
        variances[groups[i]] += distance * distance
      }
      for group in 0..<groupCount {
        if size != .sumOfSquares { variances[group] /= counts[group] }
        let total =
          size == .sumOfSquares
          ? max(variances[group], S(epsilon)) : variances[group] + S(epsilon)
        factors[group] = 1 / total.squareRoot()
      }
      for i in 0..<width {
        let group = groups[i]
        normalized[i] = (isCentered ? values[i] - means[group] : values[i]) * factors[group]
        target[i] =
          normalized[i] * (gamma.map { $0[places[i]] } ?? 1) + (beta.map { $0[places[i]] } ?? 0)
      }
    }
    return kept
  }

  /// Where operations round, TensorFlow normalizes in one, in float32; scale and shift are further
  /// ones.
  private func forwardRounding<S: Scalar>(
    _ x: UnsafePointer<S>, blocks: Int, gamma: UnsafePointer<S>?, beta: UnsafePointer<S>?,
    into y: UnsafeMutablePointer<S>, _ workspace: inout Workspace
  ) -> Kept<S> {
    if size == .sumOfSquares { divideByLength(x, blocks: blocks, into: y) }
    let kept = forward(
      x.wide, blocks: blocks, gamma: nil, beta: nil,
      into: size == .sumOfSquares ? workspace.scratch(count: blocks * groups.count) : y.wide,
      &workspace)
    let count = blocks * groups.count
    S.round(y, count: count)
    for i in 0..<count {
      let place = places[i % groups.count]
      if let gamma { y[i] *= gamma[place] }
      if let beta { y[i] += beta[place] }
    }
    return Kept(
      normalized: kept.normalized.narrow(to: S.self), factors: kept.factors.narrow(to: S.self),
      means: kept.means.narrow(to: S.self), variances: kept.variances.narrow(to: S.self))
  }

  /// `x · 1/√max(Σx², ε)`, each of these an operation of its own.
  private func divideByLength<S: Scalar>(
    _ x: UnsafePointer<S>, blocks: Int, into y: UnsafeMutablePointer<S>
  ) {
    let members = (0..<groupCount).map { group in groups.indices.filter { groups[$0] == group } }
    for block in 0..<blocks {
      let offset = block * groups.count
      for members in members {
        let squares = S.sum(members.count) { x[offset + members[$0]] * x[offset + members[$0]] }
        let length = Float(max(squares, S(epsilon))).squareRoot()
        let factor = S(1 / length)
        for i in members { y[offset + i] = x[offset + i] * factor }
      }
    }
  }

  /// Adds to the gradients of x, γ and β.
  @specialized(where S == Float)
  func backward<S: Scalar>(
    _ dy: UnsafePointer<S>, x: UnsafePointer<S>, blocks: Int, gamma: UnsafePointer<S>?,
    kept: Kept<S>, dx: UnsafeMutablePointer<S>?, dGamma: UnsafeMutablePointer<S>?,
    dBeta: UnsafeMutablePointer<S>?, _ workspace: inout Workspace
  ) {
    let width = groups.count
    let counts = workspace.zeros(S.self, count: groupCount)
    for i in 0..<width { counts[groups[i]] += size == .sumOfSquares ? 0 : 1 }
    if size == .sumOfSquares { counts.update(repeating: 1, count: groupCount) }
    let sums = workspace.scratch(S.self, count: groupCount)
    let products = workspace.scratch(S.self, count: groupCount)
    for block in 0..<blocks {
      let (from, normalized) = (dy + block * width, kept.normalized + block * width)
      let (factors, means) = (kept.factors + block * groupCount, kept.means + block * groupCount)
      let values = x + block * width
      for i in 0..<width {
        if let dGamma { dGamma[places[i]] += from[i] * normalized[i] }
        if let dBeta { dBeta[places[i]] += from[i] }
      }
      guard let dx else { continue }
      sums.update(repeating: 0, count: groupCount)
      products.update(repeating: 0, count: groupCount)
      for i in 0..<width {
        let share = from[i] * (gamma.map { $0[places[i]] } ?? 1)
        sums[groups[i]] += share
        products[groups[i]] += share * normalized[i]
      }
      let target = dx + block * width
      for i in 0..<width {
        let group = groups[i]
        let share = from[i] * (gamma.map { $0[places[i]] } ?? 1)
        // How the factor changes with x: through the distance from the mean, or from zero.
        let distance = (size == .variance ? values[i] - means[group] : values[i]) * factors[group]
        let isClipped =
          size == .sumOfSquares && kept.variances[block * groupCount + group] < S(epsilon)
        let mean = isCentered ? sums[group] / counts[group] : 0
        let drop = isClipped ? 0 : distance * products[group] / counts[group]
        target[i] += factors[group] * (share - mean - drop)
      }
    }
  }
}

/// Numbers of a row-major block by some of its axes.
enum AxisMap {
  /// For every element of a block of `extents`, its index among the combinations of `axes`.
  static func indices(of axes: [Int], in extents: [Int]) -> [Int] {
    var result = [0]
    for axis in extents.indices {
      let counts = axes.contains(axis)
      result = result.flatMap { start in
        (0..<extents[axis]).map { counts ? start * extents[axis] + $0 : start }
      }
    }
    return result
  }

  /// One of Keras's axes, counted with the batch as 0 or from behind, as a position after the
  /// batch; outside of `0..<rank` for an axis that is not there.
  static func position(_ axis: Int, rank: Int) -> Int { axis < 0 ? axis + rank : axis - 1 }

  /// Keras's axes as positions after the batch.
  static func positions(
    _ axes: [Int], rank: Int, of className: String
  ) throws(KerasError) -> [Int] {
    var positions: [Int] = []
    for axis in axes {
      let position = position(axis, rank: rank)
      guard (0..<rank).contains(position), !positions.contains(position) else {
        throw KerasError(
          .shapeMismatch, "axis \(axis) but \(className)'s input has \(rank) axes after the batch")
      }
      positions.append(position)
    }
    return positions.sorted()
  }
}
