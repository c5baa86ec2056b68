/// Near misses: what somebody may have meant who wrote a name that does not exist.
public enum Suggestion {
  /// `did you mean 'gru'?`, or `nil` when nothing in `names` is close.
  public static func hint(for name: String, among names: some Sequence<String>) -> String? {
    nearest(to: name, among: names).map { "did you mean '\($0)'?" }
  }

  /// The name with the fewest edits away, at most a third of its length, ties in alphabetical
  /// order.
  public static func nearest(to name: String, among names: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars)
    var best: (distance: Int, name: String)?
    for candidate in names.sorted() {
      let distance = edits(wanted, Array(candidate.lowercased().unicodeScalars))
      guard distance <= max(1, max(wanted.count, candidate.count) / 3) else { continue }
      if best.map({ distance < $0.distance }) ?? true { best = (distance, candidate) }
    }
    return best?.name
  }

  /// Levenshtein's distance, where two neighbours that changed places are one edit.
  private static func edits(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var above: [Int] = []
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var next = [i + 1]
      for (j, y) in b.enumerated() {
        var least = min(row[j] + (x == y ? 0 : 1), row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, x == b[j - 1], y == a[i - 1] { least = min(least, above[j - 1] + 1) }
        next.append(least)
      }
      (above, row) = (row, next)
    }
    return row[b.count]
  }
}
