import KerasRuntime
import Synchronization
import Testing

@Suite struct CrewTests {
  private let crew = Crew(threads: 4, grain: 1)

  @Test func `every part is done once, however often work is shared`() {
    let done = (0..<7).map { _ in Counter() }
    for _ in 0..<20_000 { crew.each(7) { done[$0].add() } }
    #expect(done.map(\.value) == Array(repeating: 20_000, count: 7))
  }

  /// One caller has the helpers, the others share with threads of the system's.
  @Test func `parts share their own work, and callers do so at once`() async {
    let sum = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<6 {
        group.addTask {
          for _ in 0..<200 { crew.each(5) { _ in crew.each(3) { _ in sum.add() } } }
        }
      }
    }
    #expect(sum.value == 6 * 200 * 5 * 3)
  }

  @Test func `no more threads are at work than were asked for`() async {
    let (now, most) = (Counter(), Most())
    let two = Crew(threads: 2, grain: 1)
    await withTaskGroup(of: Void.self) { group in
      // One of them has the helpers, the other takes threads of the system's.
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<300 {
            two.each(9) { _ in
              most.see(now.add())
              now.add(-1)
            }
          }
        }
      }
    }
    #expect(most.value <= 4)
  }

  @Test func `helpers that have gone to sleep wake`() async throws {
    let done = Counter()
    for _ in 0..<5 {
      crew.each(4) { _ in done.add() }
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(done.value == 20)
  }

  private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }
    @discardableResult func add(_ number: Int = 1) -> Int {
      count.add(number, ordering: .relaxed).newValue
    }
  }

  private final class Most: Sendable {
    private let largest = Atomic(0)

    var value: Int { largest.load(ordering: .relaxed) }
    func see(_ number: Int) { largest.max(number, ordering: .relaxed) }
  }
}
