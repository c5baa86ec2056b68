import KerasFormat
import KerasTrain

/// A run of a ``Sweep`` that ended.
public struct SweepRun: Sendable {
  /// Its settings and seed.
  public let run: Sweep.Run
  /// Losses and metrics, epoch by epoch.
  public let history: History
  /// What guessing would give; `nil` where that is not known.
  public let guesses: ConstantPredictor.Losses?
  /// How long it took, validation included.
  public let seconds: Double
  /// What it was made from: model, weights, rows, settings.
  let fingerprint: String

  /// By default not compared with what it was made from.
  public init(
    run: Sweep.Run, history: History, guesses: ConstantPredictor.Losses?, seconds: Double,
    fingerprint: String = ""
  ) {
    self.run = run
    self.history = history
    self.guesses = guesses
    self.seconds = seconds
    self.fingerprint = fingerprint
  }

  /// The series that runs are compared by.
  public var measure: String { history["val_loss"].isEmpty ? "loss" : "val_loss" }

  /// What became of it; `nil` where no guess is known.
  public func outcome(_ plateau: Plateau) -> Plateau.Outcome? {
    guesses.map { plateau.outcome(history, $0) }
  }

  /// The lowest number of ``measure`` and its epoch, counted from 1; `nil` where none is finite.
  public var best: (value: Double, epoch: Int)? {
    let values = history[measure].enumerated().filter { $0.element.isFinite }
    return values.min { $0.element < $1.element }.map { ($0.element, $0.offset + 1) }
  }

  /// The highest validation accuracy, or training accuracy where nothing is validated.
  public var bestAccuracy: Double? {
    let names = ["val_acc", "val_accuracy", "acc", "accuracy"]
    let values = names.lazy.map { history[$0] }.first { !$0.isEmpty } ?? []
    return values.filter(\.isFinite).max()
  }
}

extension SweepRun {
  /// As it is kept between calls, and listed in `runs.json`: what is no finite number is null.
  var json: JSONObject {
    var settings: JSONObject = [:]
    for setting in run.settings { settings[setting.axis] = .string(setting.value) }
    var object: JSONObject = ["settings": .object(settings), "seed": JSON(seed: run.seed)]
    if let guesses {
      var losses: JSONObject = ["loss": .number(guesses.training)]
      losses["val_loss"] = guesses.validation.map(JSON.number)
      object["constant_predictor"] = JSON.object(losses).finite
    }
    object["history"] = history.json.finite
    object["seconds"] = .number(seconds)
    object["fingerprint"] = .string(fingerprint)
    return object
  }

  /// - Throws: ``KerasError`` for what ``json`` does not write.
  init(json: JSON, run: Sweep.Run) throws(KerasError) {
    guard let object = json.object, let fingerprint = object["fingerprint"]?.string,
      let seconds = object["seconds"]?.number, let history = object["history"]
    else {
      throw KerasError(.damagedFile, "\(json.kind) but a run of a sweep belongs here")
    }
    let losses = object["constant_predictor"]?.object
    self.init(
      run: run, history: try History(json: history.nullAsNaN),
      guesses: losses?["loss"]?.number.map {
        ConstantPredictor.Losses(training: $0, validation: losses?["val_loss"]?.number)
      }, seconds: seconds, fingerprint: fingerprint)
  }
}
