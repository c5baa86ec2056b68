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
    func add() { count.add(1, ordering: .relaxed) }
  }
}
