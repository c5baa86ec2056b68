import KerasFormat
import KerasRuntime

/// Gradient descent, plain or with momentum m:
///
///     p -= rate·g                               without
///     v = m·v - rate·g;  p += v                 with
///     v = m·v - rate·g;  p += m·v - rate·g      Nesterov
public struct SGD: Optimizer {
  public static let className = "SGD"
  public var learningRate: Double
  public var decay = 0.0
  public var momentum: Double
  public var nesterov: Bool

  public init(learningRate: Double = 0.01, momentum: Double = 0, nesterov: Bool = false) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.nesterov = nesterov
  }

  public init(from config: inout ConfigReader, generation: Generation) throws(KerasError) {
    learningRate = 0.01
    momentum = try config.number("momentum", default: 0)
    nesterov = try config.bool("nesterov", default: false)
    guard momentum >= 0 && momentum <= 1 else {
      throw config.error(
        "momentum", "\(momentum) but momentum is within 0…1", code: .invalidArgument)
    }
  }

  public var config: JSONObject { ["momentum": .number(momentum), "nesterov": .bool(nesterov)] }

  public var slotNames: [String] { momentum == 0 ? [] : ["momentum"] }

  public func update(_ step: UpdateStep) {
    let (p, g, rate) = (step.weight, step.gradient, step.learningRate)
    guard let v = step.slots.first else {
      for i in 0..<step.count { p[i] -= rate * g[i] }
      return
    }
    let m = Float(momentum)
    for i in 0..<step.count {
      v[i] = m * v[i] - rate * g[i]
      p[i] += nesterov ? m * v[i] - rate * g[i] : v[i]
    }
  }
}
