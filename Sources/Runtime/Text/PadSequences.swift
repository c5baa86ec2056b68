/// The side on which a sequence is padded or cut, by Keras's name.
public enum PaddingSide: String, Sendable, CaseIterable {
  /// The start, the end.
  case pre, post
}

/// Puts sequences of token ids into one rectangle, as Keras's `pad_sequences`.
///
/// Shorter sequences are filled with `value` on the `padding` side, longer ones lose their start
/// (`.pre`) or their end (`.post`).
///
/// - Parameters:
///   - sequences: B sequences of any lengths.
///   - maxLength: The width T; `nil` takes the longest sequence's.
/// - Returns: The ids row by row, and their shape (B, T).
/// - Precondition: `maxLength` is not negative.
public func padSequences(
  _ sequences: [[Int32]], maxLength: Int? = nil, padding: PaddingSide = .pre,
  truncating: PaddingSide = .pre, value: Int32 = 0
) -> (values: [Int32], shape: [Int]) {
  let width = maxLength ?? sequences.lazy.map(\.count).max() ?? 0
  precondition(width >= 0, "a sequence cannot have \(width) places")
  var values: [Int32] = []
  values.reserveCapacity(sequences.count * width)
  for sequence in sequences {
    appendPadded(
      sequence[...], to: &values, length: width, padding: padding, truncating: truncating,
      value: value)
  }
  return (values, [sequences.count, width])
}

/// Appends one sequence, padded or cut to `length` places, to a row-major buffer.
///
/// It is one row of ``padSequences(_:maxLength:padding:truncating:value:)``, for callers that make
/// their rows one at a time.
public func appendPadded(
  _ sequence: ArraySlice<Int32>, to buffer: inout [Int32], length: Int,
  padding: PaddingSide = .pre, truncating: PaddingSide = .pre, value: Int32 = 0
) {
  let kept = truncating == .pre ? sequence.suffix(length) : sequence.prefix(length)
  let fill = repeatElement(value, count: length - kept.count)
  if padding == .pre { buffer.append(contentsOf: fill) }
  buffer.append(contentsOf: kept)
  if padding == .post { buffer.append(contentsOf: fill) }
}
