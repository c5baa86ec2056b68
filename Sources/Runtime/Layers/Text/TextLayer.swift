import KerasFormat

/// A layer that takes texts: it stands directly behind an input of the model, or of a model inside.
///
/// Texts never become tensors. ``Network/encoded(rows:)`` asks the layer for the array that its
/// output is, and hands that in at the input; in the graph the layer passes it on as it is.
public protocol TextLayer: Layer {
  /// The layer's output for rows of texts, `(N, …)`: int32 indices, or float32 vectors.
  ///
  /// - Parameter rows: as many texts a row as the input is wide; one where it is `(None,)`.
  /// - Throws: ``KerasError/Code/invalidData`` naming the row whose texts it cannot take.
  func encode(_ rows: [[String]]) throws(KerasError) -> NumericArray
}

extension TextLayer {
  // MARK: Forward and backward

  public func forward<S: Scalar>(
    _ inputs: Signals<S>, weights: Weights<S>, trace: inout Trace<S>, pass: inout Pass
  ) throws(KerasError) -> Signals<S> { inputs }

  public func backward<S: Scalar>(
    _ outputGradients: [OutputGradient<S>], into inputGradients: [UnsafeMutablePointer<S>?],
    weights: Weights<S>, gradients: Weights<S>, trace: Trace<S>, pass: inout Pass
  ) {}

  /// Refuses rows of another length than the input has.
  func checkWidths(of rows: [[String]], _ input: Shape) throws(KerasError) {
    let width = input.rank == 0 ? 1 : input.last ?? rows.first?.count
    for (index, row) in rows.enumerated() where row.count != width {
      throw KerasError(
        .shapeMismatch, "\(row.count) texts in a row but the input takes \(width ?? 0)",
        at: .init(row: index))
    }
  }
}
