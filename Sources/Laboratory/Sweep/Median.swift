/// The middle of some values.
public enum Median {
  /// The middle value, of an even number the mean of the middle two; `nil` for none.
  public static func of(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The middle of epochs, in words; `nil` is a run that never came so far, later than any epoch.
  ///
  ///     Median.text(ofEpochs: [19, 21, nil])  // "21"
  ///     Median.text(ofEpochs: [19, nil])      // "19 or never"
  public static func text(ofEpochs epochs: [Int?]) -> String {
    guard !epochs.isEmpty else { return "none" }
    let sorted = epochs.sorted { ($0 ?? .max) < ($1 ?? .max) }
    let middle = sorted.count / 2
    let upper = sorted[middle]
    let lower = sorted.count % 2 == 1 ? upper : sorted[middle - 1]
    switch (lower, upper) {
    case (nil, _): return "never"
    case (let lower?, nil): return "\(lower) or never"
    case (let lower?, let upper?):
      let sum = lower + upper
      return sum % 2 == 0 ? "\(sum / 2)" : "\(sum / 2).5"
    }
  }
}
