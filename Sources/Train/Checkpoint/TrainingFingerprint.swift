import KerasFormat
import KerasRuntime

extension Model {
  /// What decides how a training goes: two that agree in it end with the same bits. The model with
  /// its weights, how it is compiled, the optimizer's state, the rows, the settings.
  ///
  /// - Throws: ``KerasError/Code/invalidArgument`` for a model that is not compiled.
  package func trainingFingerprint(
    on data: Dataset, _ settings: FitSettings
  ) throws(KerasError) -> String {
    let compilation = try compiled()
    let training = compilation.record(for: network)
    var lines = network.record.layers.map { layer in
      "\(layer.className) \(layer.name) \(JSON.object(layer.config).pythonText())"
    }
    lines += [
      training.loss, training.metrics, training.lossWeights, training.weightedMetrics,
      .object(training.optimizer.config),
    ].map { $0.pythonText() }
    lines += [
      training.optimizer.className, "\(compilation.generation.rawValue)",
      compilation.backend?.rawValue ?? "",
      "\(settings.batchSize) \(settings.epochs) \(settings.initialEpoch)",
      "\(settings.validationSplit) \(settings.shuffle.rawValue) \(settings.seed ?? 0)",
    ]
    lines += settings.classWeight.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    for (name, weights) in settings.classWeights.sorted(by: { $0.key < $1.key }) {
      lines += weights.sorted { $0.key < $1.key }.map { "\(name) \($0.key): \($0.value)" }
    }
    var hash = DataFingerprint.emptyHash
    DataFingerprint.mix(Array(lines.joined(separator: "\n").utf8), into: &hash)
    let arrays =
      [NumericArray(shape: [network.parameters.layout.count], .float32(network.parameters.flat))]
      + training.optimizer.slots.flatMap(\.arrays)
    for array in arrays { DataFingerprint.mix(array.littleEndianBytes, into: &hash) }
    let rows = DataFingerprint(data, settings)
    return "\(String(hash, radix: 16)); \(rows.training); \(rows.validation)"
  }
}
