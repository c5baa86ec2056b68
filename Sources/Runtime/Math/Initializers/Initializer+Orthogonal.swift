import KerasFormat

/// Orthogonal matrices (Saxe et al. 2014), times a gain.
extension Initializer {
  static func orthogonal(_ config: inout ConfigReader) throws(KerasError) -> Kind {
    .orthogonal(gain: try config.number("gain", default: 1))
  }

  /// Keras 2.15 and 3: Q of a normal matrix's QR decomposition with R's diagonal made positive, of
  /// the shape with its last axis as columns; the larger extent is the number of rows, and a wide
  /// shape takes the transpose.
  ///
  /// Keras 1 and 2.2: the singular vectors of a matrix of NumPy's normals, by falling singular
  /// value; left ones, or right ones where there are more columns than rows. Keras 1's gain is 1.1,
  /// and it takes the first axis as rows. The SVD leaves the sign of each vector open: LAPACK's is
  /// a matter of how it goes about it, here the largest component is positive.
  static func orthogonal(
    _ shape: [Int], gain: Double, from origin: RandomOrigin, _ start: WeightStart
  ) -> [Float] {
    let count = shape.reduce(1, *)
    guard case .numpy(var numpy) = origin else {
      let (rows, columns) = (shape.dropLast().reduce(1, *), shape.last ?? 1)
      var stream = origin.stream
      let isDouble = start.type == .float64
      let normals =
        isDouble ? stream.doubleNormals(count) : stream.normals(count).map(Double.init)
      let vectors = OrthonormalVectors(
        qr: normals, rows: max(rows, columns), columns: min(rows, columns))
      return vectors.matrix(areRows: rows < columns).map {
        isDouble ? Float(gain * $0) : Float(gain) * Float($0)
      }
    }
    let isFirst = start.generation == .keras1
    let rows = isFirst ? shape.first ?? 1 : shape.dropLast().reduce(1, *)
    let columns = count / max(1, rows)
    let vectors = OrthonormalVectors(
      singularOf: numpy.normals(count), rows: rows, columns: columns)
    let scale = isFirst ? 1.1 : gain
    return vectors.matrix(areRows: rows < columns).map { Float(scale * $0) }
  }
}

/// Vectors of length 1 at right angles to each other.
private struct OrthonormalVectors {
  /// One after another.
  private var values: [Double]
  private let length: Int
  private let count: Int

  /// The columns of Q in QR, R's diagonal positive: Gram and Schmidt, twice over for orthogonality
  /// to the last bits.
  ///
  /// - Parameter matrix: row-major, rows ≥ columns.
  init(qr matrix: [Double], rows: Int, columns: Int) {
    (length, count) = (rows, columns)
    values = Self.transposed(matrix, rows: rows, columns: columns)
    values.withUnsafeMutableBufferPointer { q in
      for j in 0..<columns {
        for _ in 0..<2 {
          for i in 0..<j {
            var dot = 0.0
            for r in 0..<rows { dot += q[i * rows + r] * q[j * rows + r] }
            for r in 0..<rows { q[j * rows + r] -= dot * q[i * rows + r] }
          }
        }
        var square = 0.0
        for r in 0..<rows { square += q[j * rows + r] * q[j * rows + r] }
        let norm = square.squareRoot()
        for r in 0..<rows { q[j * rows + r] /= norm }
      }
    }
  }

  /// The left singular vectors of a matrix, or the right ones of a wide one, by falling singular
  /// value: Jacobi's rotations of pairs of columns until all are at right angles (Hestenes 1958).
  init(singularOf matrix: [Double], rows: Int, columns: Int) {
    (length, count) = (max(rows, columns), min(rows, columns))
    let (length, count) = (length, count)
    var a =
      rows < columns ? matrix : Self.transposed(matrix, rows: rows, columns: columns)
    var norms = [Double](repeating: 0, count: count)
    a.withUnsafeMutableBufferPointer { a in
      // Convergence is quadratic; random matrices need about ten rounds.
      var rounds = 0
      while rounds < 60, Self.rotate(a, count: count, length: length) > 0 { rounds += 1 }
      for i in 0..<count {
        for r in 0..<length { norms[i] += a[i * length + r] * a[i * length + r] }
      }
    }
    let order = (0..<count).sorted { norms[$0] > norms[$1] }
    values = order.flatMap { index in
      let vector = a[index * length..<(index + 1) * length]
      let largest = vector.max { abs($0) < abs($1) } ?? 1
      let scale = norms[index].squareRoot() * (largest < 0 ? -1 : 1)
      return vector.map { $0 / scale }
    }
  }

  /// One round over all pairs; how many were not yet at right angles.
  private static func rotate(
    _ a: UnsafeMutableBufferPointer<Double>, count: Int, length: Int
  ) -> Int {
    var rotated = 0
    for i in 0..<count {
      for j in i + 1..<max(i + 1, count) {
        var (alpha, beta, gamma) = (0.0, 0.0, 0.0)
        for r in 0..<length {
          let (x, y) = (a[i * length + r], a[j * length + r])
          alpha += x * x
          beta += y * y
          gamma += x * y
        }
        guard abs(gamma) > 1e-15 * (alpha * beta).squareRoot() else { continue }
        rotated += 1
        let zeta = (beta - alpha) / (2 * gamma)
        let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
        let c = 1 / (1 + t * t).squareRoot()
        let s = c * t
        for r in 0..<length {
          let (x, y) = (a[i * length + r], a[j * length + r])
          a[i * length + r] = c * x - s * y
          a[j * length + r] = s * x + c * y
        }
      }
    }
    return rotated
  }

  /// Row-major, the vectors as its rows or as its columns.
  func matrix(areRows: Bool) -> [Double] {
    areRows ? values : Self.transposed(values, rows: count, columns: length)
  }

  private static func transposed(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    for r in 0..<rows {
      for c in 0..<columns { result[c * rows + r] = matrix[r * columns + c] }
    }
    return result
  }
}
