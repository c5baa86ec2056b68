import KerasFormat
import KerasRuntime

/// Rows to learn from or to measure on: the model's inputs and what its outputs should be.
public struct Dataset: Sendable {
  /// One array per input of the model, `(N, …)`.
  public let inputs: [NumericArray]
  /// One array per output that has a loss, `(N,)` or `(N, …)`: probabilities, one-hot rows, class
  /// numbers or values, as the loss has it.
  public let targets: [NumericArray]
  /// What each row counts for in the loss, `(N,)`, or each of its steps, `(N, T)`: one per array of
  /// targets, `nil` for all 1. One alone is for all outputs. Empty where no row is weighted.
  public private(set) var sampleWeights: [NumericArray?]
  /// Where the rows came from; errors name it.
  public var source = Source.memory
  /// Whether each batch of token ids is cut to its longest row, so that a model sees no more
  /// padding than it must. The model's input must leave the number of steps open.
  public var trimsToBatch = false

  /// Where rows come from.
  public enum Source: Sendable {
    /// Arrays in memory; a row has no place but its number.
    case memory
    /// The place of each row in files of texts.
    case texts([KerasError.Place])
    /// One file per input of the model, and one per array of targets.
    case files(inputs: [String], targets: [String])
  }

  /// Rows for a model with one output.
  ///
  /// - Throws: ``KerasError`` when the arrays have different numbers of rows, have none, or hold a
  ///   NaN.
  public init(
    inputs: [NumericArray], targets: NumericArray, sampleWeight: NumericArray? = nil
  ) throws(KerasError) {
    try self.init(
      inputs: inputs, targets: [targets], sampleWeights: sampleWeight.map { [$0] } ?? [])
  }

  /// - Throws: ``KerasError`` when the arrays have different numbers of rows, have none, or hold a
  ///   NaN.
  public init(
    inputs: [NumericArray], targets: [NumericArray], sampleWeights: [NumericArray?] = []
  ) throws(KerasError) {
    guard let first = targets.first else { throw KerasError(.invalidData, "no targets") }
    guard let rows = first.shape.first else {
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
    for (index, array) in targets.enumerated() {
      guard array.shape.first == rows else {
        throw KerasError(
          .shapeMismatch,
          "an array \(array.shape.tuple) but the first targets have \(rows) rows",
          at: .init(path: ["targets \(index)"]))
      }
      try Self.refuseNaN(array, targets.count == 1 ? "targets" : "targets \(index)")
    }
    guard rows > 0 else { throw KerasError(.invalidData, "no rows") }
    self.inputs = inputs
    self.targets = targets
    self.sampleWeights = []
    try setSampleWeights(sampleWeights)
  }

  /// N, the rows of every array.
  public var rows: Int { targets[0].shape[0] }

  /// Replaces the weights of the rows.
  ///
  /// - Throws: ``KerasError`` when there are others than one for each array of targets, or one for
  ///   all, or when they are not finite numbers, a row each.
  public mutating func setSampleWeights(_ weights: [NumericArray?]) throws(KerasError) {
    guard weights.isEmpty || weights.count == 1 || weights.count == targets.count else {
      throw KerasError(
        .invalidArgument,
        "\(weights.count) arrays of sample weights but \(targets.count) of targets")
    }
    for case let array? in weights {
      guard array.shape.first == rows else {
        throw KerasError(
          .shapeMismatch,
          "an array \(array.shape.tuple) but there are \(rows) rows, a weight each",
          at: .init(path: ["sample weights"]))
      }
      try Self.refuseNaN(array, "sample weights")
    }
    let isForAll = weights.count == 1 && targets.count > 1
    sampleWeights = isForAll ? targets.map { _ in weights[0] } : weights
    isWeightedAsOne = isForAll
  }

  /// Whether one array of weights was given for several outputs.
  private(set) var isWeightedAsOne = false

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
