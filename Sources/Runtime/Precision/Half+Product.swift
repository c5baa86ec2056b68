/// Matrix products of 16-bit numbers, as TensorFlow sums them.
extension Half {
  static func addProduct(_ product: MatrixProduct<Half>) {
    let (m, n) = (product.m, product.n)
    product.placeStart()
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, m * n)) { buffer in
      let sums = buffer.baseAddress.unsafelyUnwrapped
      sums.update(repeating: 0, count: m * n)
      if Format.products != .eachStep || product.isConvolution {
        MatrixProduct<Float>(
          product.a.floats(), product.b.floats(), into: sums, strideC: n, m: m, n: n, k: product.k
        ).addFast()
      } else {
        product.sumNarrow(into: sums)
      }
      let isCut = Format.products == .cut && !product.isConvolution
      for i in 0..<m {
        for j in 0..<n {
          let sum = sums[i * n + j]
          product.c[i * product.strideC + j] +=
            isCut ? Half(unrounded: Float(bitPattern: sum.bitPattern & 0xFFFF_0000)) : Half(sum)
        }
      }
    }
  }
}

extension MatrixProduct.Operand {
  fileprivate func floats<Format>() -> MatrixProduct<Float>.Operand where S == Half<Format> {
    MatrixProduct<Float>.Operand(
      pointer.wide, stride: stride, transposed: isTransposed)
  }

  fileprivate subscript(row: Int, column: Int) -> S {
    pointer[isTransposed ? column * stride + row : row * stride + column]
  }
}

extension MatrixProduct {
  /// Each sum in the type itself, rounded at every step, in the order of Eigen's kernels. Columns
  /// go in blocks of 16 and then of 8; the block of 8 keeps, for rows in fours, a sum of the even
  /// and one of the odd products over whole eights of `k`. A single column is a sum in lanes. Small
  /// products and a single row are plain sums.
  ///
  /// Above some hundred products Eigen cuts `k` into blocks that depend on the processor's caches;
  /// that is not followed.
  fileprivate func sumNarrow<Format>(
    into sums: UnsafeMutablePointer<Float>
  ) where S == Half<Format> {
    let isPlain = m == 1 || m + n + k < 20
    let paired = n % 16 >= 8 ? n - n % 16..<n - n % 16 + 8 : 0..<0
    let eights = k & ~7
    for i in 0..<m {
      for j in 0..<n {
        let term = { (p: Int) -> S in a[i, p] * b[p, j] }
        var sum: S = 0
        var done = 0
        if !isPlain, n == 1, eights > 0 {
          sum = S(S.lanes(eights, term))
          done = eights
        } else if !isPlain, n > 1, paired.contains(j), i < m & ~3 {
          var odd: S = 0
          for p in Swift.stride(from: 0, to: eights, by: 2) {
            sum += term(p)
            odd += term(p + 1)
          }
          sum += odd
          done = eights
        }
        for p in done..<k { sum += term(p) }
        sums[i * n + j] = sum.wide
      }
    }
  }
}
