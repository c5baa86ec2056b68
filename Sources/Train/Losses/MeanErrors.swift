import KerasFormat
import KerasRuntime

/// `mean over the last axis of |p - y|`; the slope at 0 is 0.
public struct MeanAbsoluteError: Loss {
  public static let className = "MeanAbsoluteError"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    batch.meanOverWidth { p, y in
      let difference = p - y
      return (abs(difference), difference > 0 ? 1 : difference < 0 ? -1 : 0)
    }
  }
}

/// `100 · mean over the last axis of |p - y| / max(|y|, 1e-7)`
public struct MeanAbsolutePercentageError: Loss {
  public static let className = "MeanAbsolutePercentageError"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    batch.meanOverWidth { p, y in
      let size: S = max(abs(y), kerasEpsilon())
      let quotient = (p - y) / size
      let slope = 100 / size
      return (100 * abs(quotient), quotient > 0 ? slope : quotient < 0 ? -slope : 0)
    }
  }
}

/// `mean over the last axis of (ln(1 + p) - ln(1 + y))²`, p and y at least 1e-7.
public struct MeanSquaredLogarithmicError: Loss {
  public static let className = "MeanSquaredLogarithmicError"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let epsilon: S = kerasEpsilon()
    batch.meanOverWidth { p, y in
      let difference = S.log(max(p, epsilon) + 1) - S.log(max(y, epsilon) + 1)
      return (difference * difference, p >= epsilon ? 2 * difference / (p + 1) : 0)
    }
  }
}

/// Half the square of small errors, the size of large ones:
/// `mean of d²/2 where |d| ≤ delta, else delta·|d| - delta²/2`, d = p - y.
public struct Huber: Loss {
  public static let className = "Huber"
  /// The largest error whose loss is a square; that of larger ones is a line.
  public let delta: Double

  /// With Keras's default, 1.
  public init(delta: Double = 1) { self.delta = delta }

  public init(from config: inout ConfigReader) throws(KerasError) {
    delta = try config.number("delta", default: 1)
  }

  public var config: JSONObject { delta == 1 ? [:] : ["delta": .number(delta)] }

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let delta = S(delta)
    batch.meanOverWidth { p, y in
      let difference = p - y
      guard abs(difference) > delta else { return (difference * difference / 2, difference) }
      return (delta * abs(difference) - delta * delta / 2, difference > 0 ? delta : -delta)
    }
  }
}

/// `mean over the last axis of ln cosh(p - y)`, computed as `d + softplus(-2d) - ln 2`.
public struct LogCosh: Loss {
  public static let className = "LogCosh"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    batch.meanOverWidth { p, y in
      let d = p - y
      let softplus = max(-2 * d, 0) + S.log1p(S.exp(-abs(2 * d)))
      return (d + softplus - S.log(2), S.tanh(d))
    }
  }
}

/// `mean over the last axis of p - y·ln(p + 1e-7)`
public struct Poisson: Loss {
  public static let className = "Poisson"

  /// It has no settings.
  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let epsilon: S = kerasEpsilon()
    batch.meanOverWidth { p, y in (p - y * S.log(p + epsilon), 1 - y / (p + epsilon)) }
  }
}
