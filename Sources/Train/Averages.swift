import KerasFormat
import KerasRuntime

/// Loss and metrics over the batches of an epoch: averages weighted by the number of samples, as
/// Keras reports them.
struct Averages {
  private var metrics: [any Metric]
  private var lossSum = 0.0
  private var rows = 0
  private let prefix: String
  /// Keras 3 puts its logs in alphabetical order.
  private let isSorted: Bool

  init(_ metrics: [any Metric], prefix: String = "", generation: Generation) {
    self.metrics = metrics
    self.prefix = prefix
    isSorted = generation == .keras3
  }

  mutating func add(_ outcome: Objective.Outcome<Float>, rows: Int, targetWidth: Int) {
    lossSum += outcome.loss * Double(rows)
    self.rows += rows
    let output = outcome.output.tensor
    guard case .reals(let values) = output.content else { return }
    for index in metrics.indices {
      metrics[index].update(
        MetricBatch(
          output: values, targets: outcome.targets, vectors: output.vectors, width: output.width,
          targetWidth: targetWidth, mask: outcome.output.mask.map { UnsafePointer($0.flags) }))
    }
  }

  var loss: Double { rows > 0 ? lossSum / Double(rows) : 0 }

  /// Name and value of each, the loss first or all in alphabetical order.
  var logs: [(name: String, value: Double)] { logs(prefix: prefix) }

  /// The same by the names that they have in `evaluate`.
  var unprefixedLogs: Logs { Logs(logs(prefix: "")) }

  private func logs(prefix: String) -> [(name: String, value: Double)] {
    var logs = [(name: prefix + "loss", value: loss)]
    for metric in metrics { logs.append((prefix + metric.name, metric.result)) }
    return isSorted ? logs.sorted { $0.name < $1.name } : logs
  }

  /// The metric that reports under this name, if there is one.
  func metric(named name: String) -> String? { metrics.first { $0.name == name }?.name }

  mutating func reset() {
    (lossSum, rows) = (0, 0)
    for index in metrics.indices { metrics[index].reset() }
  }

  /// All that has been added: the loss's sum and rows, then each metric's own.
  var state: [[Double]] {
    [[lossSum, Double(rows)]] + metrics.map(\.state)
  }

  /// Takes up what ``state`` gave; nothing where an epoch had not begun.
  mutating func restore(_ state: [[Double]]) throws(KerasError) {
    guard !state.isEmpty else { return reset() }
    guard state.count == metrics.count + 1, state[0].count == 2,
      zip(state.dropFirst(), metrics).allSatisfy({ $0.count == $1.state.count })
    else {
      throw KerasError(
        .invalidArgument,
        "the averages of \(state.count - 1) metrics but there are \(metrics.count)")
    }
    (lossSum, rows) = (state[0][0], Int(state[0][1]))
    for index in metrics.indices { metrics[index].state = state[index + 1] }
  }
}
