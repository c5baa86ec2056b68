import KerasFormat

/// What training reported, epoch by epoch, as Keras's `History` has it.
public struct History: Sendable, Equatable {
  /// Epoch numbers, from 0.
  public private(set) var epochs: [Int] = []
  /// One series per name, one number per epoch: `loss`, `acc`, `val_loss`, ….
  public private(set) var series: [(name: String, values: [Double])] = []
  /// Seconds each epoch took, validation included.
  public private(set) var seconds: [Double] = []
  /// Whether training ended before its last epoch because it was asked to.
  public internal(set) var wasStopped = false

  public init() {}

  /// The numbers of one series; empty when there is none of this name.
  public subscript(name: String) -> [Double] {
    series.first { $0.name == name }?.values ?? []
  }

  mutating func append(epoch: Int, logs: [(name: String, value: Double)], seconds: Double) {
    epochs.append(epoch)
    self.seconds.append(seconds)
    for (name, value) in logs {
      if let index = series.firstIndex(where: { $0.name == name }) {
        series[index].values.append(value)
      } else {
        series.append((name, [value]))
      }
    }
  }

  /// Keras's history dictionary with the epochs and their times beside it.
  public var json: JSON {
    var object: JSONObject = [:]
    for (name, values) in series { object[name] = .array(values.map(JSON.number)) }
    object["epoch"] = .array(epochs.map(JSON.integer))
    object["seconds"] = .array(seconds.map(JSON.number))
    return .object(object)
  }

  public static func == (a: History, b: History) -> Bool {
    a.epochs == b.epochs && a.series.map(\.name) == b.series.map(\.name)
      && a.series.map(\.values) == b.series.map(\.values)
  }
}
