import KerasRuntime

/// The eigenvalues of a square matrix, in falling order of magnitude: elimination to Hessenberg
/// form, then the QR algorithm with Francis's double shift (EISPACK `hqr`; Golub and Van Loan 7.5).
package enum Eigenvalues {
  package struct Value: Sendable {
    package let real: Double
    package let imaginary: Double
    package var magnitude: Double { (real * real + imaginary * imaginary).squareRoot() }
  }

  /// - Parameter matrix: row-major, `size × size`, finite numbers.
  package static func of(_ matrix: [Double], size: Int) -> [Value] {
    var a = (0..<size).map { Array(matrix[$0 * size..<($0 + 1) * size]) }
    reduce(&a)
    return values(of: &a).sorted { $0.magnitude > $1.magnitude }
  }

  /// To Hessenberg form by Gaussian elimination with pivots (EISPACK `elmhes`).
  private static func reduce(_ a: inout [[Double]]) {
    let n = a.count
    guard n > 2 else { return }
    for m in 1..<n - 1 {
      var (x, pivot) = (0.0, m)
      for j in m..<n where abs(a[j][m - 1]) > abs(x) { (x, pivot) = (a[j][m - 1], j) }
      if pivot != m {
        for j in m - 1..<n { (a[pivot][j], a[m][j]) = (a[m][j], a[pivot][j]) }
        for j in 0..<n { (a[j][pivot], a[j][m]) = (a[j][m], a[j][pivot]) }
      }
      guard x != 0 else { continue }
      for i in m + 1..<n {
        let y = a[i][m - 1] / x
        guard y != 0 else { continue }
        a[i][m - 1] = 0
        for j in m..<n { a[i][j] -= y * a[m][j] }
        for j in 0..<n { a[j][m] += y * a[j][i] }
      }
    }
  }

  private static func values(of a: inout [[Double]]) -> [Value] {
    var found: [Value] = []
    let n = a.count
    var norm = 0.0
    for i in 0..<n { for j in max(i - 1, 0)..<n { norm += abs(a[i][j]) } }
    guard norm > 0 else { return [Value](repeating: Value(real: 0, imaginary: 0), count: n) }
    var (last, shifted, rounds) = (n - 1, 0.0, 0)
    while last >= 0 {
      // The block that a negligible element below the diagonal cuts off.
      var low = last
      while low > 0 {
        let scale = abs(a[low - 1][low - 1]) + abs(a[low][low])
        if abs(a[low][low - 1]) <= 1e-15 * (scale == 0 ? norm : scale) {
          a[low][low - 1] = 0
          break
        }
        low -= 1
      }
      if low == last {
        found.append(Value(real: a[last][last] + shifted, imaginary: 0))
        (last, rounds) = (last - 1, 0)
        continue
      }
      if low == last - 1 {
        found += pair(a, last, shifted)
        (last, rounds) = (last - 2, 0)
        continue
      }
      // It has never been seen to take that many; what is left is read off the diagonal.
      if rounds == 200 {
        for i in 0...last { found.append(Value(real: a[i][i] + shifted, imaginary: 0)) }
        break
      }
      var (x, y) = (a[last][last], a[last - 1][last - 1])
      var w = a[last][last - 1] * a[last - 1][last]
      if rounds > 0, rounds.isMultiple(of: 10) {
        shifted += x
        for i in 0...last { a[i][i] -= x }
        let s = abs(a[last][last - 1]) + abs(a[last - 1][last - 2])
        x = 0.75 * s
        y = x
        w = -0.4375 * s * s
      }
      rounds += 1
      sweep(&a, low, last, x, y, w)
    }
    return found
  }

  /// Both eigenvalues of the 2 × 2 block that ends at `last`.
  private static func pair(_ a: [[Double]], _ last: Int, _ shifted: Double) -> [Value] {
    let x = a[last][last]
    let p = 0.5 * (a[last - 1][last - 1] - x)
    let q = p * p + a[last][last - 1] * a[last - 1][last]
    let root = abs(q).squareRoot()
    if q >= 0 {
      let z = p + (p >= 0 ? root : -root)
      let first = x + shifted + z
      let second = z != 0 ? x + shifted - a[last][last - 1] * a[last - 1][last] / z : first
      return [Value(real: first, imaginary: 0), Value(real: second, imaginary: 0)]
    }
    return [
      Value(real: x + shifted + p, imaginary: root),
      Value(real: x + shifted + p, imaginary: -root),
    ]
  }

  /// One double QR step on the block `low...last`.
  private static func sweep(
    _ a: inout [[Double]], _ low: Int, _ last: Int, _ x: Double, _ y: Double, _ w: Double
  ) {
    var (p, q, r) = (0.0, 0.0, 0.0)
    var m = last - 2
    while m >= low {
      let z = a[m][m]
      let (fromX, fromY) = (x - z, y - z)
      p = (fromX * fromY - w) / a[m + 1][m] + a[m][m + 1]
      q = a[m + 1][m + 1] - z - fromX - fromY
      r = a[m + 2][m + 1]
      let scale = abs(p) + abs(q) + abs(r)
      (p, q, r) = (p / scale, q / scale, r / scale)
      if m == low { break }
      let u = abs(a[m][m - 1]) * (abs(q) + abs(r))
      let v = abs(p) * (abs(a[m - 1][m - 1]) + abs(z) + abs(a[m + 1][m + 1]))
      if u <= 1e-15 * v { break }
      m -= 1
    }
    for i in m + 2...last {
      a[i][i - 2] = 0
      if i != m + 2 { a[i][i - 3] = 0 }
    }
    var scale = 0.0
    for k in m...last - 1 {
      if k != m {
        p = a[k][k - 1]
        q = a[k + 1][k - 1]
        r = k != last - 1 ? a[k + 2][k - 1] : 0
        scale = abs(p) + abs(q) + abs(r)
        if scale != 0 { (p, q, r) = (p / scale, q / scale, r / scale) }
      }
      let length = (p * p + q * q + r * r).squareRoot()
      let s = p >= 0 ? length : -length
      guard s != 0 else { continue }
      if k == m {
        if low != m { a[k][k - 1] = -a[k][k - 1] }
      } else {
        a[k][k - 1] = -s * scale
      }
      p += s
      let (h, g, e) = (p / s, q / s, r / s)
      (q, r) = (q / p, r / p)
      for j in k...last {
        var t = a[k][j] + q * a[k + 1][j]
        if k != last - 1 {
          t += r * a[k + 2][j]
          a[k + 2][j] -= t * e
        }
        a[k + 1][j] -= t * g
        a[k][j] -= t * h
      }
      for i in low...min(last, k + 3) {
        var t = h * a[i][k] + g * a[i][k + 1]
        if k != last - 1 {
          t += e * a[i][k + 2]
          a[i][k + 2] -= t * r
        }
        a[i][k + 1] -= t * q
        a[i][k] -= t
      }
    }
  }
}
