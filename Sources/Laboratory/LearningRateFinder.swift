import KerasFormat
import KerasRuntime
import KerasTrain

/// A learning-rate range test: trains for a while with a rate that grows from batch to batch by one
/// factor, and watches where the loss falls and where it blows up.
///
/// Source: L. N. Smith, "Cyclical Learning Rates for Training Neural Networks" (2017), section 3.3,
/// with the growing steps and the smoothing of fast.ai's `lr_find`.
///
///     let test = try LearningRateFinder.test(model, on: data, settings: settings)
///     test.suggestion  // where the loss falls steepest, about a tenth of where it blows up
///
/// As a callback it changes the rate of the run that it is given to, and stops that when all rates
/// are done or the loss is four times its lowest.
public final class LearningRateFinder: Callback {
  /// The rate of the first batch.
  public let lowest: Double
  /// The rate of the last batch.
  public let highest: Double
  /// Batches from the lowest rate to the highest.
  public let steps: Int
  /// How much of a smoothed loss is the one before: 0 for none.
  public let smoothing: Double

  /// What was measured so far.
  public private(set) var result: Result
  private var sums = (loss: 0.0, batches: 0)
  private var average = 0.0

  /// What was measured, batch by batch.
  public struct Result: Sendable, Equatable {
    public fileprivate(set) var rates: [Double] = []
    /// Of each batch by itself.
    public fileprivate(set) var losses: [Double] = []
    public fileprivate(set) var smoothed: [Double] = []
    /// How much of a smoothed loss is the one before.
    let smoothing: Double

    /// The rate in whose neighbourhood the smoothed loss falls fastest per decade, by a straight
    /// line through seven batches; `nil` where all in all it falls by less than 1 %, or by no more
    /// than batches differ from one another.
    public var suggestion: Double? {
      let half = 3
      let end = blowUpIndex ?? smoothed.count
      guard end > 2 * half + 1, hasFallen(before: end) else { return nil }
      let logs = rates.map { Double.log($0) }
      let slopes = (half..<end - half).map { middle in
        (middle, Self.slope(logs, smoothed, middle - half...middle + half))
      }
      guard let steepest = slopes.min(by: { $0.1 < $1.1 }), steepest.1 < 0 else { return nil }
      return rates[steepest.0]
    }

    /// Whether the lowest smoothed loss is below the mean of the first batches by more than three
    /// standard deviations of both.
    private func hasFallen(before end: Int) -> Bool {
      let first = max(5, end / 10)
      // Behind the lowest the loss blows up, which says nothing of how batches differ.
      guard first < end,
        let lowest = smoothed.indices.prefix(end).min(by: { smoothed[$0] < smoothed[$1] })
      else { return false }
      let low = smoothed[lowest]
      let start = losses[..<first].reduce(0, +) / Double(first)
      let variance =
        zip(losses, smoothed).prefix(lowest + 1).reduce(0) { sum, pair in
          sum + (pair.0 - pair.1) * (pair.0 - pair.1)
        } / Double(lowest + 1)
      let share = 1 / Double(first) + (1 - smoothing) / (1 + smoothing)
      return start - low > max(0.01 * abs(start), 3 * (variance * share).squareRoot())
    }

    /// The first rate at which the loss was no number or more than four times the lowest before;
    /// `nil` where none was.
    public var blowUp: Double? { blowUpIndex.map { rates[$0] } }

    private var blowUpIndex: Int? {
      var low = Double.infinity
      for (index, loss) in smoothed.enumerated() {
        if !loss.isFinite || loss > 4 * low { return index }
        low = min(low, loss)
      }
      return nil
    }

    private static func slope(
      _ x: [Double], _ y: [Double], _ range: ClosedRange<Int>
    ) -> Double {
      let count = Double(range.count)
      let (meanX, meanY) = (
        range.reduce(0) { $0 + x[$1] } / count, range.reduce(0) { $0 + y[$1] } / count
      )
      let top = range.reduce(0) { $0 + (x[$1] - meanX) * (y[$1] - meanY) }
      let bottom = range.reduce(0) { $0 + (x[$1] - meanX) * (x[$1] - meanX) }
      return bottom > 0 ? top / bottom : 0
    }
  }

  /// - Parameter steps: batches in all; the run must have as many, over all its epochs.
  public init(
    from lowest: Double = 1e-5, to highest: Double = 1, steps: Int = 100, smoothing: Double = 0.9
  ) {
    self.lowest = lowest
    self.highest = highest
    self.steps = max(2, steps)
    self.smoothing = smoothing
    result = Result(smoothing: smoothing)
  }

  /// Tests a copy of `model`, with its own optimizer, from its weights as they are.
  ///
  /// - Parameter settings: as of a training; the epochs are those that the test needs.
  /// - Throws: ``KerasError`` for a rate that a schedule gives.
  public static func test(
    _ model: Model, on data: Dataset, settings: FitSettings, from lowest: Double = 1e-5,
    to highest: Double = 1, steps: Int = 100, callbacks: [any Callback] = []
  ) throws(KerasError) -> Result {
    let finder = LearningRateFinder(from: lowest, to: highest, steps: steps)
    var (copy, settings) = (model, settings)
    let rows = try data.split(validation: settings.validationSplit).training.count
    let batches = (rows + settings.batchSize - 1) / max(1, settings.batchSize)
    settings.initialEpoch = 0
    settings.epochs = (finder.steps + batches - 1) / max(1, batches)
    try copy.fit(data, settings: settings, callbacks: [finder] + callbacks)
    return finder.result
  }

  // MARK: - As a callback

  public func onTrainBegin(_ run: TrainingRun) throws(KerasError) {
    (result, average) = (Result(smoothing: smoothing), 0)
    try run.setLearningRate(lowest)
  }

  public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) { sums = (0, 0) }

  public func onTrainBatchEnd(
    _ batch: Int, _ logs: Logs, _ run: TrainingRun
  ) throws(KerasError) {
    let count = result.rates.count
    guard count < steps, let reported = logs["loss"] else { return }
    var loss = reported
    if run.generation > .keras2 {
      // Reported is the mean of the epoch so far.
      let sum = reported * Double(sums.batches + 1)
      loss = sum - sums.loss
      sums = (sum, sums.batches + 1)
    }
    result.rates.append(rate(count))
    result.losses.append(loss)
    average = smoothing * average + (1 - smoothing) * loss
    result.smoothed.append(average / (1 - Self.power(smoothing, count + 1)))
    if count + 1 < steps, result.blowUp == nil {
      try run.setLearningRate(rate(count + 1))
    } else {
      run.stopTraining = true
    }
  }

  private func rate(_ index: Int) -> Double {
    let share = Double(index) / Double(steps - 1)
    return Double.exp(Double.log(lowest) + share * (Double.log(highest) - Double.log(lowest)))
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}
