/// The gradient of a table of vectors as TensorFlow keeps it: one vector for each id that was
/// looked up, in the order of the batch, ids that occur twice not yet summed.
///
/// An ``Embedding`` hands it to whoever asks through ``Pass/tableGradients``; the table's own
/// gradient is then left alone, and whoever asked adds the vectors to it.
public struct TableGradient {
  /// Where the table's gradient lies, which says whose it is.
  public let table: UnsafeMutableRawPointer
  /// `[count]`, in the order of the batch.
  public let ids: UnsafePointer<Int32>
  /// `[count × width]`, in the workspace of the pass; free to be changed.
  public let vectors: UnsafeMutablePointer<Float>
  /// How many ids were looked up.
  public let count: Int
  /// Numbers in a vector.
  public let width: Int

  /// The same for a table at the same place of other parameters.
  package func moved(from old: Parameters<Float>, to new: Parameters<Float>) -> TableGradient {
    let offset = table - UnsafeMutableRawPointer(old.base)
    return TableGradient(
      table: UnsafeMutableRawPointer(new.base) + offset, ids: ids, vectors: vectors, count: count,
      width: width)
  }
}
