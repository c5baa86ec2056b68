import KerasFormat
import KerasRuntime

/// What an optimizer may have for its `learningRate`: a number, or a schedule.
///
///     RMSprop(learningRate: 0.001)
///     RMSprop(learningRate: ExponentialDecay(0.01, decaySteps: 1000, decayRate: 0.9))
public protocol LearningRate: Sendable {
  /// The rate of the update after `iterations` batches.
  func rate(after iterations: Int) -> Float

  /// As Keras writes it: a number, or an object with `class_name` and `config`.
  var serialized: JSON { get }

  /// Refuses settings that make no rate.
  ///
  /// - Throws: ``KerasError/Code/invalidArgument`` with the setting.
  func check() throws(KerasError)
}

extension Double: LearningRate {
  public func rate(after iterations: Int) -> Float { Float(self) }
  public var serialized: JSON { .number(self) }

  public func check() throws(KerasError) {
    guard isFinite, self >= 0 else {
      throw KerasError(
        .invalidArgument, "\(self) but a rate is zero or positive",
        at: .init(path: ["learning_rate"]))
    }
  }
}

/// A learning rate that changes by the number of batches done: a class of
/// `keras.optimizers.schedules`, which Keras 2.15 and 3 have. It computes in float32, in Keras's
/// order.
public protocol LearningRateSchedule: LearningRate, Equatable {
  /// Keras's class name.
  static var className: String { get }
  /// From Keras's config without `name`.
  ///
  /// - Throws: ``KerasError/Code/unsupportedConfiguration`` for a setting that is missing or no
  ///   number.
  init(from config: inout ConfigReader) throws(KerasError)
  /// Keras's config without `name`.
  var config: JSONObject { get }
  /// What must be above zero, by its key.
  var steps: (key: String, count: Double) { get }
  /// The name that Keras gives one without.
  static var defaultName: String { get }
}

extension LearningRateSchedule {
  public static var defaultName: String { className }

  public var serialized: JSON {
    var config = config
    config["name"] = .string(Self.defaultName)
    return ["class_name": .string(Self.className), "config": .object(config)]
  }

  public func check() throws(KerasError) {
    guard steps.count > 0 else {
      throw KerasError(
        .invalidArgument, "\(steps.count) but it must be above 0",
        at: .init(path: ["learning_rate", Self.className, steps.key]))
    }
  }
}

/// THE list of schedules.
public enum LearningRates {
  /// Each class once.
  public static let schedules: [any LearningRateSchedule.Type] = [
    ExponentialDecay.self, PiecewiseConstantDecay.self, PolynomialDecay.self,
    InverseTimeDecay.self, CosineDecay.self, CosineDecayRestarts.self,
  ]

  /// A number, or a schedule as Keras writes it.
  static func rate(_ json: JSON) throws(KerasError) -> any LearningRate {
    if let number = json.number { return number }
    guard let object = json.object, let name = object["class_name"]?.string,
      let config = object["config"]?.object
    else {
      throw KerasError(
        .unsupportedConfiguration,
        "\(json.kind) but a number, or a schedule's class_name and config, belongs here")
    }
    guard let type = schedules.first(where: { $0.className == name }) else {
      let names = schedules.map { $0.className }
      throw KerasError(
        .unknownName, "unknown learning rate schedule '\(name)'",
        hint: Suggestion.hint(for: name, among: names)
          ?? "known are \(names.joined(separator: ", "))")
    }
    var reader = ConfigReader(config, of: name)
    reader.ignore("name")
    let schedule = try type.init(from: &reader)
    try reader.finish()
    return schedule
  }
}

extension ConfigReader {
  /// A number that a schedule cannot do without.
  mutating func requiredNumber(_ key: String) throws(KerasError) -> Double {
    guard let value = value(key) else { throw error(key, "missing, but this schedule needs it") }
    guard let number = value.number else {
      throw error(key, "\(value.kind) but a number belongs here")
    }
    return number
  }

  mutating func requiredNumbers(_ key: String) throws(KerasError) -> [Double] {
    let values = value(key)?.array ?? []
    let numbers = values.compactMap(\.number)
    guard numbers.count == values.count, !numbers.isEmpty else {
      throw error(key, "a list of numbers belongs here")
    }
    return numbers
  }
}

extension JSON {
  /// A count: whole where it is whole, as Python wrote it.
  static func count(_ value: Double) -> JSON {
    Int(exactly: value).map(JSON.integer) ?? .number(value)
  }
}
