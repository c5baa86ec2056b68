import KerasFormat
import KerasRuntime
import KerasTrain

/// A model that looks at nothing and always says the same: what a real one must beat to have
/// learned.
///
/// Of all constants it says the one with the lowest loss on the rows to learn from: the share of
/// each class for cross-entropies, the mean for squared errors, the median for absolute ones. Its
/// loss there is the entropy of the classes, the variance, the mean deviation. For two classes of
/// one size that is ln 2 = 0.693.
///
///     let guess = try ConstantPredictor.losses(of: model, on: data, settings)
///     guess?.training    // 0.6931
public struct ConstantPredictor: Sendable, Equatable {
  /// What it says: a number for each column of the output, or the share of each class.
  public let outputs: [Double]
  private let kind: Kind
  private let width: Int
  private let smoothing: Double

  private enum Kind { case binary, categorical, sparse, squared, absolute, poisson }

  /// - Parameters:
  ///   - targets: `(N, …)`, whose last axis is the output's where there are `width` of them.
  ///   - rows: those to learn from.
  ///   - width: numbers per vector of targets; see ``Loss/targetWidth(for:)``.
  ///   - weights: what each row counts for; `nil` for all alike.
  /// - Returns: `nil` for a loss whose best constant is not known here.
  public init?(
    loss: any Loss, targets: NumericArray, rows: Range<Int>, width: Int = 1,
    weights: [Double]? = nil
  ) {
    self.width = max(1, width)
    switch loss {
    case let loss as BinaryCrossentropy: (kind, smoothing) = (.binary, loss.labelSmoothing)
    case let loss as CategoricalCrossentropy:
      (kind, smoothing) = (.categorical, loss.labelSmoothing)
    case let loss as SparseCategoricalCrossentropy where loss.ignoreClass == nil:
      (kind, smoothing) = (.sparse, 0)
    case is MeanSquaredError: (kind, smoothing) = (.squared, 0)
    case is MeanAbsoluteError: (kind, smoothing) = (.absolute, 0)
    case is Poisson: (kind, smoothing) = (.poisson, 0)
    default: return nil
    }
    let values = Vectors(targets, rows, self.width, weights)
    guard values.total > 0 else { return nil }
    switch kind {
    case .binary, .categorical:
      let classes = kind == .binary ? 2.0 : Double(self.width)
      outputs = values.means().map { [smoothing] in $0 * (1 - smoothing) + smoothing / classes }
    case .squared, .poisson: outputs = values.means()
    case .absolute: outputs = values.medians()
    case .sparse: outputs = values.shares()
    }
  }

  /// Its loss on rows of targets, which may be others than those it learned from.
  ///
  /// - Parameter weights: what each row counts for; `nil` for all alike.
  public func loss(
    on targets: NumericArray, rows: Range<Int>, weights: [Double]? = nil
  ) -> Double {
    let values = Vectors(targets, rows, width, weights)
    var sum = 0.0
    values.visit { vector, weight in
      var own = 0.0
      for (target, output) in zip(vector, outputs) { own += term(target, output) }
      switch kind {
      case .binary, .squared, .absolute, .poisson: sum += weight * own / Double(width)
      case .categorical: sum += weight * own
      case .sparse:
        let id = Int(vector.first ?? 0)
        sum -= weight * Self.log(outputs.indices.contains(id) ? outputs[id] : 0)
      }
    }
    return sum / values.total
  }

  /// The one that finds every class as likely as any other, as a fresh model does; `nil` where values
  /// are predicted.
  private var undecided: ConstantPredictor? {
    let share: Double
    switch kind {
    case .binary: share = 0.5
    case .categorical, .sparse: share = 1 / Double(max(1, outputs.count))
    case .squared, .absolute, .poisson: return nil
    }
    return ConstantPredictor(outputs: outputs.map { _ in share }, like: self)
  }

  private init(outputs: [Double], like other: ConstantPredictor) {
    self.outputs = outputs
    (kind, width, smoothing) = (other.kind, other.width, other.smoothing)
  }

  private func term(_ target: Double, _ output: Double) -> Double {
    switch kind {
    case .binary:
      let y = target * (1 - smoothing) + smoothing / 2
      return -(y * Self.log(output) + (1 - y) * Self.log(1 - output))
    case .categorical:
      let y = target * (1 - smoothing) + smoothing / Double(width)
      return -y * Self.log(output)
    case .squared: return (target - output) * (target - output)
    case .absolute: return abs(target - output)
    case .poisson: return output - target * Self.log(output)
    case .sparse: return 0
    }
  }

  /// No further from the logarithm of 0 than Keras lets a probability come.
  private static func log(_ p: Double) -> Double { Double.log(max(p, 1e-7)) }
}

extension ConstantPredictor {
  /// The losses of guessing: on the rows that a model learns from, and on those it is validated on.
  public struct Losses: Sendable, Equatable {
    /// On the rows that a model learns from.
    public let training: Double
    /// `nil` where nothing is validated. Where the classes of these rows are mixed otherwise, a guess
    /// by the shares of the others may be worse than none: then that of equal shares, which every
    /// fresh model makes.
    public let validation: Double?

    /// By default nothing is validated.
    public init(training: Double, validation: Double? = nil) {
      self.training = training
      self.validation = validation
    }
  }

  /// What always guessing the same would give as `loss` and `val_loss`, outputs weighted as
  /// compiled. Penalties of weights are left out.
  ///
  /// - Returns: `nil` where the model is not compiled or a loss is none of those known here.
  /// - Throws: ``KerasError/Code/invalidArgument`` for a share of validation that is none, or
  ///   leaves no row to train on.
  public static func losses(
    of model: Model, on data: Dataset, _ settings: FitSettings
  ) throws(KerasError) -> Losses? {
    guard let compilation = model.compilation else { return nil }
    let split = try data.split(validation: settings.validationSplit)
    let held = settings.validationData.map { ($0, 0..<$0.rows) } ?? (data, split.validation)
    var (training, validation, position) = (0.0, 0.0, 0)
    for (edge, entry) in zip(model.network.outputs, compilation.losses) {
      guard let entry else { continue }
      let shape = model.network.nodes[edge.node].outputShapes[edge.output]
      let width = entry.loss.targetWidth(for: shape.last ?? 1)
      guard data.targets.indices.contains(position), entry.reduction == .sumOverBatchSize,
        let weights = rowWeights(data, position, settings),
        let guess = ConstantPredictor(
          loss: entry.loss, targets: data.targets[position], rows: split.training, width: width,
          weights: weights.values)
      else { return nil }
      training +=
        entry.weight
        * guess.loss(
          on: data.targets[position], rows: split.training, weights: weights.values)
      if !held.1.isEmpty, held.0.targets.indices.contains(position) {
        let heldWeights =
          settings.validationData == nil
          ? weights : rowWeights(held.0, position, FitSettings()) ?? RowWeights(values: nil)
        let losses = [guess, guess.undecided ?? guess].map {
          $0.loss(on: held.0.targets[position], rows: held.1, weights: heldWeights.values)
        }
        validation += entry.weight * min(losses[0], losses[1])
      }
      position += 1
    }
    return Losses(training: training, validation: held.1.isEmpty ? nil : validation)
  }

  private struct RowWeights {
    let values: [Double]?
  }

  /// What each row of an output's targets counts for; `nil` where that is not one number a row.
  private static func rowWeights(
    _ data: Dataset, _ position: Int, _ settings: FitSettings
  ) -> RowWeights? {
    let given = data.sampleWeights.indices.contains(position) ? data.sampleWeights[position] : nil
    if let given, given.shape.count != 1 { return nil }
    guard settings.classWeights.isEmpty else { return nil }
    guard given != nil || !settings.classWeight.isEmpty else { return RowWeights(values: nil) }
    var weights = given?.doubles() ?? [Double](repeating: 1, count: data.rows)
    if !settings.classWeight.isEmpty {
      let labels = data.targets[position].doubles()
      guard labels.count == weights.count else { return nil }
      for (row, label) in labels.enumerated() {
        weights[row] *= settings.classWeight[Int(label)] ?? 1
      }
    }
    return RowWeights(values: weights)
  }
}

/// Rows of targets as vectors with a weight each.
private struct Vectors {
  private let values: [Double]
  private let width: Int
  private let perRow: Int
  private let rows: Range<Int>
  private let weights: [Double]?
  private(set) var total = 0.0

  init(_ targets: NumericArray, _ rows: Range<Int>, _ width: Int, _ weights: [Double]?) {
    values = targets.doubles()
    self.width = width
    self.rows = rows
    self.weights = weights
    perRow = max(1, values.count / max(1, targets.shape.first ?? 1) / width)
    for row in rows { total += (weights?[row] ?? 1) * Double(perRow) }
  }

  func visit(_ body: (_ vector: ArraySlice<Double>, _ weight: Double) -> Void) {
    for row in rows {
      for part in 0..<perRow {
        let start = (row * perRow + part) * width
        guard start + width <= values.count else { continue }
        body(values[start..<start + width], weights?[row] ?? 1)
      }
    }
  }

  func means() -> [Double] {
    var sums = [Double](repeating: 0, count: width)
    visit { vector, weight in
      for (column, value) in vector.enumerated() { sums[column] += weight * value }
    }
    return sums.map { $0 / total }
  }

  /// Of each column the value with half of the weight below it.
  func medians() -> [Double] {
    (0..<width).map { column in
      var pairs: [(value: Double, weight: Double)] = []
      visit { vector, weight in pairs.append((vector[vector.startIndex + column], weight)) }
      pairs.sort { $0.value < $1.value }
      var sum = 0.0
      for pair in pairs {
        sum += pair.weight
        if sum >= total / 2 { return pair.value }
      }
      return pairs.last?.value ?? 0
    }
  }

  /// The share of each class number.
  func shares() -> [Double] {
    var shares: [Double] = []
    visit { vector, weight in
      guard let id = vector.first.flatMap({ Int(exactly: $0) }), id >= 0, id < 1 << 24 else {
        return
      }
      while shares.count <= id { shares.append(0) }
      shares[id] += weight / total
    }
    return shares
  }
}
