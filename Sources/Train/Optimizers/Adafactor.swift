import KerasFormat
import KerasRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Adam's second moment from those of rows and columns (Shazeer and Stern 2018), of Keras 2.15 and 3:
///
///     b = 1 - t^decay              ρ = min(rate, 1/√t)      α = max(ε₂, rms(p))·ρ
///     r = b·r + (1 - b)·mean(g² + ε₁) over columns          c likewise over rows
///     v = r/mean(r) · c            of a weight with one axis: v = b·v + (1 - b)·(g² + ε₁)
///     u = g/√v                     p -= α·u / max(1, rms(u)/threshold)
///
/// Of a weight with more than two axes each matrix of the last two goes by itself.
public struct Adafactor: Optimizer {
  public static let className = "Adafactor"
  public var learningRate: any LearningRate
  public var options: OptimizerOptions
  /// The power of the step that the mean squares forget by; negative.
  public var beta2Decay: Double
  /// What keeps a divisor from being 0.
  public var epsilon1: Double
  /// The least size that a weight is taken to have.
  public var epsilon2: Double
  /// The root mean square above which an update is scaled down.
  public var clipThreshold: Double
  /// Whether a rate that is a number is bounded by 1/√t. It is in any case: Keras bounds it twice.
  public var relativeStep: Bool

  /// With Keras 3's defaults.
  public init(
    learningRate: any LearningRate = 0.001, beta2Decay: Double = -0.8, epsilon1: Double = 1e-30,
    epsilon2: Double = 0.001, clipThreshold: Double = 1, relativeStep: Bool = true,
    options: OptimizerOptions = OptimizerOptions()
  ) {
    self.learningRate = learningRate
    self.options = options
    self.beta2Decay = beta2Decay
    self.epsilon1 = epsilon1
    self.epsilon2 = epsilon2
    self.clipThreshold = clipThreshold
    self.relativeStep = relativeStep
  }

  public init(from config: inout ConfigReader) throws(KerasError) {
    self.init(
      beta2Decay: try config.number("beta_2_decay", default: -0.8),
      epsilon1: try config.number("epsilon_1", default: 1e-30),
      epsilon2: try config.number("epsilon_2", default: 0.001),
      clipThreshold: try config.number("clip_threshold", default: 1),
      relativeStep: try config.bool("relative_step", default: true))
  }

  public var config: JSONObject {
    [
      "beta_2_decay": .number(beta2Decay), "epsilon_1": .number(epsilon1),
      "epsilon_2": .number(epsilon2), "clip_threshold": .number(clipThreshold),
      "relative_step": .bool(relativeStep),
    ]
  }

  public var slotNames: [String] { ["row", "column", "velocity"] }
  public var takesWholeWeights: Bool { true }

  public func slotShape(_ name: String, of shape: [Int]) -> [Int] {
    OptimizerRecord.slotShape(name, of: shape)
  }

  public func update(_ step: UpdateStep) {
    let (p, g, v) = (step.weight, step.gradient, step.slots[2])
    let t = Float(step.iteration)
    let kept = 1 - powf(t, Float(beta2Decay))
    let count = Float(step.count)
    var sum: Float = 0
    for i in 0..<step.count { sum += p[i] * p[i] }
    let size = max(Float(epsilon2), (sum / count).squareRoot())
    let alpha = size * min(step.learningRate, 1 / t.squareRoot())
    if step.shape.count >= 2 {
      moveFactors(step, kept)
    } else {
      let epsilon = Float(epsilon1)
      step.withSquares { square in
        for i in 0..<step.count { v[i] = kept * v[i] + (1 - kept) * (square(i) + epsilon) }
      }
    }
    sum = 0
    step.withSquares { square in
      for i in 0..<step.count { sum += square(i) / v[i] }
    }
    let scale = max(1, (sum / count).squareRoot() / Float(clipThreshold))
    for i in 0..<step.count { p[i] -= alpha * (g[i] / v[i].squareRoot() / scale) }
  }

  /// Moves the means of rows and columns, and makes the second moment of them.
  private func moveFactors(_ step: UpdateStep, _ kept: Float) {
    let (r, c, v) = (step.slots[0], step.slots[1], step.slots[2])
    let (rows, columns) = (step.shape[step.shape.count - 2], step.shape[step.shape.count - 1])
    let (fresh, epsilon) = (1 - kept, Float(epsilon1))
    for matrix in 0..<step.count / max(1, rows * columns) {
      let (start, r, c) = (matrix * rows * columns, r + matrix * rows, c + matrix * columns)
      var ofColumns = [Float](repeating: 0, count: columns)
      step.withSquares { square in
        for row in 0..<rows {
          var sum: Float = 0
          for column in 0..<columns {
            let value = square(start + row * columns + column) + epsilon
            sum += value
            ofColumns[column] += value
          }
          r[row] = kept * r[row] + fresh * (sum / Float(columns))
        }
      }
      var mean: Float = 0
      for row in 0..<rows { mean += r[row] / Float(rows) }
      for column in 0..<columns {
        c[column] = kept * c[column] + fresh * (ofColumns[column] / Float(rows))
      }
      for row in 0..<rows {
        for column in 0..<columns {
          v[start + row * columns + column] = r[row] / mean * c[column]
        }
      }
    }
  }
}
