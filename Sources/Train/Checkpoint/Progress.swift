import KerasFormat
import KerasRuntime

/// Where a training run stands, weights and optimizer apart: with them it goes on as if it had
/// never stopped.
struct Progress: Sendable {
  /// The epoch that runs, from 0, and how many batches of it are done.
  var epoch: Int
  var batch = 0
  /// The seed of the order of rows, whether somebody chose it, and how many orders it has given.
  let seed: UInt64
  let isSeeded: Bool
  var ordersDrawn = 0
  /// How far the layers' random generators are: ``RandomStreams/positions``.
  var streams: [UInt64] = []
  var stepOfRun = 0
  /// What stateful layers carry to the next batch.
  var states: RecurrentStates?
  var stopTraining = false
  /// See ``Averages/state``.
  var averages: [[Double]] = []
  var history = History()
  var callbacks: [StoredCallback] = []

  /// - Parameter seed: `nil` takes one from the system.
  init(epoch: Int, seed: UInt64?) {
    self.epoch = epoch
    self.seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    isSeeded = seed != nil
  }

  /// What a callback remembers, and how to make one like it.
  struct StoredCallback: Sendable {
    let name: String
    /// Its options, for one of ``CallbackRegistry``.
    let config: JSONObject
    var state: CallbackState

    init(_ callback: any Callback, _ state: CallbackState) {
      name = Progress.name(of: callback)
      config = (callback as? any ConfigurableCallback)?.config ?? [:]
      self.state = state
    }
  }

  static func name(of callback: any Callback) -> String {
    if let known = callback as? any ConfigurableCallback { return type(of: known).className }
    return String(describing: type(of: callback))
  }
}

// MARK: - As JSON

extension Progress {
  /// Everything but arrays of callbacks, which lie beside it as ``CallbackState/arrays``.
  var json: JSONObject {
    [
      "epoch": .integer(epoch), "batch": .integer(batch), "seed": .string(String(seed)),
      "seeded": .bool(isSeeded), "orders_drawn": .integer(ordersDrawn),
      "streams": .array(streams.map { .string(String($0)) }), "step_of_run": .integer(stepOfRun),
      "states": states.map { .object($0.json) } ?? .null,
      "stop_training": .bool(stopTraining),
      "averages": .array(averages.map { .array($0.map(JSON.number)) }),
      "history": history.json,
      "callbacks": .array(
        callbacks.map { stored in
          [
            "class_name": .string(stored.name), "config": .object(stored.config),
            "state": .object(stored.state.values),
            "arrays": .array(stored.state.arrays.keys.sorted().map(JSON.string)),
          ]
        }),
    ]
  }

  /// - Parameter array: the array of a callback, by its index and the array's name.
  init(
    json: JSONObject, array: (_ callback: Int, _ name: String) throws(KerasError) -> [Float]
  ) throws(KerasError) {
    var reader = ConfigReader(json, of: "progress")
    func word(_ key: String, _ text: String) throws(KerasError) -> UInt64 {
      guard let value = UInt64(text) else {
        throw KerasError(
          .damagedFile, "\"\(text)\" but a whole number belongs here",
          at: .init(path: ["progress", key]))
      }
      return value
    }
    epoch = try reader.integer("epoch", default: 0)
    batch = try reader.integer("batch", default: 0)
    seed = try word("seed", try reader.string("seed", default: ""))
    isSeeded = try reader.bool("seeded", default: false)
    ordersDrawn = try reader.integer("orders_drawn", default: 0)
    for position in reader.value("streams")?.array ?? [] {
      streams.append(try word("streams", position.string ?? position.kind))
    }
    stepOfRun = try reader.integer("step_of_run", default: 0)
    if let object = reader.value("states")?.object { states = try RecurrentStates(json: object) }
    stopTraining = try reader.bool("stop_training", default: false)
    guard epoch >= 0, batch >= 0, (0...1 << 32).contains(ordersDrawn), stepOfRun >= 0 else {
      throw KerasError(.damagedFile, "a count is negative", at: .init(path: ["progress"]))
    }
    for list in reader.value("averages")?.array ?? [] {
      averages.append((list.array ?? []).compactMap(\.number))
    }
    history = try History(json: reader.value("history") ?? .null)
    for (index, entry) in (reader.value("callbacks")?.array ?? []).enumerated() {
      var entry = ConfigReader(entry.object ?? [:], of: "callbacks/\(index)")
      var state = CallbackState(entry.value("state")?.object ?? [:])
      for name in (entry.value("arrays")?.array ?? []).compactMap(\.string) {
        state.arrays[name] = try array(index, name)
      }
      callbacks.append(
        StoredCallback(
          name: try entry.string("class_name", default: ""),
          config: entry.value("config")?.object ?? [:], state: state))
    }
  }
}

extension Progress.StoredCallback {
  fileprivate init(name: String, config: JSONObject, state: CallbackState) {
    self.name = name
    self.config = config
    self.state = state
  }
}
