/// Sums of whole arrays.
public enum Elementwise {
  /// `target += source`
  @specialized(where S == Float)
  public static func add<S: Scalar>(
    _ source: UnsafePointer<S>, to target: UnsafeMutablePointer<S>, count: Int
  ) {
    for i in 0..<count { target[i] += source[i] }
  }

  /// Sets every row of `matrix [rows × width]` to `vector`.
  @specialized(where S == Float)
  public static func fillRows<S: Scalar>(
    _ matrix: UnsafeMutablePointer<S>, with vector: UnsafePointer<S>?, rows: Int, width: Int
  ) {
    guard let vector else {
      matrix.update(repeating: 0, count: rows * width)
      return
    }
    for row in 0..<rows { (matrix + row * width).update(from: vector, count: width) }
  }

  /// `sums += ` the sum of the rows of `matrix [rows × width]`, from the first row to the last.
  @specialized(where S == Float)
  public static func addColumnSums<S: Scalar>(
    of matrix: UnsafePointer<S>, rows: Int, width: Int, to sums: UnsafeMutablePointer<S>
  ) {
    for row in 0..<rows {
      let source = matrix + row * width
      for i in 0..<width { sums[i] += source[i] }
    }
  }

  /// `[B × T × F]` into `[T × B × F]`, the steps in reverse order where asked.
  @specialized(where S == Float)
  public static func copyTimeMajor<S: Scalar>(
    _ source: UnsafePointer<S>, to target: UnsafeMutablePointer<S>,
    batch: Int, steps: Int, width: Int, reversed: Bool
  ) {
    for t in 0..<steps {
      let from = reversed ? steps - 1 - t : t
      for row in 0..<batch {
        (target + (t * batch + row) * width)
          .update(from: source + (row * steps + from) * width, count: width)
      }
    }
  }

  /// Adds `[T × B × F]` to `[B × T × F]`: the way back of ``copyTimeMajor(_:to:batch:steps:width:reversed:)``.
  @specialized(where S == Float)
  public static func addBatchMajor<S: Scalar>(
    _ source: UnsafePointer<S>, to target: UnsafeMutablePointer<S>,
    batch: Int, steps: Int, width: Int, reversed: Bool
  ) {
    for t in 0..<steps {
      let into = reversed ? steps - 1 - t : t
      for row in 0..<batch {
        let from = source + (t * batch + row) * width
        let to = target + (row * steps + into) * width
        for i in 0..<width { to[i] += from[i] }
      }
    }
  }
}
