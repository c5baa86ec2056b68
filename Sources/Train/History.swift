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

  /// No epoch yet.
  public init() {}

  /// The numbers of one series; empty when there is none of this name.
  public subscript(name: String) -> [Double] {
    series.first { $0.name == name }?.values ?? []
  }

  mutating func append(epoch: Int, logs: Logs, seconds: Double) {
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

  /// From ``json``, which lists `epoch` and `seconds` behind the series.
  ///
  /// - Throws: ``KerasError`` where a list is not one of numbers, or of another length than `epoch`.
  package init(json: JSON) throws(KerasError) {
    func numbers(_ key: String, _ value: JSON?) throws(KerasError) -> [Double] {
      guard let list = value?.array else {
        throw KerasError(
          .damagedFile, "\(value?.kind ?? "nothing") but a list belongs here",
          at: .init(path: ["history", key]))
      }
      let numbers = list.compactMap(\.number)
      guard numbers.count == list.count else {
        throw KerasError(
          .damagedFile, "the list holds something else than numbers",
          at: .init(path: ["history", key]))
      }
      return numbers
    }
    let object = json.object ?? [:]
    epochs = try numbers("epoch", object["epoch"]).map { Int($0) }
    seconds = try numbers("seconds", object["seconds"])
    for (name, value) in object.members where name != "epoch" && name != "seconds" {
      series.append((name, try numbers(name, value)))
    }
    guard seconds.count == epochs.count, series.allSatisfy({ $0.values.count <= epochs.count })
    else {
      throw KerasError(
        .damagedFile, "more numbers than the \(epochs.count) epochs", at: .init(path: ["history"]))
    }
  }

  public static func == (a: History, b: History) -> Bool {
    a.epochs == b.epochs && a.series.map(\.name) == b.series.map(\.name)
      && a.series.map(\.values) == b.series.map(\.values)
  }
}
