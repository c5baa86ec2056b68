import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Threads that wait for a share of somebody's work: some time awake, since a training step shares
/// its work several times and a sleeper takes some 20 µs to wake, then asleep.
///
/// One caller at a time has them; another one, or one from inside a share, gets threads of the
/// system's instead.
final class Helpers: @unchecked Sendable {
  // SAFETY: `body` is written by the caller that holds `isTaken`, before it hands out the ticket
  // that lets a helper read it, and not again until every part of that ticket is done.

  /// One for each processor but the caller's.
  static let shared = Helpers(count: ProcessorCount.online - 1)

  private let isTaken = Atomic(false)
  private let ticket = Atomic<UInt64>(0)
  private let done = Atomic(0)
  private var body: UnsafePointer<(Int) -> Void>?
  private let beds: [Bed]

  /// Where a helper sleeps.
  private final class Bed: Sendable {
    let isAsleep = Atomic(false)
    let alarm = DispatchSemaphore(value: 0)
  }

  /// What there is to do: parts of it, the first that nobody has taken, and how many helpers may
  /// take some. In one word, so that to take a part proves that its work still goes on.
  private struct Ticket {
    static let largestCount = 1 << 20 - 1
    var word: UInt64

    init(_ word: UInt64) { self.word = word }

    /// The first part is the caller's.
    init(after last: Ticket, count: Int, helpers: Int) {
      word = (last.word >> 48 &+ 1) << 48 | UInt64(helpers) << 40 | UInt64(count) << 20 | 1
    }

    var next: Int { Int(word & 0xF_FFFF) }
    var count: Int { Int(word >> 20 & 0xF_FFFF) }
    var helpers: Int { Int(word >> 40 & 0xFF) }
  }

  /// Looks at the ticket before a helper goes to sleep: some 100 µs on a machine without other work.
  private static let patience = 1 << 14
  /// Looks between two moments at which another thread may have the processor.
  private static let looks = 1 << 6

  private init(count: Int) {
    beds = (0..<min(max(0, count), 0xFF)).map { _ in Bed() }
    for (number, bed) in beds.enumerated() {
      DispatchQueue(label: "hornbill.helper.\(number)", qos: .userInitiated).async { [self] in
        serve(number, bed)
      }
    }
  }

  /// Runs `body` for each of `0..<count`, on this thread and as many others; for 0 on this thread,
  /// so that a part may wait for something without letting the caller wait awake.
  func perform(_ count: Int, others: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      guard !beds.isEmpty, count <= Ticket.largestCount,
        !isTaken.exchange(true, ordering: .acquiring)
      else {
        return Self.performElsewhere(count, others: others, body)
      }
      withUnsafePointer(to: body) { share($0, count, helpers: min(others, count - 1, beds.count)) }
      isTaken.store(false, ordering: .releasing)
    }
  }

  /// What threads of the system's run.
  private final class Parts: @unchecked Sendable {
    // SAFETY: the closure ends before `perform` does, and its parts write to different memory.
    let body: (Int) -> Void
    let next = Atomic(1)

    init(_ body: @escaping (Int) -> Void) { self.body = body }
  }

  private static func performElsewhere(
    _ count: Int, others: Int, _ body: @escaping (Int) -> Void
  ) {
    let parts = Parts(body)
    DispatchQueue.concurrentPerform(iterations: min(others + 1, count)) { lane in
      if lane == 0 { parts.body(0) }
      while true {
        let part = parts.next.add(1, ordering: .relaxed).oldValue
        guard part < count else { return }
        parts.body(part)
      }
    }
  }

  private func share(_ body: UnsafePointer<(Int) -> Void>, _ count: Int, helpers: Int) {
    self.body = body
    done.store(0, ordering: .relaxed)
    let ticket = Ticket(
      after: Ticket(self.ticket.load(ordering: .relaxed)), count: count, helpers: helpers)
    self.ticket.store(ticket.word, ordering: .sequentiallyConsistent)
    for bed in beds.prefix(helpers)
    where bed.isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
      bed.alarm.signal()
    }
    Self.call(body, 0)
    done.add(1, ordering: .relaxed)
    while takePart() {}
    var looks = 0
    while done.load(ordering: .acquiring) < count {
      looks += 1
      if looks.isMultiple(of: Self.looks) { sched_yield() }
    }
  }

  /// Does one part, if there is one that nobody has taken.
  ///
  /// - Parameter number: the helper's; the caller is none.
  private func takePart(_ number: Int = -1) -> Bool {
    var word = ticket.load(ordering: .acquiring)
    while true {
      let seen = Ticket(word)
      guard seen.next < seen.count, number < seen.helpers else { return false }
      let (isTaken, now) = ticket.weakCompareExchange(
        expected: word, desired: word + 1, ordering: .acquiringAndReleasing)
      if isTaken {
        if let body { Self.call(body, seen.next) }
        done.add(1, ordering: .releasing)
        return true
      }
      word = now
    }
  }

  /// By itself, so that nothing of the closure is held when the part is said to be done.
  @inline(never)
  private static func call(_ body: UnsafePointer<(Int) -> Void>, _ part: Int) {
    body.pointee(part)
  }

  private func serve(_ number: Int, _ bed: Bed) {
    var looks = 0
    while true {
      if takePart(number) {
        looks = 0
        continue
      }
      looks += 1
      if looks.isMultiple(of: Self.looks) { sched_yield() }
      guard looks > Self.patience else { continue }
      looks = 0
      bed.isAsleep.store(true, ordering: .sequentiallyConsistent)
      let seen = Ticket(ticket.load(ordering: .sequentiallyConsistent))
      let hasWork = seen.next < seen.count && number < seen.helpers
      // Whoever finds it asleep wakes it, so that it must sleep until then.
      if hasWork, bed.isAsleep.exchange(false, ordering: .sequentiallyConsistent) { continue }
      bed.alarm.wait()
    }
  }
}
