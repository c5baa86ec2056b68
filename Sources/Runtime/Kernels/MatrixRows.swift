import CKerasKernels

/// Rows of numbers in memory: `stride` elements apart, from the first one on or at these numbers.
public struct MatrixRows<S: Scalar> {
  public let pointer: UnsafePointer<S>
  /// Elements from one row to the next; 0 where all are the same.
  public let stride: Int
  /// Which rows they are; `nil` for one after another.
  public let numbers: UnsafePointer<Int32>?

  public init(
    _ pointer: UnsafePointer<S>, stride: Int, numbers: UnsafePointer<Int32>? = nil
  ) {
    self.pointer = pointer
    self.stride = stride
    self.numbers = numbers
  }

  public subscript(row: Int) -> UnsafePointer<S> {
    pointer + (numbers.map { Int($0[row]) } ?? row) * stride
  }

  /// Those from a row on, each from a column on.
  func from(row: Int = 0, column: Int = 0) -> MatrixRows {
    MatrixRows(
      pointer + column + (numbers == nil ? row * stride : 0), stride: stride,
      numbers: numbers.map { $0 + row })
  }

  /// Copies some of them to rows that are `stride` elements apart; nothing where they stand there.
  @specialized(where S == Float)
  func copy(_ count: Int, width: Int, to target: UnsafeMutablePointer<S>, stride: Int) {
    guard pointer != UnsafePointer(target) else { return }
    for row in 0..<count { (target + row * stride).update(from: self[row], count: width) }
  }
}

extension MatrixRows {
  // SAFETY: asked for only where `instructions` says that the numbers are `Float`s.
  /// The same rows where `S` is known to be `Float`.
  var floats: MatrixRows<Float> {
    MatrixRows<Float>(pointer.floats, stride: stride, numbers: numbers)
  }
}

extension HornbillRows {
  init(_ rows: MatrixRows<Float>) {
    self.init(base: rows.pointer, stride: rows.stride, numbers: rows.numbers)
  }
}
