import KerasFormat
import KerasRuntime

/// Gradient descent, plain or with momentum m:
///
///     p -= rate·g                               without
///     v = m·v - rate·g;  p += v                 with
///     v = m·v - rate·g;  p += m·v - rate·g      Nesterov
public struct SGD: Optimizer {
  public static let className = "SGD"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// The share of the step before that each step takes along, 0…1.
  public var momentum: Double
  /// Whether the step looks ahead along the momentum.
  public var nesterov: Bool

  /// With Keras 3's defaults: no momentum.
  public init(
    learningRate: any LearningRate = 0.01, momentum: Double = 0, nesterov: Bool = false,
    options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.momentum = momentum
    self.nesterov = nesterov
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      momentum: try config.number("momentum", default: 0),
      nesterov: try config.bool("nesterov", default: false))
    guard momentum >= 0 && momentum <= 1 else {
      throw config.error(
        "momentum", "\(momentum) but momentum is within 0…1", code: .invalidArgument)
    }
  }

  public var config: JSONObject { ["momentum": .number(momentum), "nesterov": .bool(nesterov)] }

  public var slotNames: [String] { momentum == 0 ? [] : ["momentum"] }

  public var legacyUntouchedRows: UntouchedRows { momentum == 0 ? .updated : .skipped }

  public func update(_ step: UpdateStep) {
    let (p, g, rate) = (step.weight, step.gradient, step.learningRate)
    guard let v = step.slots.first else {
      for i in 0..<step.count { p[i] -= rate * g[i] }
      return
    }
    let m = Float(momentum)
    if nesterov {
      for i in 0..<step.count {
        v[i] = m * v[i] - rate * g[i]
        p[i] += m * v[i] - rate * g[i]
      }
    } else {
      for i in 0..<step.count {
        v[i] = m * v[i] - rate * g[i]
        p[i] += v[i]
      }
    }
  }
}
