import KerasFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Tokenizer {
  /// What an entry of a text-by-word matrix says, by Keras's name.
  public enum MatrixMode: String, Sendable, CaseIterable {
    /// 1 where the word comes.
    case binary
    /// How often it comes.
    case count
    /// How often it comes, over the length of the sequence.
    case freq
    /// (1 + ln count) · ln(1 + texts / (1 + texts with the word)).
    case tfidf
  }

  /// One row a text, one column a word number: N × V values row by row, V being ``numWords``, or
  /// one more than the words there are.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` where nothing was fitted that the mode needs.
  public func textsToMatrix(
    _ texts: [String], mode: MatrixMode = .binary
  ) throws(KerasError) -> (values: [Double], shape: [Int]) {
    try sequencesToMatrix(textsToSequences(texts), mode: mode)
  }

  /// ``textsToMatrix(_:mode:)`` of sequences; numbers of V and above are left out.
  ///
  /// - Throws: ``KerasError/Code/invalidData`` where nothing was fitted that the mode needs, and
  ///   for a negative number, with its sequence counted from 1 as the line.
  public func sequencesToMatrix(
    _ sequences: [[Int32]], mode: MatrixMode = .binary
  ) throws(KerasError) -> (values: [Double], shape: [Int]) {
    let kept = numWords ?? 0
    let width = kept != 0 ? kept : wordIndex.count + 1
    guard width > 1 || kept == 1 else {
      throw KerasError(
        .invalidData,
        kept < 0
          ? "numWords is \(kept); expected a width for the matrix"
          : "the tokenizer knows no word, so the matrix has no width",
        hint: "set numWords, or fit the tokenizer on texts first")
    }
    guard mode != .tfidf || documentCount > 0 else {
      throw KerasError(
        .invalidData, "mode tfidf weighs words by the texts they came in, and no text was fitted",
        hint: "fit the tokenizer on texts first")
    }
    var values = [Double](repeating: 0, count: sequences.count * width)
    for (row, sequence) in sequences.enumerated() {
      var counts: [Int: Int] = [:]
      for index in sequence where Int(index) < width {
        guard index >= 0 else {
          throw KerasError(
            .invalidData, "the word number is \(index); expected 0 or more",
            at: .init(line: row + 1))
        }
        counts[Int(index), default: 0] += 1
      }
      for (index, count) in counts {
        values[row * width + index] =
          switch mode {
          case .binary: 1
          case .count: Double(count)
          case .freq: Double(count) / Double(sequence.count)
          case .tfidf: (1 + log(Double(count))) * inverseDocumentFrequency(index)
          }
      }
    }
    return (values, [sequences.count, width])
  }

  private func inverseDocumentFrequency(_ index: Int) -> Double {
    log(1 + Double(documentCount) / Double(1 + indexDocs[index, default: 0]))
  }
}
