/// Texts with numbers in them that two correct programs compute a little differently.
package enum SimilarText {
  /// The first difference between two texts where numbers may be `tolerance` apart; `nil` for none.
  package static func difference(
    _ found: String, _ expected: String, tolerance: Double
  ) -> String? {
    let (a, b) = (pieces(found), pieces(expected))
    for (piece, other) in zip(a, b) where piece != other {
      guard let x = Double(piece), let y = Double(other), abs(x - y) <= tolerance else {
        return "'\(piece)' where '\(other)' was expected"
      }
    }
    return a.count == b.count ? nil : "\(a.count) pieces where \(b.count) were expected"
  }

  /// Numbers with a point, and what stands between them.
  private static func pieces(_ text: String) -> [String] {
    var pieces: [String] = []
    var rest = Substring(text)
    while let match = rest.firstMatch(of: /-?[0-9]+\.[0-9]+(e[-+][0-9]+)?/) {
      pieces.append(String(rest[..<match.range.lowerBound]))
      pieces.append(String(match.0))
      rest = rest[match.range.upperBound...]
    }
    return pieces + [String(rest)]
  }
}
