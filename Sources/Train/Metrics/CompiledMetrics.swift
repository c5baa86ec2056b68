import KerasFormat
import KerasRuntime

/// The metrics of a model, output by output, under the names that the history has.
struct CompiledMetrics: Sendable {
  struct Entry: Sendable {
    var metric: any Metric
    let name: String
    /// Which of the outputs that have a loss it looks at.
    let output: Int
    /// Whether sample weights count in it.
    let isWeighted: Bool
  }

  var entries: [Entry] = []

  /// - Parameters:
  ///   - metrics: as `compile` takes them: a list, or one for each output in a list of lists or a
  ///     dictionary by the outputs' names.
  ///   - weighted: those in which sample weights count.
  ///
  /// - Throws: ``KerasError`` where a metric is not known, or Keras refuses how they are given.
  init(
    _ metrics: JSON, weighted: JSON, losses: [OutputLoss?], network: Network,
    generation: Generation
  ) throws(KerasError) {
    let names = network.outputNames
    guard generation > .keras1 || weighted.isNull || weighted == [] else {
      throw KerasError(.unsupportedConfiguration, "Keras 1 has no weighted metrics")
    }
    var plain: [Unnamed] = []
    var counted: [String: Int] = [:]
    for (json, isWeighted) in [(metrics, false), (weighted, true)] {
      let lists = try Self.perOutput(json, names, generation)
      var position = 0
      for (index, list) in lists.enumerated() {
        guard let loss = losses[index] else {
          guard list.isEmpty || generation <= .keras2 else {
            throw KerasError(
              .invalidArgument, "metrics for '\(names[index])', which has no loss")
          }
          continue
        }
        for json in list {
          var named = try MetricRegistry.metric(
            json, loss: loss.loss, outputWidth: network.outputShapes[index].last ?? 1,
            output: names.count > 1 ? names[index] : nil, generation: generation)
          if named.isCounted {
            let count = counted[named.name, default: 0]
            counted[named.name] = count + 1
            if count > 0 { named.name += "_\(count)" }
          }
          plain.append(
            Unnamed(
              metric: named.metric, name: named.name, outputName: names[index], output: position,
              isWeighted: isWeighted))
        }
        position += 1
      }
    }
    try name(
      plain, isOne: names.count == 1, losses: Self.lossNames(losses, names, generation), generation)
  }

  /// A metric before it is named among the others.
  private struct Unnamed {
    let metric: any Metric
    let name: String
    let outputName: String
    let output: Int
    let isWeighted: Bool
  }

  /// The names of the outputs' own losses in the history, by output with a loss; empty where Keras
  /// reports none.
  static func lossNames(
    _ losses: [OutputLoss?], _ outputs: [String], _ generation: Generation
  ) -> [String] {
    let names = zip(outputs, losses).filter { $0.1 != nil }.map { "\($0.0)_loss" }
    let isReported = generation == .keras3 ? names.count > 1 : outputs.count > 1
    return isReported ? names : []
  }

  // MARK: - Which output

  private static func perOutput(
    _ json: JSON, _ outputs: [String], _ generation: Generation
  ) throws(KerasError) -> [[JSON]] {
    if json.isNull { return outputs.map { _ in [] } }
    if outputs.count == 1 {
      // One object with a class is a metric itself; another has the output's name in it.
      if let object = json.object, object["class_name"] == nil {
        return try OutputLoss.perOutput(json, outputs, isOne: { _ in false }).map(flattened)
      }
      return [flattened(json)]
    }
    if let list = json.array {
      if list.isEmpty { return outputs.map { _ in [] } }
      let isNested = list.contains { $0.array != nil }
      switch generation {
      case .keras1, .keras2:
        guard !isNested else {
          throw KerasError(
            .invalidArgument,
            "metrics in lists of lists, but Keras \(generation.rawValue) takes one list for all "
              + "outputs or a dictionary")
        }
        return outputs.map { _ in list }
      case .keras2_15:
        guard isNested else { return outputs.map { _ in list } }
      case .keras3: break
      }
      return try OutputLoss.perOutput(json, outputs, isOne: { _ in false }).map(flattened)
    }
    guard let object = json.object, object["class_name"] == nil else {
      throw KerasError(
        .invalidArgument, "\(json.kind) but a list of metrics, or a dictionary, belongs here")
    }
    return try OutputLoss.perOutput(json, outputs, isOne: { _ in false }).map(flattened)
  }

  /// Lists within lists laid flat.
  private static func flattened(_ json: JSON) -> [JSON] {
    switch json {
    case .null: []
    case .array(let entries): entries.flatMap(flattened)
    default: [json]
    }
  }

  // MARK: - Names

  private mutating func name(
    _ metrics: [Unnamed], isOne: Bool, losses: [String], _ generation: Generation
  ) throws(KerasError) {
    var metrics = metrics
    if generation <= .keras2_15 {
      // Output by output, the weighted ones after the others.
      metrics = metrics.indices.sorted {
        (metrics[$0].output, $0) < (metrics[$1].output, $1)
      }.map { metrics[$0] }
    }
    func full(_ metric: Unnamed, _ prefix: String = "") -> String {
      (isOne ? "" : "\(metric.outputName)_") + prefix + metric.name
    }
    var used: [String] = ["loss"] + losses
    var counts: [String: Int] = [:]
    for metric in metrics {
      var name = full(metric)
      switch generation {
      case .keras1: break
      case .keras2:
        name = full(metric, metric.isWeighted ? "weighted_" : "")
        let base = name
        var count = 1
        while used.contains(name) {
          name = "\(base)_\(count)"
          count += 1
        }
      case .keras2_15:
        if metric.isWeighted, used.contains(name) { name = full(metric, "weighted_") }
        guard !used.dropFirst(1 + losses.count).contains(name) else {
          throw KerasError(
            .invalidArgument, "two metrics are called '\(name)', which Keras 2.15 refuses")
        }
      case .keras3:
        if metric.isWeighted, counts[name] != nil { name = full(metric, "weighted_") }
        let count = counts[name, default: 0]
        counts[name] = count + 1
        if count > 0 { name += "_\(count)" }
      }
      used.append(name)
      entries.append(
        Entry(
          metric: metric.metric, name: name, output: metric.output,
          isWeighted: metric.isWeighted))
    }
    if generation == .keras1 { countDuplicates() }
  }

  /// Keras 1 counts all metrics of one name from 1.
  private mutating func countDuplicates() {
    let names = entries.map(\.name)
    var seen: [String: Int] = [:]
    entries = entries.map { entry in
      guard names.count(where: { $0 == entry.name }) > 1 else { return entry }
      seen[entry.name, default: 0] += 1
      return Entry(
        metric: entry.metric, name: "\(entry.name)_\(seen[entry.name] ?? 1)",
        output: entry.output, isWeighted: entry.isWeighted)
    }
  }
}
