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
  /// All it has counted, as numbers: what a run that goes on in the middle of an epoch takes up. A
  /// state of another length comes from another metric and is ignored.
  var state: [Double] { get set }
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
  /// Keras's function name, its abbreviations, and the metric under the name it reports.
  private static let builtIn:
    [(name: String, short: [String], make: @Sendable (_ reported: String) -> any Metric)] = [
      ("binary_accuracy", [], { Accuracy(.binary, name: $0) }),
      ("categorical_accuracy", [], { Accuracy(.categorical, name: $0) }),
      ("sparse_categorical_accuracy", [], { Accuracy(.sparseCategorical, name: $0) }),
      ("mean_absolute_error", ["mae", "MAE"], { MeanError(.absolute, name: $0) }),
      ("mean_squared_error", ["mse", "MSE"], { MeanError(.squared, name: $0) }),
    ]
  /// The names whose form depends on the loss.
  private static let inferredAccuracy = ["acc", "accuracy"]
  private static let known = inferredAccuracy + builtIn.flatMap { [$0.name] + $0.short }

  /// The metrics of a serialized `metrics` entry: a list of names, `null` for none.
  ///
  /// - Parameters:
  ///   - loss: decides with the output's width which of its three forms `acc` takes.
  ///   - generation: Keras 1 and 2.2 call `accuracy` `acc` in the history, and the others by their
  ///     full names; later ones as they were given.
  public static func metrics(
    _ json: JSON, loss: any Loss, outputWidth: Int, generation: Generation
  ) throws(KerasError) -> [any Metric] {
    var metrics: [any Metric] = []
    for entry in flattened(json) {
      guard let name = entry.string ?? entry.object?["config"]?.object?["name"]?.string else {
        throw KerasError(
          .unsupportedConfiguration, "\(entry.kind) but a metric's name belongs here")
      }
      if inferredAccuracy.contains(name) {
        metrics.append(
          Accuracy(
            inferredForm(loss, outputWidth, generation), name: generation <= .keras2 ? "acc" : name)
        )
        continue
      }
      guard let entry = builtIn.first(where: { $0.name == name || $0.short.contains(name) }) else {
        throw KerasError(
          .unknownName, "unknown metric '\(name)'",
          hint: Suggestion.hint(for: name, among: known)
            ?? "known are \(known.joined(separator: ", "))")
      }
      metrics.append(entry.make(generation <= .keras2 ? entry.name : name))
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
