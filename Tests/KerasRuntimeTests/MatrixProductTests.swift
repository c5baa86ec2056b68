import KerasRuntime
import Testing

@Suite struct MatrixProductTests {
  // All bodies add the same products in the same order, so they agree to the last bit. The last
  // three sizes are packed for the caches, with rests in each direction.
  @Test(arguments: [
    (1, 1, 1), (4, 8, 3), (5, 9, 7), (7, 33, 16), (128, 96, 32), (3, 7, 2), (13, 100, 5),
    (9, 1025, 3), (101, 401, 515), (3, 1, 700),
  ])
  func `the fast bodies equal the plain one`(m: Int, n: Int, k: Int) {
    for instructions in InstructionSet.available {
      for (transposedA, transposedB) in [
        (false, false), (true, false), (false, true), (true, true),
      ] {
        let (found, expected) = products(m, n, k, transposedA, transposedB, instructions)
        #expect(
          found == expected,
          "\(instructions), a transposed: \(transposedA), b transposed: \(transposedB)")
      }
    }
  }

  /// What the fast body and the plain one add to the same numbers, rows apart by more than their
  /// length.
  private func products(
    _ m: Int, _ n: Int, _ k: Int, _ transposedA: Bool, _ transposedB: Bool,
    _ instructions: InstructionSet
  ) -> (found: [Float], expected: [Float]) {
    var generator = Philox(seed: UInt64(m * 1000 + n * 10 + k))
    func random(_ count: Int) -> [Float] { (0..<count).map { _ in generator.uniform() - 0.5 } }
    let strides = (a: (transposedA ? m : k) + 2, b: (transposedB ? k : n) + 1, c: n + 3)
    let a = random(strides.a * (transposedA ? k : m))
    let b = random(strides.b * (transposedB ? n : k))
    var expected = random(strides.c * m)
    var found = expected
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        func product(_ c: inout [Float]) -> MatrixProduct<Float> {
          c.withUnsafeMutableBufferPointer { c in
            MatrixProduct(
              .init(a.baseAddress!, stride: strides.a, transposed: transposedA),
              .init(b.baseAddress!, stride: strides.b, transposed: transposedB),
              into: c.baseAddress!, strideC: strides.c, m: m, n: n, k: k)
          }
        }
        product(&expected).addReference(fused: instructions.fusesMultiplyAdd)
        product(&found).addFast(instructions)
      }
    }
    return (found, expected)
  }
}
