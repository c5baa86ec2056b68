/// Short reviews, every other one good, with a word that says so.
package enum PlantedReviews {
  /// `the good thing number 7<TAB>1`, a line a row.
  ///
  /// - Parameter things: different numbers, after which rows repeat.
  package static func tsv(rows: Int, things: Int) -> String {
    (0..<rows).map { row in
      "the \(row % 2 == 0 ? "good" : "bad") thing number \(row % things)\t\(1 - row % 2)\n"
    }.joined()
  }
}
