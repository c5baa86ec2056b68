import KerasFormat
import KerasRuntime

/// Makes metrics of the names and objects that `compile(metrics:)` takes.
public enum MetricRegistry {
  /// A metric with the name that it has in the history.
  struct Named {
    let metric: any Metric
    var name: String
    /// Whether Keras made the name of the class, and counts where it makes it again.
    var isCounted = false
  }

  /// Metrics that Keras has and this package does not compute.
  private static let refused = [
    "IoU", "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "Mean", "Sum", "MeanTensor",
    "MeanRelativeError", "ConcordanceCorrelation", "PearsonCorrelation",
  ]

  /// One metric.
  ///
  /// - Parameters:
  ///   - loss: decides with the output's width which of its three forms `acc` takes.
  ///   - output: the output's name, which 2.15's files have in front of the metric's where there
  ///     are several outputs; `nil` where there is one.
  static func metric(
    _ json: JSON, loss: any Loss, outputWidth: Int, output: String?, generation: Generation
  ) throws(KerasError) -> Named {
    if let name = json.string {
      return try named(name, loss, outputWidth, generation)
    }
    guard let object = json.object, let className = object["class_name"]?.string else {
      throw KerasError(.unsupportedConfiguration, "\(json.kind) but a metric's name belongs here")
    }
    var config = object["config"]?.object ?? [:]
    guard generation >= .keras2_15 else {
      throw KerasError(
        .unsupportedConfiguration,
        "Keras \(generation.rawValue) has metrics by name alone, not \(className)")
    }
    var given = config["name"]?.string
    config["name"] = nil
    if generation == .keras2_15, let output, let name = given, name.hasPrefix(output + "_") {
      given = String(name.dropFirst(output.count + 1))
    }
    config["dtype"] = nil
    if className == "MeanMetricWrapper", let function = config["fn"]?.string {
      // What 2.15 makes of a metric that was given by name.
      var named = try named(function, loss, outputWidth, generation)
      if let given { named.name = given }
      return named
    }
    config["fn"] = nil
    let names = try entry(className, generation)
    let metric = try make(names, config, generation)
    if let given { return Named(metric: metric, name: given) }
    return objectNamed(metric, names, generation)
  }

  private static func objectNamed(
    _ metric: any Metric, _ names: MetricNames, _ generation: Generation
  ) -> Named {
    let own = names.objectName(in: generation)
    return Named(
      metric: metric, name: own ?? LayerNames.snakeCase(names.className), isCounted: own == nil)
  }

  private static func named(
    _ name: String, _ loss: any Loss, _ width: Int, _ generation: Generation
  ) throws(KerasError) -> Named {
    let isOld = generation <= .keras2
    let plain = isOld ? name : name.lowercased()
    if ["acc", "accuracy"].contains(plain) {
      let form = inferredForm(loss, width, generation)
      return Named(metric: MeanMetric(Accuracy(form)), name: isOld ? "acc" : name)
    }
    if ["ce", "crossentropy"].contains(plain), generation == .keras2 || generation == .keras2_15 {
      let loss: any Loss =
        switch inferredForm(loss, width, generation) {
        case .binary: BinaryCrossentropy()
        case .sparseCategorical: SparseCategoricalCrossentropy()
        default: CategoricalCrossentropy()
        }
      return Named(metric: MeanMetric(LossMeasure(loss: loss)), name: isOld ? "ce" : name)
    }
    let names = try entry(name, generation)
    let metric = try make(names, [:], generation)
    if isOld {
      // The name of the function behind it.
      let own = names.functions.first { $0.generations.contains(generation) }?.text
      return Named(metric: metric, name: own ?? name)
    }
    // 2.15 keeps the name of a function as it was given, and makes an object of a class.
    let isClass = generation == .keras2_15 && name == names.className
    return isClass ? objectNamed(metric, names, generation) : Named(metric: metric, name: name)
  }

  private static func entry(
    _ name: String, _ generation: Generation
  ) throws(KerasError) -> MetricNames {
    if let entry = MetricNames.named(name, in: generation, snakeCase: LayerNames.snakeCase) {
      return entry
    }
    if refused.contains(name) {
      throw KerasError(.unsupportedConfiguration, "the metric '\(name)' is not supported")
    }
    let known =
      ["acc", "accuracy"]
      + MetricNames.all.flatMap { entry in
        entry.functions.filter { $0.generations.contains(generation) }.map(\.text)
          + (entry.classGenerations?.contains(generation) ?? false ? [entry.className] : [])
      }
    throw KerasError(
      .unknownName, "unknown metric '\(name)'",
      hint: Suggestion.hint(for: name, among: known) ?? "known are \(known.joined(separator: ", "))"
    )
  }

  private static func inferredForm(
    _ loss: any Loss, _ width: Int, _ generation: Generation
  ) -> Accuracy.Form {
    if width == 1 || generation <= .keras2 && loss is BinaryCrossentropy {
      return .binary(threshold: 0.5)
    }
    return loss.targetWidth(for: width) == 1 ? .sparseCategorical : .categorical
  }

  // MARK: - By class

  private static func make(
    _ names: MetricNames, _ settings: JSONObject, _ generation: Generation
  ) throws(KerasError) -> any Metric {
    var config = ConfigReader(settings, of: names.className)
    let metric = try make(names.className, &config, generation)
    try config.finish()
    return metric
  }

  private static func make(
    _ className: String, _ config: inout ConfigReader, _ generation: Generation
  ) throws(KerasError) -> any Metric {
    if let kind = CountMetric.Kind(rawValue: className) {
      return try CountMetric(kind, from: &config)
    }
    if let kind = ConstrainedMetric.Kind(rawValue: className) {
      return try ConstrainedMetric(kind, from: &config)
    }
    if let form = try accuracy(className, &config) { return MeanMetric(Accuracy(form)) }
    switch className {
    case "RootMeanSquaredError": return MeanMetric(SquaredErrors(), isRoot: true)
    case "AUC": return try AUC(from: &config)
    case "F1Score": return try FBetaScore(beta: 1, from: &config)
    case "FBetaScore": return try FBetaScore(beta: nil, from: &config)
    case "R2Score": return try R2Score(from: &config)
    case "CosineSimilarity":
      let loss = try CosineSimilarity(from: &config)
      return MeanMetric(LossMeasure(loss: loss, sign: generation <= .keras2 ? 1 : -1))
    case "Keras1Precision": return Keras1Metric(.precision)
    case "Keras1Recall": return Keras1Metric(.recall)
    case "Keras1FMeasure": return Keras1Metric(.fmeasure)
    case "Keras1FBetaScore": return Keras1Metric(.fbeta)
    case "Keras1MatthewsCorrelation": return Keras1Metric(.matthews)
    default:
      let lossName = className == "LogCoshError" ? "LogCosh" : className
      guard let type = LossRegistry.builtIn.first(where: { $0.className == lossName }) else {
        throw KerasError(.unsupportedConfiguration, "the metric '\(className)' is not supported")
      }
      return MeanMetric(LossMeasure(loss: try type.init(from: &config)))
    }
  }

  private static func accuracy(
    _ className: String, _ config: inout ConfigReader
  ) throws(KerasError) -> Accuracy.Form? {
    switch className {
    case "Accuracy": return .equal
    case "BinaryAccuracy":
      return .binary(threshold: Float(try config.number("threshold", default: 0.5)))
    case "CategoricalAccuracy": return .categorical
    case "SparseCategoricalAccuracy": return .sparseCategorical
    case "TopKCategoricalAccuracy": return .topK(try config.integer("k", default: 5))
    case "SparseTopKCategoricalAccuracy":
      try config.refuse("from_sorted_ids")
      return .sparseTopK(try config.integer("k", default: 5))
    default: return nil
    }
  }
}
