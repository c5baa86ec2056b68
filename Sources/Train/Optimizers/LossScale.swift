import KerasFormat
import KerasRuntime

/// Keras's `LossScaleOptimizer` around an optimizer: the loss is multiplied by a scale and gradients
/// are divided by it again, so that those of 16 bits do not vanish. An update whose scaled gradients
/// are not all finite is left out and halves the scale; so many updates in a row double it.
///
/// In float32 multiplying and dividing leave nothing but a rounding, so they are not done: whether
/// the scaled gradients of the weights are finite is looked at, not those between layers.
public struct LossScale: Sendable, Equatable {
  /// The scale of the first update.
  public var initialScale: Double
  /// Finite updates in a row that double the scale.
  public var growthSteps: Int
  /// Whether the scale moves.
  public var isDynamic: Bool

  /// What moves: the scale, and the finite updates since it did.
  public struct State: Sendable, Equatable {
    /// The factor of the loss.
    public internal(set) var scale: Float
    /// Finite updates since the scale last moved.
    public internal(set) var counter: Int
  }

  static let key = OptimizerRecord.lossScaleKey
  static let scale = OptimizerRecord.lossScaleSlot
  static let counter = OptimizerRecord.lossScaleCounterSlot

  /// With Keras's defaults.
  public init(initialScale: Double = 32768, growthSteps: Int = 2000, isDynamic: Bool = true) {
    self.initialScale = initialScale
    self.growthSteps = growthSteps
    self.isDynamic = isDynamic
  }

  /// From the key `loss_scale` of an optimizer's canonical config; `nil` where it is not there.
  init?(from config: inout ConfigReader) throws(KerasError) {
    guard config.value(Self.key) != nil else { return nil }
    var own = ConfigReader(try config.object(Self.key), of: "\(config.owner)/\(Self.key)")
    let isDynamic = try own.bool("dynamic", default: true)
    self.init(
      initialScale: try own.number("initial_scale", default: 32768),
      growthSteps: try own.integer("dynamic_growth_steps", default: 2000), isDynamic: isDynamic)
    try own.finish()
    guard initialScale > 0, growthSteps > 0 else {
      throw config.error(
        Self.key, "a scale of \(initialScale) and \(growthSteps) steps, which must be positive")
    }
  }

  var config: JSON {
    [
      "initial_scale": .number(initialScale),
      "dynamic_growth_steps": isDynamic ? .integer(growthSteps) : .null,
      "dynamic": .bool(isDynamic),
    ]
  }

  var start: State { State(scale: Float(initialScale), counter: 0) }

  /// Whether all gradients are finite when they are multiplied by the scale.
  func isFinite(
    _ gradients: Parameters<Float>, _ trainable: [Int], _ occurrences: [TableGradient],
    _ state: State?
  ) -> Bool {
    let scale = state?.scale ?? Float(initialScale)
    for index in trainable {
      let gradient = gradients.pointer(index)
      for i in 0..<gradients.layout.specs[index].count where !(gradient[i] * scale).isFinite {
        return false
      }
    }
    return occurrences.allSatisfy { table in
      (0..<table.count * table.width).allSatisfy { (table.vectors[$0] * scale).isFinite }
    }
  }

  /// Moves the scale behind an update. 2.15 keeps it finite and at 1 or above.
  func move(_ state: inout State?, isFinite: Bool, _ rules: OptimizerRules) {
    var moved = state ?? start
    if !isFinite {
      moved.counter = 0
      moved.scale = rules == .keras3 ? moved.scale / 2 : max(moved.scale / 2, 1)
    } else if rules == .keras3 ? moved.counter == growthSteps - 1 : moved.counter + 1 >= growthSteps
    {
      moved.counter = 0
      if rules == .keras3 || (moved.scale * 2).isFinite { moved.scale *= 2 }
    } else {
      moved.counter += 1
    }
    state = moved
  }
}
