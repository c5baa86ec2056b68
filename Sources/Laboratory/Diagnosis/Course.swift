import KerasFormat
import KerasRuntime
import KerasTrain

/// A training as it was watched: the curves, and how far each update moved the weights.
public struct Course: Sendable {
  /// Losses and metrics, epoch by epoch.
  public let history: History
  /// The loss of the best constant answer, on the validation and on the training rows; of a loss
  /// whose best constant is not known the one that the model had before training.
  public let constant: Double
  /// The same on the training rows alone.
  public let constantInTraining: Double
  /// Whether it is a constant answer's.
  public let isConstantKnown: Bool
  /// The epoch, from 1, at which the loss left the constant's; `nil` while it stands there.
  public let leftPlateau: Int?
  /// Each batch's own loss, in order.
  public let batchLosses: [Double]
  /// Each weight's updates, in Keras's order.
  public let updates: [Updates]
  /// The gradient by timestep at the end of each epoch.
  public let flows: [GradientFlow]
  /// Where the first number that is none turned up.
  public let firstNonFinite: (epoch: Int, batch: Int, what: String)?
  /// What was learned.
  public let model: Model

  /// How far the updates moved one weight.
  public struct Updates: Sendable {
    /// `gru/cell/kernel`
    public let name: String
    /// ‖Δw‖/‖w‖ of one update, the median over those of the first epoch, and over those of the
    /// last. Not a number for a weight that starts at zero, as most biases do: what it has become
    /// after a few updates is no size to measure them by.
    public let first: Double
    /// Of the last epoch's updates, the median.
    public let last: Double
    /// The same of the whole first epoch.
    public let inFirstEpoch: Double
  }

  /// What ``constant`` is, in words.
  var constantName: String {
    isConstantKnown ? "always giving the same answer has" : "before training the model had"
  }

  /// Loss of training, and of validation or, without one, of training, epoch by epoch.
  public var training: [Double] { history["loss"] }
  /// The losses that judge: of validation, or of training without one.
  public var validation: [Double] {
    history["val_loss"].isEmpty ? training : history["val_loss"]
  }
  /// The best and the last of ``validation``; infinite where none is a number.
  public var best: Double { validation.filter(\.isFinite).min() ?? .infinity }
  /// The last of ``validation``.
  public var final: Double { validation.last ?? .infinity }

  /// Whether it did better than another: sooner off the plateau, or as soon with a lower loss at
  /// the end.
  ///
  /// - Parameters:
  ///   - margin: by which a loss must be lower to count as such.
  ///   - byLossAlone: where no plateau is the trouble.
  func isBetter(than other: Course, by margin: Double, byLossAlone: Bool) -> Bool {
    let (left, right) = (leftPlateau ?? Int.max, other.leftPlateau ?? Int.max)
    if left != right, !byLossAlone { return left < right }
    return final.isFinite && (!other.final.isFinite || final < other.final - margin)
  }
}

/// Looks at a training run from inside.
final class Watch: Callback {
  private(set) var batchLosses: [Double] = []
  private(set) var flows: [GradientFlow] = []
  private(set) var firstNonFinite: (epoch: Int, batch: Int, what: String)?
  private var ratios: [[[Double]]] = []
  private var inFirstEpoch: [Double] = []
  private var atStart: [Float] = []
  private var before: [Float]?
  private var sum = 0.0
  private let probed: (Model) throws(KerasError) -> Probe?
  private let interruption: () -> Bool

  /// - Parameter probe: what to look at after each epoch.
  init(
    probe: @escaping (Model) throws(KerasError) -> Probe?, isInterrupted: @escaping () -> Bool
  ) {
    probed = probe
    interruption = isInterrupted
  }

  var isInterrupted: Bool { interruption() }

  func onTrainBegin(_ run: TrainingRun) { atStart = run.flatWeights }

  func onEpochBegin(_ epoch: Int, _ run: TrainingRun) {
    ratios.append([])
    sum = 0
  }

  /// Twenty updates of an epoch are enough to see how large they are.
  private func isSampled(_ batch: Int, _ run: TrainingRun) -> Bool {
    batch.isMultiple(of: max(1, run.plan.steps / 20))
  }

  func onTrainBatchBegin(_ batch: Int, _ run: TrainingRun) {
    before = isSampled(batch, run) ? run.flatWeights : nil
  }

  func onTrainBatchEnd(_ batch: Int, _ logs: Logs, _ run: TrainingRun) {
    let loss = logs["loss"] ?? .nan
    if run.generation <= .keras2 {
      batchLosses.append(loss)
    } else {
      // What is reported is the mean of the epoch so far.
      let total = loss * Double(batch + 1)
      batchLosses.append(total - sum)
      sum = total
    }
    guard let before else {
      if !loss.isFinite { stop(run, batch, "the loss") }
      return
    }
    let after = run.flatWeights
    let layout = run.layout
    ratios[ratios.count - 1].append(ratios(layout, before, after))
    if let bad = layout.specs.indices.first(where: { weight in
      let start = layout.offsets[weight]
      return after[start..<start + layout.specs[weight].count].contains { !$0.isFinite }
    }) {
      stop(run, batch, layout.specs[bad].name)
    } else if !loss.isFinite {
      stop(run, batch, "the loss")
    }
  }

  private func stop(_ run: TrainingRun, _ batch: Int, _ what: String) {
    if firstNonFinite == nil { firstNonFinite = (run.epoch + 1, batch + 1, what) }
    run.stopTraining = true
  }

  func onEpochEnd(_ epoch: Int, _ logs: inout Logs, _ run: TrainingRun) throws(KerasError) {
    if inFirstEpoch.isEmpty {
      inFirstEpoch = ratios(run.layout, atStart, run.flatWeights)
    }
    if let flow = try probed(run.model)?.flow { flows.append(flow) }
  }

  private func ratios(
    _ layout: ParameterLayout, _ before: [Float], _ after: [Float]
  ) -> [Double] {
    layout.specs.indices.map { weight in
      let range = layout.offsets[weight]..<layout.offsets[weight] + layout.specs[weight].count
      guard atStart[range].contains(where: { $0 != 0 }) else { return .nan }
      var (moved, size) = (0.0, 0.0)
      for i in range {
        moved += (Double(after[i]) - Double(before[i])).squared
        size += Double(before[i]).squared
      }
      return size > 0 ? (moved / size).squareRoot() : .nan
    }
  }

  func updates(named names: [String]) -> [Course.Updates] {
    names.indices.map { weight in
      func middle(_ epoch: [[Double]]?) -> Double {
        Median.of((epoch ?? []).map { $0[weight] }.filter { !$0.isNaN }) ?? .nan
      }
      return Course.Updates(
        name: names[weight], first: middle(ratios.first), last: middle(ratios.last),
        inFirstEpoch: inFirstEpoch.isEmpty ? .nan : inFirstEpoch[weight])
    }
  }
}
