/// The activations in which every output of a row depends on the whole row.
extension Activation {
  func applyToRow<S: Scalar>(
    _ z: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>, _ width: Int
  ) {
    switch self {
    case .softmax:
      let largest = Self.largest(z, width)
      var sum: S = 0
      for i in 0..<width {
        y[i] = S.exp(z[i] - largest)
        sum += y[i]
      }
      for i in 0..<width { y[i] /= sum }
    case .logSoftmax:
      let largest = Self.largest(z, width)
      var sum: S = 0
      for i in 0..<width { sum += S.exp(z[i] - largest) }
      let logSum = S.log(sum)
      for i in 0..<width { y[i] = z[i] - largest - logSum }
    case .sparsemax:
      let threshold = Self.sparsemaxSupport(z, width).threshold
      for i in 0..<width { y[i] = z[i] - threshold <= 0 ? 0 : z[i] - threshold }
    case .glu:
      for i in 0..<width / 2 { y[i] = z[i] * S.logistic(z[width / 2 + i]) }
    default:
      preconditionFailure("\(self) works on each number by itself")
    }
  }

  /// `dz = Jᵀ · dy` of one row.
  func pullRow<S: Scalar>(
    _ dy: UnsafePointer<S>, _ z: UnsafePointer<S>, _ y: UnsafePointer<S>,
    _ dz: UnsafeMutablePointer<S>, _ width: Int
  ) {
    switch self {
    case .softmax:
      var dot: S = 0
      for i in 0..<width { dot += dy[i] * y[i] }
      for i in 0..<width { dz[i] = (dy[i] - dot) * y[i] }
    case .logSoftmax:
      var sum: S = 0
      for i in 0..<width { sum += dy[i] }
      for i in 0..<width { dz[i] = dy[i] - sum * S.exp(y[i]) }
    case .sparsemax:
      let (support, _) = Self.sparsemaxSupport(z, width)
      var sum: S = 0
      for i in 0..<width {
        dz[i] = y[i] > 0 ? dy[i] : 0
        sum += dz[i]
      }
      // τ holds the largest number k times, the next k - 1 times, ….
      let k = S(support.count)
      for (rank, i) in support.enumerated() { dz[i] -= sum * (k - S(rank)) / k }
    case .glu:
      let half = width / 2
      for i in 0..<half {
        let gate = S.logistic(z[half + i])
        dz[i] = dy[i] * gate
        dz[half + i] = dy[i] * z[i] * gate * (1 - gate)
      }
    default:
      preconditionFailure("\(self) works on each number by itself")
    }
  }

  private static func largest<S: Scalar>(_ z: UnsafePointer<S>, _ width: Int) -> S {
    var largest = z[0]
    for i in 1..<max(1, width) { largest = max(largest, z[i]) }
    return largest
  }

  /// Where the support's numbers are, the largest first, and the threshold τ.
  ///
  /// The support are the largest k numbers that stay above `(their sum - 1) / k`. Martins and
  /// Astudillo (2016) put τ there; Keras 3.15 adds up the sums of the largest one, two, … k instead
  /// (`keras/src/backend/tensorflow/nn.py`), so its outputs need not sum to one. So do these.
  private static func sparsemaxSupport<S: Scalar>(
    _ z: UnsafePointer<S>, _ width: Int
  ) -> (support: [Int], threshold: S) {
    let order = (0..<width).sorted { z[$0] > z[$1] }
    var (sum, sums, support): (S, S, [Int]) = (0, 0, [])
    for (rank, i) in order.enumerated() {
      sum += z[i]
      guard z[i] - (sum - 1) / S(rank + 1) > 0 else { break }
      sums += sum
      support.append(i)
    }
    return (support, (sums - 1) / S(support.count))
  }
}
