import KerasFormat
import KerasRuntime

/// The arithmetic loops by themselves.
enum KernelBenchmarks {
  static var all: [Benchmark] { products + functions }

  /// Products at the sizes of the models and above: `[m × k]·[k × n]`, as it is and with either
  /// side stored transposed.
  private static var products: [Benchmark] {
    // The recurrent step of a GRU(32) at batch 128 forward and backward, all its input products,
    // one review; then sizes at which the caches count.
    let sizes = [
      (128, 96, 32), (128, 32, 96), (128, 128, 32), (6400, 96, 32), (1, 96, 32), (64, 768, 256),
      (64, 3072, 1024), (512, 512, 512), (1024, 1024, 1024),
    ]
    return sizes.map { product($0.0, $0.1, $0.2) }
      + [
        product(32, 96, 6400, transposesA: true), product(1024, 3072, 512, transposesA: true),
        product(128, 32, 96, transposesB: true), product(512, 512, 512, transposesB: true),
      ]
  }

  private static func product(
    _ m: Int, _ n: Int, _ k: Int, transposesA: Bool = false, transposesB: Bool = false
  ) -> Benchmark {
    let name =
      "kernel/product/\(m)x\(k)\(transposesA ? "ᵀ" : "")·\(k)x\(n)\(transposesB ? "ᵀ" : "")"
    return Benchmark(name, operations: 2 * Double(m) * Double(n) * Double(k)) {
      let (a, b, c) = (Floats(m * k), Floats(k * n), Floats(m * n))
      let left = MatrixProduct<Float>.Operand(
        a.start, stride: transposesA ? m : k, transposed: transposesA)
      let right = MatrixProduct<Float>.Operand(
        b.start, stride: transposesB ? k : n, transposed: transposesB)
      return {
        Float.addProduct(
          MatrixProduct(left, right, into: c.start, strideC: n, m: m, n: n, k: k))
        // The arrays live as long as the body.
        withExtendedLifetime((a, b, c)) {}
      }
    }
  }

  private static var functions: [Benchmark] {
    let functions: [(name: String, Activation)] = [
      ("exponential", .exponential), ("sigmoid", .sigmoid), ("tanh", .tanh), ("softmax", .softmax),
    ]
    return functions.map { name, function in
      let count = 128 * 96
      return Benchmark(
        "kernel/\(name)/\(count)", items: Double(count), unit: "float"
      ) {
        let (x, y) = (Floats(count), Floats(count))
        return {
          function.apply(UnsafePointer(x.start), into: y.start, vectors: 128, width: 96)
          withExtendedLifetime((x, y)) {}
        }
      }
    }
  }
}

/// Memory with numbers within -1..<1 that the kernels can be pointed at.
final class Floats {
  let start: UnsafeMutablePointer<Float>

  init(_ count: Int) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    start = memory.bindMemory(to: Float.self, capacity: count)
    var generator = SplitMix(state: UInt64(count))
    for i in 0..<count { (start + i).initialize(to: generator.float()) }
  }

  deinit { start.deallocate() }
}
