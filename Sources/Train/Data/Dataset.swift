import KerasFormat
import KerasRuntime

/// Rows to learn from or to measure on: the model's inputs and what its output should be.
public struct Dataset: Sendable {
  /// One array per input of the model, `(N, …)`.
  public let inputs: [NumericArray]
  /// `(N,)` or `(N, …)`: probabilities, one-hot rows, class numbers or values, as the loss has it.
  public let targets: NumericArray
  /// Where the rows came from; errors name it.
  public var source = Source.memory

  /// Where rows come from.
  public enum Source: Sendable {
    case memory
    /// The place of each row in files of texts.
    case texts([KerasError.Place])
    /// One file per input of the model, and one with the targets.
    case files(inputs: [String], targets: String)
  }

  /// - Throws: ``KerasError`` when the arrays have different numbers of rows, have none, or hold a NaN.
  public init(inputs: [NumericArray], targets: NumericArray) throws(KerasError) {
    guard let rows = targets.shape.first else {
      throw KerasError(.shapeMismatch, "targets are a single number but need one row each")
    }
    for (index, input) in inputs.enumerated() {
      guard input.shape.first == rows else {
        throw KerasError(
          .shapeMismatch,
          "an array \(input.shape.tuple) but there are \(rows) targets, a row each",
          at: .init(path: ["input \(index)"]))
      }
      try Self.refuseNaN(input, "input \(index)")
    }
    try Self.refuseNaN(targets, "targets")
    guard rows > 0 else { throw KerasError(.invalidData, "no rows") }
    self.inputs = inputs
    self.targets = targets
  }

  public var rows: Int { targets.shape[0] }

  private static func refuseNaN(_ array: NumericArray, _ what: String) throws(KerasError) {
    guard array.elements.type.isFloatingPoint,
      let index = array.floats().firstIndex(where: { !$0.isFinite })
    else { return }
    let width = max(1, array.count / max(1, array.shape[0]))
    let value = array.floats()[index]
    throw KerasError(
      .invalidData, "\(value) at position \(index % width) but data must be finite numbers",
      at: .init(path: [what], row: index / width))
  }

  /// Keras's `validation_split`: the last `fraction` of the rows, cut off before any shuffling.
  ///
  /// - Throws: ``KerasError`` when the fraction is outside 0..<1 or leaves no row to train on.
  public func split(validation fraction: Double) throws(KerasError) -> (
    training: Range<Int>, validation: Range<Int>
  ) {
    guard fraction >= 0 && fraction < 1 else {
      throw KerasError(.invalidArgument, "validation split \(fraction) but it is within 0..<1")
    }
    let cut = Int(Double(rows) * (1 - fraction))
    guard cut > 0 else {
      throw KerasError(
        .invalidArgument, "validation split \(fraction) of \(rows) rows leaves none to train on")
    }
    return (0..<cut, cut..<rows)
  }
}
