#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a recurrent layer has found out about words while nothing learns: their products with its
/// kernel, each computed when the word first comes, and the states through which padding in front
/// leads.
final class WordCache<S: Scalar> {
  private let rows: Int
  private let width: Int
  /// `[V × width]`, of known words alone; pages that nobody writes take no memory.
  private let memory: UnsafeMutableRawPointer
  private let known: UnsafeMutablePointer<Bool>
  /// The states after 0, 1, 2, … steps of padding.
  private(set) var lead: LeadStates<S>?
  private var leadMemory: [UnsafeMutablePointer<S>] = []

  /// The largest table of products that is kept, in bytes.
  private static var largest: Int { 64 << 20 }

  /// - Returns: `nil` for a vocabulary whose products would take too much memory.
  init?(rows: Int, width: Int) {
    let bytes = rows * width * MemoryLayout<S>.stride
    guard bytes <= Self.largest, let memory = calloc(max(1, bytes), 1) else { return nil }
    self.rows = rows
    self.width = width
    self.memory = memory
    known = .allocate(capacity: rows)
    known.initialize(repeating: false, count: rows)
  }

  deinit {
    free(memory)
    known.deallocate()
    for array in leadMemory { array.deallocate() }
  }

  /// `[V × width]`
  var projected: UnsafeMutablePointer<S> { memory.assumingMemoryBound(to: S.self) }

  /// Computes the products of those of `count` words that are not known yet.
  ///
  /// - Parameter bias: what each sum begins with; `nil` for zero.
  func learn(
    _ ids: UnsafePointer<Int32>, count: Int, of words: WordVectors<S>, kernel: UnsafePointer<S>,
    bias: UnsafePointer<S>?, _ pass: inout Pass
  ) {
    var fresh = 0
    for i in 0..<count where !known[Int(ids[i])] { fresh += 1 }
    guard fresh > 0 else { return }
    let new = pass.workspace.scratch(Int32.self, count: fresh)
    fresh = 0
    for i in 0..<count where !known[Int(ids[i])] {
      known[Int(ids[i])] = true
      new[fresh] = ids[i]
      fresh += 1
    }
    let (_, sums) = words.projected(
      new, count: fresh, kernel: kernel, bias: bias, width: width, &pass)
    for i in 0..<fresh {
      (projected + Int(new[i]) * width).update(from: sums + i * width, count: width)
    }
  }

  /// The products of one word, computed if they are not known yet.
  func products(
    of id: Int32, _ words: WordVectors<S>, kernel: UnsafePointer<S>, bias: UnsafePointer<S>?,
    _ pass: inout Pass
  ) -> UnsafePointer<S> {
    withUnsafePointer(to: id) {
      learn($0, count: 1, of: words, kernel: kernel, bias: bias, &pass)
    }
    return UnsafePointer(projected + Int(id) * width)
  }

  /// Keeps states, copied.
  func keep(_ states: LeadStates<S>, units: Int) {
    for array in leadMemory { array.deallocate() }
    leadMemory = states.states.arrays.map { source in
      let copy = UnsafeMutablePointer<S>.allocate(capacity: (states.steps + 1) * units)
      copy.initialize(from: source, count: (states.steps + 1) * units)
      return copy
    }
    lead = LeadStates(
      steps: states.steps,
      states: CellStates(h: leadMemory[0], c: leadMemory.count > 1 ? leadMemory[1] : nil))
  }
}

/// The states through which padding in front leads, from zero on: after 0, 1, … `steps` steps.
struct LeadStates<S: Scalar> {
  let steps: Int
  /// `[(steps + 1) × U]`
  let states: CellStates<S>

  /// Those after step `t`, -1 for before the first.
  func after(_ t: Int, units: Int) -> CellStates<S> { states.from((t + 1) * units) }
}
