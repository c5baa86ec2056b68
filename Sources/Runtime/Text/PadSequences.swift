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
  let start = buffer.count
  buffer.append(contentsOf: sequence)
  pad(
    &buffer, from: start, length: length, padding: padding, truncating: truncating, value: value)
}

/// Pads or cuts what a buffer holds from `start` on to `length` places.
func pad(
  _ buffer: inout [Int32], from start: Int, length: Int, padding: PaddingSide,
  truncating: PaddingSide, value: Int32 = 0
) {
  let excess = buffer.count - start - length
  if excess > 0 {
    if truncating == .pre {
      for i in start..<start + length { buffer[i] = buffer[i + excess] }
    }
    buffer.removeLast(excess)
    return
  }
  let kept = buffer.count
  buffer.append(contentsOf: repeatElement(value, count: -excess))
  guard padding == .pre, excess < 0 else { return }
  for i in stride(from: kept - 1, through: start, by: -1) { buffer[i - excess] = buffer[i] }
  for i in start..<start - excess { buffer[i] = value }
}
