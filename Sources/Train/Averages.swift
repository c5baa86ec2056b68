import KerasFormat
import KerasRuntime

/// Losses and metrics over the batches of an epoch: averages weighted by the number of samples, as
/// Keras reports them.
struct Averages {
  private var metrics: CompiledMetrics
  private var lossSum = 0.0
  /// Of each output with a loss, and what they are divided by.
  private var partSums: [Double]
  private var partWeight = 0.0
  private var weight = 0.0
  private let partNames: [String]
  private let prefix: String
  private let generation: Generation
  /// Whether every batch counts alike in the losses of the outputs, however many rows it has: Keras
  /// 3 asks for the rows of a batch before TensorFlow knows them.
  private let countsBatches: Bool
  /// Whether metrics see no masks: in training on JAX they are lost on the way to them.
  private let dropsMasks: Bool

  /// - Parameter isTraining: whether the batches are trained on, not only measured.
  init(
    _ metrics: CompiledMetrics, objective: Objective, prefix: String = "", isTraining: Bool = false
  ) {
    self.metrics = metrics
    self.prefix = prefix
    generation = objective.generation
    let backend = objective.generation == .keras3 ? objective.backend : nil
    countsBatches =
      objective.generation == .keras3 && (backend == nil || backend == .tensorflow)
    dropsMasks = isTraining && backend == .jax
    partNames = CompiledMetrics.lossNames(
      objective.losses, objective.network.outputNames, objective.generation)
    partSums = partNames.map { _ in 0 }
  }

  /// - Throws: ``KerasError`` naming a metric that cannot take the batch.
  mutating func add(_ outcome: Objective.Outcome<Float>, rows: Int) throws(KerasError) {
    let weight = Double(rows) * outcome.rowWeight
    lossSum += outcome.loss * weight
    self.weight += weight
    let partWeight = countsBatches ? 1 : weight
    for index in partSums.indices { partSums[index] += outcome.parts[index].loss * partWeight }
    self.partWeight += partWeight
    for index in metrics.entries.indices {
      let entry = metrics.entries[index]
      let part = outcome.parts[entry.output]
      let output = part.output.tensor
      guard case .reals(let values) = output.content else { continue }
      do throws(KerasError) {
        try metrics.entries[index].metric.update(
          MetricBatch(
            output: values, logits: part.output.logits.map { UnsafePointer($0) },
            targets: part.targets, rows: rows, vectors: output.vectors, width: output.width,
            targetWidth: part.targetWidth,
            mask: dropsMasks ? nil : part.output.mask.map { UnsafePointer($0.flags) },
            weights: entry.isWeighted ? part.weights.map { UnsafePointer($0) } : nil,
            generation: generation))
      } catch {
        throw error.inside(entry.name)
      }
    }
  }

  var loss: Double { weight > 0 ? lossSum / weight : 0 }

  /// Name and value of each, the losses first or, as Keras 3 has them, all in alphabetical order.
  var logs: [(name: String, value: Double)] { logs(prefix: prefix) }

  /// The same by the names that they have in `evaluate`.
  var unprefixedLogs: Logs { Logs(logs(prefix: "")) }

  private func logs(prefix: String) -> [(name: String, value: Double)] {
    var logs = [(name: prefix + "loss", value: loss)]
    for (name, sum) in zip(partNames, partSums) {
      logs.append((prefix + name, partWeight > 0 ? sum / partWeight : 0))
    }
    for entry in metrics.entries { logs.append((prefix + entry.name, entry.metric.result)) }
    return generation == .keras3 ? logs.sorted { $0.name < $1.name } : logs
  }

  /// The same with the loss first, as `evaluate` returns it.
  var lossFirst: [(name: String, value: Double)] {
    let losses = [prefix + "loss"] + partNames.map { prefix + $0 }
    let logs = logs
    return losses.compactMap { name in logs.first { $0.name == name } }
      + logs.filter { !losses.contains($0.name) }
  }

  /// The metric that reports under this name, if there is one.
  func metric(named name: String) -> String? {
    metrics.entries.first { $0.name == name }?.name
  }

  mutating func reset() {
    (lossSum, weight, partWeight) = (0, 0, 0)
    for index in partSums.indices { partSums[index] = 0 }
    for index in metrics.entries.indices { metrics.entries[index].metric.reset() }
  }

  /// All that has been added: of the losses, then each metric's own.
  var state: [[Double]] {
    [[lossSum, weight, partWeight] + partSums] + metrics.entries.map(\.metric.state)
  }

  /// Takes up what ``state`` gave; nothing where an epoch had not begun.
  mutating func restore(_ state: [[Double]]) throws(KerasError) {
    guard !state.isEmpty else { return reset() }
    guard state.count == metrics.entries.count + 1, state[0].count == partSums.count + 3 else {
      throw KerasError(
        .invalidArgument,
        "the averages of \(state.count - 1) metrics but there are \(metrics.entries.count)")
    }
    (lossSum, weight, partWeight) = (state[0][0], state[0][1], state[0][2])
    partSums = Array(state[0].dropFirst(3))
    for index in metrics.entries.indices { metrics.entries[index].metric.state = state[index + 1] }
  }
}
