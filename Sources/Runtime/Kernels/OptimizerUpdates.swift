/// RMSprop's plain update of some elements: `a = rho·a + fresh·g²`, then `p -= rate·g / (√a + epsilon)`,
/// or `/ √(a + epsilon)`.
package struct RMSpropUpdate {
  package let weight: UnsafeMutablePointer<Float>
  /// Zero afterwards.
  package let gradient: UnsafeMutablePointer<Float>
  package let average: UnsafeMutablePointer<Float>
  package let count: Int
  package let rho: Float
  package let fresh: Float
  package let epsilon: Float
  package let rate: Float
  package let addsEpsilonToRoot: Bool

  package init(
    weight: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>,
    average: UnsafeMutablePointer<Float>, count: Int, rho: Float, fresh: Float, epsilon: Float,
    rate: Float, addsEpsilonToRoot: Bool
  ) {
    self.weight = weight
    self.gradient = gradient
    self.average = average
    self.count = count
    self.rho = rho
    self.fresh = fresh
    self.epsilon = epsilon
    self.rate = rate
    self.addsEpsilonToRoot = addsEpsilonToRoot
  }

  /// The plain body, which the fast one equals to the bit; but where no gradient of a vector
  /// differs from zero, that leaves weights alone even if their average is no number.
  package func applyReference() {
    for i in 0..<count {
      let g = gradient[i]
      average[i] = rho * average[i] + fresh * (g * g)
      let root =
        addsEpsilonToRoot
        ? average[i].squareRoot() + epsilon : (average[i] + epsilon).squareRoot()
      weight[i] -= rate * g / root
      gradient[i] = 0
    }
  }

  package func apply() {
    InstructionSet.current.kernels.pointee.rmsprop(
      count, weight, gradient, average, rho, fresh, epsilon, rate, addsEpsilonToRoot ? 1 : 0)
  }
}

/// Adam's plain update of some elements: means of g and of g², then `p -= rate·m / (√v + epsilon)`.
package struct AdamUpdate {
  package let weight: UnsafeMutablePointer<Float>
  /// Zero afterwards.
  package let gradient: UnsafeMutablePointer<Float>
  package let mean: UnsafeMutablePointer<Float>
  package let square: UnsafeMutablePointer<Float>
  package let count: Int
  /// What of each mean stays, and what comes new.
  package let beta1: (stays: Float, fresh: Float)
  package let beta2: (stays: Float, fresh: Float)
  package let epsilon: Float
  package let rate: Float
  /// `m += (g - m)·fresh` instead of `m = beta·m + fresh·g`.
  package let movesByDifference: Bool

  package init(
    weight: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>,
    mean: UnsafeMutablePointer<Float>, square: UnsafeMutablePointer<Float>, count: Int,
    beta1: (stays: Float, fresh: Float), beta2: (stays: Float, fresh: Float), epsilon: Float,
    rate: Float, movesByDifference: Bool
  ) {
    self.weight = weight
    self.gradient = gradient
    self.mean = mean
    self.square = square
    self.count = count
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.rate = rate
    self.movesByDifference = movesByDifference
  }

  /// The plain body, which the fast one equals to the bit.
  package func applyReference() {
    for i in 0..<count {
      let g = gradient[i]
      if movesByDifference {
        mean[i] += (g - mean[i]) * beta1.fresh
        square[i] += (g * g - square[i]) * beta2.fresh
      } else {
        mean[i] = beta1.stays * mean[i] + beta1.fresh * g
        square[i] = beta2.stays * square[i] + beta2.fresh * (g * g)
      }
      weight[i] -= rate * mean[i] / (square[i].squareRoot() + epsilon)
      gradient[i] = 0
    }
  }

  package func apply() {
    InstructionSet.current.kernels.pointee.adam(
      count, weight, gradient, mean, square, beta1.stays, beta1.fresh, beta2.stays, beta2.fresh,
      epsilon, rate, movesByDifference ? 1 : 0)
  }
}
