/// The generations of Keras whose files and arithmetic differ.
///
/// The raw value is what `--keras` takes.
public enum Generation: String, Sendable, CaseIterable, Comparable {
  /// Keras 1.0–1.2.2.
  case keras1 = "1"
  /// Keras 2.0–2.3.1.
  case keras2 = "2"
  /// tf.keras 2.x up to 2.15.
  case keras2_15 = "2.15"
  /// Keras 3.
  case keras3 = "3"

  public static func < (a: Generation, b: Generation) -> Bool {
    guard let first = allCases.firstIndex(of: a), let second = allCases.firstIndex(of: b) else {
      return false
    }
    return first < second
  }
}
