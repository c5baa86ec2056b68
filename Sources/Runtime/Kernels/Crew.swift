/// The threads that share a batch. What each computes does not depend on who computes it: work is
/// divided into parts whose results are independent, and no sum is divided, so that the same bits
/// come out for any number of threads.
public struct Crew: Sendable {
  /// Threads at most, this one among them.
  public let threads: Int
  /// The smallest part that is worth another thread, in multiply-adds: it takes some 10 µs, several
  /// times as long as to hand it over and to move what it needs from one cache to another.
  private let grain: Int

  /// As many as the machine has processors.
  public static let all = Crew(threads: ProcessorCount.online)
  /// This thread alone.
  public static let alone = Crew(threads: 1)

  /// - Parameter threads: 1 or more; less counts as 1.
  public init(threads: Int) { self.init(threads: threads, grain: 1 << 19) }

  /// With parts of another size, so that tests divide small work too.
  package init(threads: Int, grain: Int) {
    self.threads = max(1, threads)
    self.grain = max(1, grain)
  }

  /// How many threads are worth while.
  ///
  /// - Parameter work: in multiply-adds, or what takes as long.
  package func threads(for work: Int) -> Int { max(1, min(threads, work / grain)) }

  /// Divides `0..<count` into ranges that threads take at the same time.
  ///
  /// - Parameters:
  ///   - step: where a range may begin: at its multiples.
  ///   - work: of all together, in multiply-adds, or what takes as long.
  package func share(_ count: Int, step: Int = 1, work: Int, _ body: (Range<Int>) -> Void) {
    let parts = threads(for: work)
    guard parts > 1, count > 0 else { return body(0..<count) }
    let size = ((count + parts - 1) / parts + step - 1) / step * step
    Helpers.shared.perform((count + size - 1) / size, others: threads - 1) { part in
      body(part * size..<min(count, (part + 1) * size))
    }
  }

  /// Runs `body` for each of `0..<count`, at the same time; for 0 on this thread.
  ///
  /// - Parameter work: of all together, in multiply-adds; where it is little, this thread does it.
  package func each(_ count: Int, work: Int = .max, _ body: (Int) -> Void) {
    guard threads(for: work) > 1, count > 1 else { return (0..<count).forEach(body) }
    Helpers.shared.perform(count, others: threads - 1, body)
  }

  /// `c += a · b`, some rows or some columns of c for each thread.
  func addProduct<S: Scalar>(_ product: MatrixProduct<S>) {
    let work = product.m * product.n * product.k
    if product.m >= product.n {
      share(product.m, step: 8, work: work) { S.addProduct(product.rows($0)) }
    } else {
      share(product.n, step: 16, work: work) { S.addProduct(product.columns($0)) }
    }
  }
}

extension MatrixProduct {
  /// The part of it that makes these rows of c.
  fileprivate func rows(_ rows: Range<Int>) -> MatrixProduct {
    let first = a.pointer + rows.lowerBound * (a.isTransposed ? 1 : a.stride)
    return MatrixProduct(
      Operand(first, stride: a.stride, transposed: a.isTransposed), b,
      startingFrom: start?.from(row: rows.lowerBound), into: c + rows.lowerBound * strideC,
      strideC: strideC, m: rows.count, n: n, k: k,
      isConvolution: isConvolution)
  }

  /// The part of it that makes these columns of c.
  fileprivate func columns(_ columns: Range<Int>) -> MatrixProduct {
    let first = b.pointer + columns.lowerBound * (b.isTransposed ? b.stride : 1)
    return MatrixProduct(
      a, Operand(first, stride: b.stride, transposed: b.isTransposed),
      startingFrom: start?.from(column: columns.lowerBound), into: c + columns.lowerBound,
      strideC: strideC, m: m, n: columns.count, k: k,
      isConvolution: isConvolution)
  }
}
