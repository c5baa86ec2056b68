/// One matrix product `c += a · b` on row-major memory: `a` is `[m × k]`, `b` is `[k × n]`, `c` is
/// `[m × n]`, each possibly a part of a wider matrix (`stride` elements from row to row), `a` and `b`
/// possibly stored transposed.
///
/// The order of sums is fixed: each element of `c` adds its `k` products in ascending order to what
/// stood there. So results depend neither on the sizes around an element nor on the machine's load.
public struct MatrixProduct<S: Scalar> {
  /// A matrix operand in memory.
  public struct Operand {
    public let pointer: UnsafePointer<S>
    /// Elements from one stored row to the next.
    public let stride: Int
    /// `true` when memory holds the transpose.
    public let isTransposed: Bool

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
  /// Whether it is a convolution, which TensorFlow rounds otherwise than a matrix product in 16 bits.
  public let isConvolution: Bool

  public init(
    _ a: Operand, _ b: Operand, into c: UnsafeMutablePointer<S>, strideC: Int,
    m: Int, n: Int, k: Int, isConvolution: Bool = false
  ) {
    self.a = a
    self.b = b
    self.c = c
    self.strideC = strideC
    self.m = m
    self.n = n
    self.k = k
    self.isConvolution = isConvolution
  }

  /// The plain body: the oracle that the fast ones are tested against.
  public func addReference() {
    let (rowA, columnA) = a.isTransposed ? (1, a.stride) : (a.stride, 1)
    let (rowB, columnB) = b.isTransposed ? (1, b.stride) : (b.stride, 1)
    for i in 0..<m {
      for j in 0..<n {
        var sum = c[i * strideC + j]
        for p in 0..<k {
          sum += a.pointer[i * rowA + p * columnA] * b.pointer[p * rowB + j * columnB]
        }
        c[i * strideC + j] = sum
      }
    }
  }
}

extension MatrixProduct<Float> {
  /// The working body: blocks of 4 rows × 8 columns of `c` stay in registers over all of `k`.
  /// A transposed `b` is packed into row-major order first.
  public func addBlocked() {
    guard b.isTransposed else { return addBlocked(b.pointer, strideB: b.stride) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, k * n)) { packed in
      let base = packed.baseAddress.unsafelyUnwrapped
      for j in 0..<n {
        let column = b.pointer + j * b.stride
        for p in 0..<k { base[p * n + j] = column[p] }
      }
      addBlocked(base, strideB: n)
    }
  }

  private func addBlocked(_ b: UnsafePointer<Float>, strideB: Int) {
    let (rowA, columnA) = a.isTransposed ? (1, a.stride) : (a.stride, 1)
    let wideColumns = n & ~7
    var i = 0
    while i + 4 <= m {
      let a0 = a.pointer + i * rowA
      let (a1, a2, a3) = (a0 + rowA, a0 + 2 * rowA, a0 + 3 * rowA)
      let c0 = c + i * strideC
      let (c1, c2, c3) = (c0 + strideC, c0 + 2 * strideC, c0 + 3 * strideC)
      var j = 0
      while j < wideColumns {
        var s0 = load(c0 + j)
        var s1 = load(c1 + j)
        var s2 = load(c2 + j)
        var s3 = load(c3 + j)
        var row = b + j
        for p in 0..<k {
          let v = load(row)
          s0 += a0[p * columnA] * v
          s1 += a1[p * columnA] * v
          s2 += a2[p * columnA] * v
          s3 += a3[p * columnA] * v
          row += strideB
        }
        store(s0, c0 + j)
        store(s1, c1 + j)
        store(s2, c2 + j)
        store(s3, c3 + j)
        j += 8
      }
      i += 4
    }
    while i < m {
      let a0 = a.pointer + i * rowA
      let c0 = c + i * strideC
      var j = 0
      while j < wideColumns {
        var s0 = load(c0 + j)
        for p in 0..<k { s0 += a0[p * columnA] * load(b + p * strideB + j) }
        store(s0, c0 + j)
        j += 8
      }
      i += 1
    }
    guard wideColumns < n else { return }
    for i in 0..<m {
      let a0 = a.pointer + i * rowA
      for j in wideColumns..<n {
        var sum = c[i * strideC + j]
        for p in 0..<k { sum += a0[p * columnA] * b[p * strideB + j] }
        c[i * strideC + j] = sum
      }
    }
  }

  @inline(__always)
  private func load(_ pointer: UnsafePointer<Float>) -> SIMD8<Float> {
    UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<Float>.self)
  }

  @inline(__always)
  private func store(_ value: SIMD8<Float>, _ pointer: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: SIMD8<Float>.self)
  }
}
