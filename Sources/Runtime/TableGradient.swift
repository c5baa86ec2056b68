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

  /// The same for the same table of other parameters.
  ///
  /// - Precondition: the table is one of `old`.
  package func moved(from old: Parameters<Float>, to new: Parameters<Float>) -> TableGradient {
    let weight = old.layout.specs.indices.first {
      old.layout.specs[$0].count > 0 && UnsafeMutableRawPointer(old.pointer($0)) == table
    }
    guard let weight else { preconditionFailure("a table that is none of these weights") }
    return TableGradient(
      table: UnsafeMutableRawPointer(new.pointer(weight)), ids: ids, vectors: vectors,
      count: count, width: width)
  }
}
