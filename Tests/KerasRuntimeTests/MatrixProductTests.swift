import KerasRuntime
import Testing

@Suite struct MatrixProductTests {
  // Both bodies add the same products in the same order, so they agree to the last bit.
  @Test(arguments: [(1, 1, 1), (4, 8, 3), (5, 9, 7), (7, 33, 16), (128, 96, 32), (3, 7, 2)])
  func `the blocked body equals the plain one`(m: Int, n: Int, k: Int) {
    var generator = Philox(seed: UInt64(m * 1000 + n * 10 + k))
    func random(_ count: Int) -> [Float] { (0..<count).map { _ in generator.uniform() - 0.5 } }
    for (transposedA, transposedB) in [(false, false), (true, false), (false, true), (true, true)] {
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
          product(&expected).addReference()
          product(&found).addBlocked()
        }
      }
      #expect(found == expected, "a transposed: \(transposedA), b transposed: \(transposedB)")
    }
  }
}
