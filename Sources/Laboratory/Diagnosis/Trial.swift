import Dispatch
import KerasFormat
import KerasRuntime
import KerasTrain
import Synchronization

/// A remedy and what became of the training with it.
public struct Trial: Sendable {
  /// What was changed.
  public let remedy: Remedy
  /// The training with it.
  public let course: Course

  /// Runs them all side by side, one thread each; each is the same run whatever the others do.
  ///
  /// - Parameter threads: how many at a time.
  static func run(
    _ remedies: [Remedy], threads: Int, watch: @escaping @Sendable (Diagnosis.Stage) -> Void,
    isInterrupted: @escaping @Sendable () -> Bool
  ) -> (trials: [Trial], failures: [String]) {
    let next = Atomic(0)
    let results = Mutex<[Result<Trial, KerasError>?]>(
      [Result<Trial, KerasError>?](repeating: nil, count: remedies.count))
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, remedies.count))) { _ in
      while !isInterrupted() {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < remedies.count else { return }
        watch(.trying(remedies[index].title, of: remedies.count))
        let result = one(remedies[index], isInterrupted: isInterrupted)
        if !isInterrupted() { results.withLock { $0[index] = result } }
      }
    }
    var (trials, failures): ([Trial], [String]) = ([], [])
    for (remedy, result) in zip(remedies, results.withLock { $0 }) {
      switch result {
      case .success(let trial): trials.append(trial)
      case .failure(let error):
        failures.append("\(remedy.title) could not be tried: \(error.description)")
      case nil: failures.append("\(remedy.title) was not tried to the end")
      }
    }
    return (trials, failures)
  }

  private static func one(
    _ remedy: Remedy, isInterrupted: @escaping @Sendable () -> Bool
  ) -> Result<Trial, KerasError> {
    var subject = remedy.subject
    subject.settings.crew = .alone
    do throws(KerasError) {
      return .success(
        Trial(
          remedy: remedy,
          course: try Examination.course(
            of: subject, probing: nil, isInterrupted: isInterrupted)))
    } catch {
      return .failure(error)
    }
  }
}
