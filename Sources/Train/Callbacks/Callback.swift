import KerasFormat
import KerasRuntime

/// Something that watches training and may end it. All members have empty defaults.
public protocol Callback: AnyObject {
  func trainingBegan(_ plan: TrainingPlan)
  func epochBegan(_ epoch: Int)
  /// - Parameter logs: the averages of the epoch so far.
  func batchEnded(_ batch: Int, logs: [(name: String, value: Double)])
  func epochEnded(_ epoch: Int, logs: [(name: String, value: Double)], seconds: Double)
  func trainingEnded(_ history: History)
  /// Asked after every batch; `true` ends training there.
  var wantsToStop: Bool { get }
}

extension Callback {
  public func trainingBegan(_ plan: TrainingPlan) {}
  public func epochBegan(_ epoch: Int) {}
  public func batchEnded(_ batch: Int, logs: [(name: String, value: Double)]) {}
  public func epochEnded(_ epoch: Int, logs: [(name: String, value: Double)], seconds: Double) {}
  public func trainingEnded(_ history: History) {}
  public var wantsToStop: Bool { false }
}

/// The extent of a training run.
public struct TrainingPlan: Sendable {
  public let epochs: Int
  public let initialEpoch: Int
  /// Updates in an epoch.
  public let steps: Int
  public let batchSize: Int
  public let trainingRows: Int
  public let validationRows: Int
}
