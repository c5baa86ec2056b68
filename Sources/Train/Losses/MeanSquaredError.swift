import KerasFormat
import KerasRuntime

/// `mean over the last axis of (p - y)²`.
public struct MeanSquaredError: Loss {
  public static let className = "MeanSquaredError"
  public static let names = ["mse", "mean_squared_error", "MSE"]

  public init() {}
  public init(from config: inout ConfigReader) throws(KerasError) {}

  @specialized(where S == Float)
  public func evaluate<S: Scalar>(_ batch: LossBatch<S>) {
    let share = 1 / S(batch.width)
    for vector in 0..<batch.vectors {
      var sum: S = 0
      for i in vector * batch.width..<(vector + 1) * batch.width {
        let difference = batch.output[i] - batch.targets[i]
        sum += difference * difference
        batch.gradient[i] = 2 * difference * share
      }
      batch.losses[vector] = sum * share
    }
  }
}
