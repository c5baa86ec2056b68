import CKerasKernels

/// One matrix product `c += a · b`, or `c = start + a · b`, on row-major memory: `a` is `[m × k]`, `b` is `[k × n]`, `c` is
/// `[m × n]`, each possibly a part of a wider matrix (`stride` elements from row to row), `a` and `b`
/// possibly stored transposed.
///
/// The order of sums is fixed: each element of `c` adds its `k` products in ascending order to what
/// stood there. So results depend neither on the sizes around an element nor on the machine's load.
/// With and without fused multiply-add they differ in the last bits.
public struct MatrixProduct<S: Scalar> {
  /// A matrix operand in memory.
  public struct Operand {
    public let pointer: UnsafePointer<S>
    /// Elements from one stored row to the next.
    public let stride: Int
    /// `true` when memory holds the transpose.
    public let isTransposed: Bool
    /// The same numbers, all rows and columns of a `b` that is not transposed, in the order of the
    /// instruction set's own; see ``Scalar/packed(_:rows:columns:_:)``.
    var packed: UnsafePointer<S>?

    public init(_ pointer: UnsafePointer<S>, stride: Int, transposed: Bool = false) {
      self.pointer = pointer
      self.stride = stride
      isTransposed = transposed
    }

    public init(_ pointer: UnsafeMutablePointer<S>, stride: Int, transposed: Bool = false) {
      self.init(UnsafePointer(pointer), stride: stride, transposed: transposed)
    }
  }

  public let a: Operand
  public let b: Operand
  public let c: UnsafeMutablePointer<S>
  public let strideC: Int
  public let m: Int
  public let n: Int
  public let k: Int
  /// Whether it is a convolution, which TensorFlow rounds otherwise than a matrix product in 16
  /// bits.
  public let isConvolution: Bool
  /// What the sums of each row of c start from; `nil` for what stands there.
  public let start: MatrixRows<S>?

  public init(
    _ a: Operand, _ b: Operand, startingFrom start: MatrixRows<S>? = nil,
    into c: UnsafeMutablePointer<S>, strideC: Int, m: Int, n: Int, k: Int,
    isConvolution: Bool = false
  ) {
    self.a = a
    self.b = b
    self.c = c
    self.strideC = strideC
    self.m = m
    self.n = n
    self.k = k
    self.isConvolution = isConvolution
    self.start = start
  }

  /// Puts what the sums start from into c.
  func placeStart() {
    start?.copy(m, width: n, to: c, stride: strideC)
  }

  /// The plain body: the oracle that the fast ones are tested against.
  ///
  /// - Parameter fused: whether a product and its addition round once, as where the instruction set
  ///   has them in one.
  public func addReference(fused: Bool = false) {
    let (rowA, columnA) = a.isTransposed ? (1, a.stride) : (a.stride, 1)
    let (rowB, columnB) = b.isTransposed ? (1, b.stride) : (b.stride, 1)
    placeStart()
    for i in 0..<m {
      for j in 0..<n {
        var sum = c[i * strideC + j]
        for p in 0..<k {
          let (x, y) = (
            a.pointer[i * rowA + p * columnA], b.pointer[p * rowB + j * columnB]
          )
          sum = fused ? sum.addingProduct(x, y) : sum + x * y
        }
        c[i * strideC + j] = sum
      }
    }
  }
}

extension MatrixProduct<Float> {
  /// The working body, in the widest instruction set that the machine has or another one.
  ///
  /// A transposed `b` is packed into row-major order first.
  public func addFast(_ instructions: InstructionSet = .current) {
    guard b.isTransposed else { return addFast(b.pointer, strideB: b.stride, instructions) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, k * n)) { packed in
      let base = packed.baseAddress.unsafelyUnwrapped
      for j in 0..<n {
        let column = b.pointer + j * b.stride
        for p in 0..<k { base[p * n + j] = column[p] }
      }
      addFast(base, strideB: n, instructions)
    }
  }

  private func addFast(
    _ b: UnsafePointer<Float>, strideB: Int, _ instructions: InstructionSet
  ) {
    let (rowA, columnA) = a.isTransposed ? (1, a.stride) : (a.stride, 1)
    let start = start ?? MatrixRows(UnsafePointer(c), stride: strideC)
    if let packed = self.b.packed {
      instructions.kernels.pointee.addPackedProduct(
        m, n, k, a.pointer, rowA, columnA, packed, HornbillRows(start), c, strideC)
      return
    }
    instructions.kernels.pointee.addProduct(
      m, n, k, a.pointer, rowA, columnA, b, strideB, HornbillRows(start), c, strideC)
  }
}

extension Scalar {
  /// Numbers of the smallest `b` that is worth packing for many products: a MiB of them, what the
  /// second cache holds; smaller ones are as fast as they lie.
  static var smallestPacked: Int { 1 << 18 }

  /// A `b [rows × columns]`, packed once for many products; `nil` where that gains nothing.
  ///
  /// - Parameter split: a column at which products end or begin: what is before and what is behind lie
  ///   packed one after the other.
  static func packed(
    _ b: UnsafePointer<Self>, rows: Int, columns: Int, split: Int? = nil,
    _ workspace: inout Workspace
  ) -> UnsafePointer<Self>? {
    guard rows * columns >= smallestPacked, let kernels = instructions?.kernels else { return nil }
    let packed = workspace.scratch(Self.self, count: rows * columns)
    for part in [0..<(split ?? columns), (split ?? columns)..<columns] where !part.isEmpty {
      let first = part.lowerBound
      kernels.pointee.pack(
        part.count, rows, (b + first).floats, columns, (packed + first * rows).floats)
    }
    return UnsafePointer(packed)
  }
}
