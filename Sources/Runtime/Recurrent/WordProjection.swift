/// Each word of a batch once, and the product of its vector with a kernel: words come again and
/// again, padding most of all, and the product depends on nothing else.
struct WordProjection<S: Scalar> {
  /// The different ids of a batch, in the order in which they first occur.
  private let ids: UnsafePointer<Int32>
  private let count: Int
  /// The number of the word at each step of the course, `[total]`.
  let slots: UnsafePointer<Int32>
  /// `[words × width]`
  let projected: UnsafePointer<S>
  /// What padding sends into the gates; `nil` where there is none.
  let ofPadding: UnsafePointer<S>?
  private let paddingSlot: Int?
  /// The different words' vectors, for the way back.
  private let vectors: UnsafePointer<S>?
  private let words: WordVectors<S>
  private let width: Int

  /// - Parameters:
  ///   - bias: what each sum begins with; `nil` for zero.
  ///   - cache: what is known of words; there is then no way back.
  init(
    _ words: WordVectors<S>, _ course: Course, kernel: UnsafePointer<S>, bias: UnsafePointer<S>?,
    width: Int, reversed: Bool, _ cache: WordCache<S>?, _ pass: inout Pass
  ) {
    self.words = words
    self.width = width
    func inOrder(_ numbers: UnsafePointer<Int32>) -> UnsafePointer<Int32> {
      let slots = pass.workspace.scratch(Int32.self, count: course.total)
      for t in 0..<course.steps {
        let (time, offset) = (reversed ? course.steps - 1 - t : t, course.offsets[t])
        for position in 0..<course.active[t] {
          slots[offset + position] = numbers[course.rows[position] * course.steps + time]
        }
      }
      return UnsafePointer(slots)
    }
    if let cache {
      // Of the words alone that a step takes.
      slots = inOrder(words.ids)
      cache.learn(slots, count: course.total, of: words, kernel: kernel, bias: bias, &pass)
      projected = UnsafePointer(cache.projected)
      ofPadding =
        course.leadSteps > 0
        ? cache.products(of: Course.padding, words, kernel: kernel, bias: bias, &pass) : nil
      (ids, count) = (words.ids, 0)
      (paddingSlot, vectors) = (nil, nil)
      return
    }
    let occurrences = course.batch * course.steps
    let byRow = pass.workspace.scratch(Int32.self, count: occurrences)
    let different = pass.workspace.scratch(Int32.self, count: occurrences)
    count = Self.number(
      words.ids, count: occurrences, into: byRow, different, &pass.workspace)
    (ids, slots) = (UnsafePointer(different), inOrder(byRow))
    let (vectors, sums) = words.projected(
      ids, count: count, kernel: kernel, bias: bias, width: width, &pass)
    let paddingSlot = (0..<count).first { different[$0] == Course.padding }
    (self.vectors, projected, self.paddingSlot) = (vectors, sums, paddingSlot)
    ofPadding = paddingSlot.map { sums + $0 * width }
  }

  /// Numbers words as they first occur.
  ///
  /// - Returns: how many there are.
  private static func number(
    _ ids: UnsafePointer<Int32>, count: Int, into slots: UnsafeMutablePointer<Int32>,
    _ different: UnsafeMutablePointer<Int32>, _ workspace: inout Workspace
  ) -> Int {
    // An open table of at least twice as many places; a place holds a number + 1.
    let bits = max(4, Int.bitWidth - (2 * count).leadingZeroBitCount)
    let places = workspace.zeros(Int32.self, count: 1 << bits)
    var known = 0
    for i in 0..<count {
      let id = ids[i]
      if i > 0, id == ids[i - 1] {
        slots[i] = slots[i - 1]
        continue
      }
      // Fibonacci hashing (Knuth 1973).
      var place = Int((UInt32(bitPattern: id) &* 2_654_435_769) >> UInt32(32 - bits))
      while places[place] != 0 && different[Int(places[place]) - 1] != id {
        place = (place + 1) & ((1 << bits) - 1)
      }
      if places[place] == 0 {
        different[known] = id
        known += 1
        places[place] = Int32(known)
      }
      slots[i] = places[place] - 1
    }
    return known
  }

  /// From the gradients of all sums to those of the kernel and of the words' table, ``Pass/tableTarget``.
  func addGradients(
    of dGates: UnsafePointer<S>, rows: Int, lead: UnsafePointer<S>?, leadSteps: Int,
    kernel: UnsafePointer<S>, dKernel: UnsafeMutablePointer<S>, _ pass: inout Pass
  ) {
    guard let vectors else { return }
    let dProjected = pass.workspace.zeros(S.self, count: count * width)
    pass.crew.share(width, step: 16, work: 2 * rows * width) { columns in
      Elementwise.addRows(
        of: dGates, count: rows, width: width, to: dProjected, at: slots, columns: columns)
    }
    if let lead, let slot = paddingSlot {
      Elementwise.addColumnSums(
        of: lead, rows: leadSteps, width: width, to: dProjected + slot * width)
    }
    pass.crew.addProduct(
      MatrixProduct(
        .init(vectors, stride: words.width, transposed: true), .init(dProjected, stride: width),
        into: dKernel, strideC: width, m: words.width, n: width, k: count))
    guard let table = pass.tableTarget?.assumingMemoryBound(to: S.self) else { return }
    let dVectors = pass.workspace.zeros(S.self, count: count * words.width)
    pass.crew.addProduct(
      MatrixProduct(
        .init(dProjected, stride: width), .init(kernel, stride: width, transposed: true),
        into: dVectors, strideC: words.width, m: count, n: words.width, k: width))
    Elementwise.addRows(
      of: dVectors, count: count, width: words.width, to: table, at: ids,
      columns: 0..<words.width)
  }
}

extension WordVectors {
  /// The vectors of some words, `[count × width of a vector]`, and their products with a kernel,
  /// `[count × width]`.
  ///
  /// - Parameter bias: what each sum begins with; `nil` for zero.
  func projected(
    _ ids: UnsafePointer<Int32>, count: Int, kernel: UnsafePointer<S>, bias: UnsafePointer<S>?,
    width sums: Int, _ pass: inout Pass
  ) -> (vectors: UnsafePointer<S>, products: UnsafePointer<S>) {
    let vectors = pass.workspace.scratch(S.self, count: count * width)
    MatrixRows(table, stride: width, numbers: ids)
      .copy(count, width: width, to: vectors, stride: width)
    let products = pass.workspace.scratch(S.self, count: count * sums)
    Elementwise.fillRows(products, with: bias, rows: count, width: sums)
    pass.crew.addProduct(
      MatrixProduct(
        .init(vectors, stride: width), .init(kernel, stride: sums), into: products, strideC: sums,
        m: count, n: sums, k: width))
    return (UnsafePointer(vectors), UnsafePointer(products))
  }
}
