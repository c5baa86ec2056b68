import CKerasKernels

/// Sums and copies of whole arrays.
public enum Elementwise {
  /// `target = 0`
  static func setZero<S: Scalar>(_ target: UnsafeMutablePointer<S>, count: Int) {
    // Zero is all bits zero in every type of numbers.
    UnsafeMutableRawPointer(target).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<S>.stride)
  }

  /// `target += source`
  @specialized(where S == Float)
  public static func add<S: Scalar>(
    _ source: UnsafePointer<S>, to target: UnsafeMutablePointer<S>, count: Int
  ) {
    if let kernels = S.instructions?.kernels {
      return kernels.pointee.add(source.floats, target.floats, count)
    }
    for i in 0..<count { target[i] += source[i] }
  }

  /// Adds the rows of `matrix [count × width]` to the rows of `target` with these numbers, from the
  /// first to the last.
  static func addRows<S: Scalar>(
    of matrix: UnsafePointer<S>, count: Int, width: Int, to target: UnsafeMutablePointer<S>,
    at rows: UnsafePointer<Int32>, columns: Range<Int>
  ) {
    let (from, to) = (matrix + columns.lowerBound, target + columns.lowerBound)
    if let kernels = S.instructions?.kernels {
      return kernels.pointee.addRows(
        count, columns.count, from.floats, width, rows, to.floats, width)
    }
    for i in 0..<count {
      let row = to + Int(rows[i]) * width
      for column in 0..<columns.count { row[column] += from[i * width + column] }
    }
  }

  /// Sets every row of `matrix [rows × width]` to `vector`.
  @specialized(where S == Float)
  public static func fillRows<S: Scalar>(
    _ matrix: UnsafeMutablePointer<S>, with vector: UnsafePointer<S>?, rows: Int, width: Int
  ) {
    guard let vector else {
      return setZero(matrix, count: rows * width)
    }
    MatrixRows(vector, stride: 0).copy(rows, width: width, to: matrix, stride: width)
  }

  /// `sums += ` the sum of the rows of `matrix [rows × width]`, from the first row to the last.
  @specialized(where S == Float)
  public static func addColumnSums<S: Scalar>(
    of matrix: UnsafePointer<S>, rows: Int, width: Int, to sums: UnsafeMutablePointer<S>
  ) {
    if let kernels = S.instructions?.kernels {
      return kernels.pointee.addRows(
        rows, width, matrix.floats, width, nil, sums.floats, width)
    }
    for row in 0..<rows {
      let source = matrix + row * width
      for i in 0..<width { sums[i] += source[i] }
    }
  }
}
