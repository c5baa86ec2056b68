import KerasFormat
import KerasRuntime

/// Something counted over the batches of an epoch besides the loss.
public protocol Metric: Sendable {
  /// The name under which it stands in the history.
  var name: String { get }
  /// Takes one batch in.
  mutating func update(_ batch: MetricBatch)
  /// The value over all batches since the last reset.
  var result: Double { get }
  mutating func reset()
}

/// One batch as a metric sees it.
public struct MetricBatch {
  /// The model's output, `[vectors × width]`.
  public let output: UnsafePointer<Float>
  /// `[vectors × targetWidth]`
  public let targets: UnsafePointer<Float>
  public let vectors: Int
  public let width: Int
  public let targetWidth: Int
  /// Which vectors count; `nil` for all.
  public let mask: UnsafePointer<Bool>?
}

/// THE list of metrics by the names that `compile(metrics:)` takes.
public enum MetricRegistry {
  private static let accuracyForms: [String: Accuracy.Form] = [
    "binary_accuracy": .binary, "categorical_accuracy": .categorical,
    "sparse_categorical_accuracy": .sparseCategorical,
  ]
  /// The names whose form depends on the loss.
  private static let inferredAccuracy = ["acc", "accuracy"]
  private static let known = inferredAccuracy + accuracyForms.keys.sorted()

  /// The metrics of a serialized `metrics` entry: a list of names, `null` for none.
  ///
  /// - Parameters:
  ///   - loss: decides with the output's width which of its three forms `acc` takes.
  ///   - generation: Keras 1 and 2.2 call `accuracy` `acc` in the history.
  public static func metrics(
    _ json: JSON, loss: any Loss, outputWidth: Int, generation: Generation
  ) throws(KerasError) -> [any Metric] {
    var metrics: [any Metric] = []
    for entry in flattened(json) {
      guard let name = entry.string ?? entry.object?["config"]?.object?["name"]?.string else {
        throw KerasError(.unsupportedConfiguration, "\(entry.kind) but a metric's name belongs here")
      }
      let inferred =
        inferredAccuracy.contains(name) ? inferredForm(loss, outputWidth, generation) : nil
      guard let form = inferred ?? accuracyForms[name] else {
        throw KerasError(
          .unknownName, "unknown metric '\(name)'",
          hint: Suggestion.hint(for: name, among: known)
            ?? "known are \(known.joined(separator: ", "))")
      }
      let reported = generation <= .keras2 && name == "accuracy" ? "acc" : name
      metrics.append(Accuracy(form, name: reported))
    }
    return metrics
  }

  /// Lists within lists, as Keras 2.15 writes one per output, laid flat.
  private static func flattened(_ json: JSON) -> [JSON] {
    switch json {
    case .null: []
    case .array(let entries): entries.flatMap(flattened)
    default: [json]
    }
  }

  private static func inferredForm(
    _ loss: any Loss, _ width: Int, _ generation: Generation
  ) -> Accuracy.Form {
    if width == 1 || generation <= .keras2 && loss is BinaryCrossentropy { return .binary }
    return loss.targetWidth(for: width) == 1 ? .sparseCategorical : .categorical
  }
}
