import KerasFormat
import KerasRuntime

extension Model {
  /// Refuses to measure outputs of a 16-bit type where Keras measures in that type.
  ///
  /// Keras 3 casts to float32 what its losses take, and what its metrics take but for the functions
  /// of losses behind a mean (`keras/src/losses/loss.py` and `keras/src/metrics/reduction_metrics.py` of
  /// 3.15); accuracies only compare. 2.15 casts nothing.
  func refuseNarrowMeasures(_ objective: Objective, _ metrics: CompiledMetrics) throws(KerasError) {
    let policies = zip(network.outputPolicies, objective.losses).filter { $0.1 != nil }.map(\.0)
    for (output, policy) in policies.enumerated() where policy.computeType.isNarrow {
      let entry = metrics.entries.first { $0.output == output && $0.isOfOutputType }
      guard objective.generation < .keras3 || entry != nil else { continue }
      throw KerasError(
        .unsupportedConfiguration,
        "Keras \(objective.generation.rawValue) takes \(entry?.name ?? "the loss") of an output in "
          + "\(policy.computeType.rawValue), which is not computed as it does",
        hint: "give the layer that this output comes from the policy float32")
    }
  }
}

extension CompiledMetrics.Entry {
  /// Whether Keras 3 computes it in the type of the output.
  fileprivate var isOfOutputType: Bool {
    guard let mean = metric as? MeanMetric else { return false }
    return !(mean.measure is Accuracy)
  }
}
