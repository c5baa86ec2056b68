import KerasFormat

/// What optimizers of Adam's kind have in common: two shares, what keeps a divisor from being 0, and
/// running means of gradients and of their squares.
struct Moments {
  var beta1: Double
  var beta2: Double
  var epsilon: Double

  /// - Throws: ``KerasError`` where `beta_1`, `beta_2` or `epsilon` is no number.
  init(from config: inout ConfigReader) throws(KerasError) {
    beta1 = try config.number("beta_1", default: 0.9)
    beta2 = try config.number("beta_2", default: 0.999)
    epsilon = try config.number("epsilon", default: 1e-7)
  }

  init(_ beta1: Double, _ beta2: Double, _ epsilon: Double) {
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
  }

  var config: JSONObject {
    ["beta_1": .number(beta1), "beta_2": .number(beta2), "epsilon": .number(epsilon)]
  }
}

extension UpdateStep {
  /// `m += (g - m)·fresh1`, `v += (g² - v)·fresh2`, as Keras 2.15 and 3 move means.
  @inline(__always)
  func moveMeans(
    _ m: UnsafeMutablePointer<Float>, _ fresh1: Float, _ v: UnsafeMutablePointer<Float>,
    _ fresh2: Float
  ) {
    for i in 0..<count { m[i] += (gradient[i] - m[i]) * fresh1 }
    withSquares { square in
      for i in 0..<count { v[i] += (square(i) - v[i]) * fresh2 }
    }
  }
}
