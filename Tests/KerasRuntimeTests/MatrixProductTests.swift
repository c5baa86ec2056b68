import CKerasKernels
import KerasRuntime
import Testing

@Suite struct MatrixProductTests {
  /// What sums start from: c itself, one row for all, or rows in another order.
  private enum Start: CaseIterable { case sums, oneRow, numberedRows }

  // All bodies add the same products in the same order, so they agree to the last bit. The first of
  // one or two rows are taken in pieces of every width; the last three sizes are packed for the
  // caches, with rests in each direction.
  @Test(arguments: [
    (1, 1, 1), (4, 8, 3), (5, 9, 7), (7, 33, 16), (128, 96, 32), (3, 7, 2), (13, 100, 5),
    (1, 100, 9), (2, 192, 5), (1, 339, 6), (9, 1025, 3), (101, 401, 515), (3, 1, 700), (2, 1030, 0),
  ])
  func `the fast bodies equal the plain one`(m: Int, n: Int, k: Int) {
    for instructions in InstructionSet.available {
      for start in Start.allCases {
        for (transposedA, transposedB) in [
          (false, false), (true, false), (false, true), (true, true),
        ] {
          let (found, expected) = products(
            m, n, k, transposedA, transposedB, start, instructions)
          #expect(
            found == expected,
            "\(instructions), a transposed: \(transposedA), b transposed: \(transposedB), \(start)")
        }
      }
    }
  }

  /// Rests in each direction, of the packed stripes and of the blocks of k.
  @Test(arguments: [(1, 1, 1), (9, 49, 3), (101, 401, 515), (3, 7, 256), (13, 96, 257)])
  func `a packed product equals the plain one`(m: Int, n: Int, k: Int) {
    for instructions in InstructionSet.available {
      let numbers = Numbers(seed: m + n + k)
      let (a, b) = (numbers.random((k + 2) * m), numbers.random((n + 1) * k))
      let bias = numbers.random(n)
      func result(_ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
        let c = numbers.random((n + 3) * m)
        for i in 0..<(n + 3) * m { c[i] = 7 }
        body(c)
        return Array(UnsafeBufferPointer(start: c, count: (n + 3) * m))
      }
      let found = result { c in
        let (packed, kernels) = (numbers.random(n * k), instructions.kernels.pointee)
        kernels.pack(n, k, b, n + 1, packed)
        kernels.addPackedProduct(
          m, n, k, a, k + 2, 1, packed, HornbillRows(base: bias, stride: 0, numbers: nil), c, n + 3)
      }
      let expected = result { c in
        MatrixProduct(
          .init(a, stride: k + 2), .init(b, stride: n + 1),
          startingFrom: MatrixRows(UnsafePointer(bias), stride: 0), into: c, strideC: n + 3, m: m,
          n: n, k: k
        ).addReference(fused: instructions.fusesMultiplyAdd)
      }
      #expect(found == expected, "\(instructions)")
    }
  }

  /// What the fast body and the plain one make of the same numbers, rows apart by more than their
  /// length.
  private func products(
    _ m: Int, _ n: Int, _ k: Int, _ transposedA: Bool, _ transposedB: Bool, _ start: Start,
    _ instructions: InstructionSet
  ) -> (found: [Float], expected: [Float]) {
    let numbers = Numbers(seed: m * 1000 + n * 10 + k)
    let strides = (a: (transposedA ? m : k) + 2, b: (transposedB ? k : n) + 1, c: n + 3)
    let a = numbers.random(strides.a * (transposedA ? k : m))
    let b = numbers.random(strides.b * (transposedB ? n : k))
    let rows = numbers.random((n + 5) * m)
    let order = numbers.keep((0..<m).map { Int32((7 * $0 + 3) % m) })
    let startRows: MatrixRows<Float>? =
      switch start {
      case .sums: nil
      case .oneRow: MatrixRows(UnsafePointer(rows), stride: 0)
      case .numberedRows:
        MatrixRows(UnsafePointer(rows), stride: n + 5, numbers: UnsafePointer(order))
      }
    let sums = numbers.random(strides.c * m)
    func result(_ body: (MatrixProduct<Float>) -> Void) -> [Float] {
      let c = numbers.keep(Array(UnsafeBufferPointer(start: sums, count: strides.c * m)))
      body(
        MatrixProduct(
          .init(a, stride: strides.a, transposed: transposedA),
          .init(b, stride: strides.b, transposed: transposedB), startingFrom: startRows,
          into: c, strideC: strides.c, m: m, n: n, k: k))
      return Array(UnsafeBufferPointer(start: c, count: strides.c * m))
    }
    return (
      result { $0.addFast(instructions) },
      result { $0.addReference(fused: instructions.fusesMultiplyAdd) }
    )
  }

  /// Memory with random numbers, as long as this is there.
  private final class Numbers {
    private var generator: Philox
    private var memory: [UnsafeMutableRawPointer] = []

    init(seed: Int) { generator = Philox(seed: UInt64(seed)) }

    deinit { for pointer in memory { pointer.deallocate() } }

    func random(_ count: Int) -> UnsafeMutablePointer<Float> {
      keep((0..<count).map { _ in generator.uniform() - 0.5 })
    }

    func keep<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
      let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(1, values.count))
      pointer.initialize(from: values, count: values.count)
      memory.append(pointer)
      return pointer
    }
  }
}
