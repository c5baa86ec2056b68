import KerasFormat

/// The value that a callback watches, and what counts as an improvement of it.
public struct Monitor: Sendable, Equatable {
  /// Which way is better; `auto` goes by the name, or in Keras 3 by the metric.
  public enum Mode: String, Sendable, CaseIterable { case auto, min, max }

  /// How `auto` reads a name before Keras 3.
  enum NameRule {
    /// `EarlyStopping`: Keras 1, 2.2: 'acc' is in it (1: or `fmeasure` in front). 2.15: ends in
    /// acc, accuracy or auc.
    case earlyStopping
    /// `ModelCheckpoint`: 'acc' is in it, or `fmeasure` in front.
    case checkpoint
    /// `ReduceLROnPlateau`: 'acc' is in it.
    case plateau
  }

  /// The name in the logs, such as `val_loss`.
  public let name: String
  /// Which way is better.
  public let mode: Mode

  /// Whether more is better.
  func isMaximized(
    _ rule: NameRule, in run: TrainingRun, for callback: String
  ) throws(KerasError) -> Bool {
    switch mode {
    case .min: return false
    case .max: return true
    case .auto: break
    }
    let hasAccuracy = name.contains("acc")
    switch (run.generation, rule) {
    case (.keras3, _):
      let bare = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
      if bare == "loss" { return false }
      guard let isMaximized = run.isMaximized(metric: bare) else {
        throw KerasError(
          .invalidArgument, "which way \(name) gets better cannot be told",
          at: .init(path: [callback, "monitor"]), hint: "say mode 'min' or 'max'")
      }
      return isMaximized
    case (.keras2_15, .earlyStopping):
      return ["acc", "accuracy", "auc"].contains { name.hasSuffix($0) }
    case (.keras2, .earlyStopping), (_, .plateau):
      return hasAccuracy
    case (_, .earlyStopping), (_, .checkpoint):
      return hasAccuracy || name.hasPrefix("fmeasure")
    }
  }

  /// Whether `value` beats `best` by more than `delta`, in the arithmetic of the generation: Keras
  /// 3 takes the change off the value and compares float32 numbers, the others compare float64.
  static func improves(
    _ value: Double, on best: Double?, by delta: Double, isMaximized: Bool, _ generation: Generation
  ) -> Bool {
    guard let best else { return true }
    let changed = isMaximized ? value - delta : value + delta
    if generation == .keras3 {
      return isMaximized ? Float(changed) > Float(best) : Float(changed) < Float(best)
    }
    return isMaximized ? changed > best : changed < best
  }

  /// What a first value is compared with: nothing in Keras 3, the worst there is before.
  static func worst(isMaximized: Bool, _ generation: Generation) -> Double? {
    generation == .keras3 ? nil : isMaximized ? -.infinity : .infinity
  }
}

extension ConfigReader {
  mutating func monitor() throws(KerasError) -> Monitor {
    Monitor(
      name: try string("monitor", default: "val_loss"),
      mode: try choice("mode", default: Monitor.Mode.auto))
  }
}

extension Monitor {
  var config: JSONObject { ["monitor": .string(name), "mode": .string(mode.rawValue)] }
}

extension JSONObject {
  func merging(_ other: JSONObject) -> JSONObject {
    var all = self
    for (key, value) in other.members { all[key] = value }
    return all
  }
}

extension TrainingRun {
  /// Which way a metric gets better, as Keras 3's metric objects have it; `nil` for one that is not
  /// measured or has no direction.
  func isMaximized(metric name: String) -> Bool? {
    guard let metric = averages.metric(named: name) else { return nil }
    // Keras 3 knows metrics by their full names too; the errors are the few that are to be small.
    let falling = [
      "error", "mse", "mae", "mape", "msle", "rmse", "logcosh", "log_cosh", "hinge", "crossentropy",
      "bce", "kld", "kl_divergence", "poisson",
    ]
    return !falling.contains { metric.lowercased().contains($0) }
  }

  /// The names of what is measured, as a warning lists them.
  func available(_ logs: Logs) -> String { logs.names.joined(separator: ",") }
}
