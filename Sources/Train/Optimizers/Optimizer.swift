import KerasFormat
import KerasRuntime

/// An optimizer: how weights follow their gradients, in the arithmetic of a Keras generation.
///
/// It is a value of settings; its arrays, the slots, are kept by the training run.
public protocol Optimizer: Sendable {
  /// Keras 3's class name.
  static var className: String { get }
  var learningRate: Double { get set }
  /// Learning rate decay of Keras 1 and 2.2: the rate is divided by 1 + decay · updates so far.
  var decay: Double { get set }
  /// The slots it needs, by Keras 3's names.
  var slotNames: [String] { get }

  /// From its canonical config; missing keys take the generation's defaults.
  init(from config: inout ConfigReader, generation: Generation) throws(KerasError)
  /// Its own canonical keys, the learning rate apart.
  var config: JSONObject { get }

  /// Changes one weight.
  func update(_ step: UpdateStep)
}

/// One weight at one update.
public struct UpdateStep {
  public let weight: UnsafeMutablePointer<Float>
  public let gradient: UnsafePointer<Float>
  /// In the order of ``Optimizer/slotNames``.
  public let slots: [UnsafeMutablePointer<Float>]
  public let count: Int
  /// The rate of this update, decay applied.
  public let learningRate: Float
  /// Updates including this one: 1, 2, ….
  public let iteration: Int
  public let generation: Generation

  /// `1 - share`, for a running mean: Keras 1 and 2.2 keep the share as a float32 and subtract that;
  /// Keras 2.15 and 3 subtract in Python's double precision. For 0.999 they differ by 5e-5.
  @inline(__always)
  func complement(_ share: Double) -> Float {
    generation <= .keras2 ? 1 - Float(share) : Float(1 - share)
  }
}

extension Optimizer {
  public var serialized: JSON {
    ["class_name": .string(Self.className), "config": .object(record(iterations: nil).config)]
  }

  /// The rate of the update after `iterations` others.
  func rate(after iterations: Int) -> Float {
    Float(decay == 0 ? learningRate : learningRate / (1 + decay * Double(iterations)))
  }

  /// As stored: Keras 3's keys, no slots yet.
  func record(iterations: Int?) -> OptimizerRecord {
    var config: JSONObject = ["learning_rate": .number(learningRate)]
    if decay != 0 { config["decay"] = .number(decay) }
    for (key, value) in self.config.members { config[key] = value }
    return OptimizerRecord(className: Self.className, config: config, iterations: iterations)
  }
}

/// THE list of optimizers.
public enum OptimizerRegistry {
  public static let builtIn: [any Optimizer.Type] = [SGD.self, RMSprop.self, Adam.self]

  /// An optimizer by its class name in any case (`rmsprop`, `RMSprop`) with its canonical config.
  public static func optimizer(
    _ name: String, config: JSONObject = [:], generation: Generation
  ) throws(KerasError) -> any Optimizer {
    guard
      let type = builtIn.first(where: { $0.className.lowercased() == name.lowercased() })
    else {
      throw KerasError(
        .unknownName, "unknown optimizer '\(name)'",
        hint: Suggestion.hint(for: name, among: builtIn.map { $0.className.lowercased() })
          ?? "known are \(builtIn.map { $0.className.lowercased() }.joined(separator: ", "))")
    }
    var reader = ConfigReader(config, of: type.className)
    reader.ignore(
      "name", "jit_compile", "is_legacy_optimizer", "ema_momentum", "ema_overwrite_frequency",
      "loss_scale_factor")
    try reader.refuse(
      "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema",
      "gradient_accumulation_steps")
    var optimizer = try type.init(from: &reader, generation: generation)
    if let value = reader.value("learning_rate") {
      guard let rate = value.number else {
        throw reader.error(
          "learning_rate", "\(value.kind) but a number belongs here: schedules are not supported")
      }
      optimizer.learningRate = rate
    }
    optimizer.decay = try reader.number("decay", default: 0)
    guard optimizer.learningRate.isFinite, optimizer.learningRate >= 0 else {
      throw reader.error(
        "learning_rate", "\(optimizer.learningRate) but a rate is zero or positive",
        code: .invalidArgument)
    }
    try reader.finish()
    return optimizer
  }
}
