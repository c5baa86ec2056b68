import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport
import Testing

/// The rows that `fit` visits under a seed. Expected orders: `fixtures/scripts/make_orders.py`.
@Suite struct ShuffleTests {
  private struct Expected {
    let name: String
    let generation: Generation
    let seed: UInt64
    let rows: Int
    let batch: Int
    let mode: Shuffling
    let model: String
    let order: [[Int]]
    let isMismatched: Bool
  }

  private static func expected(_ generation: Generation) throws -> [Expected] {
    let text = try FileBytes.read(Fixtures.path("seeds/orders/\(generation.rawValue).json"))
    return try #require(try JSON(parsing: text).array).compactMap(\.object).map { entry in
      let order = try #require(entry["order"]?.array).map { epoch in
        (epoch.array ?? []).compactMap(\.integer)
      }
      return Expected(
        name: "\(generation.rawValue) seed \(entry["seed"]?.integer ?? -1) rows "
          + "\(entry["rows"]?.integer ?? -1) \(entry["model"]?.string ?? "")",
        generation: generation, seed: UInt64(try #require(entry["seed"]?.integer)),
        rows: order[0].count, batch: try #require(entry["batch"]?.integer),
        mode: entry["shuffle"]?.string == "batch" ? .batch : .rows,
        model: try #require(entry["model"]?.string), order: order,
        isMismatched: entry["targets"] != nil)
    }
  }

  private static func network(_ name: String, _ generation: Generation) throws -> Network {
    let layers: [any Layer] =
      switch name {
      case "recurrent": [Reshape(targetShape: [1, 1]), GRU(units: 5), Dense(units: 1)]
      case "lstm":
        [Reshape(targetShape: [1, 1]), LSTM(units: 4), Dropout(rate: 0.5), Dense(units: 1)]
      default: [Dense(units: 3), Dense(units: 1)]
      }
    return try Network(
      [InputLayer(shape: [1])] + layers, seed: 0, generation: generation)
  }

  private static func shuffle(_ expected: Expected) throws -> Shuffle {
    let network = try network(expected.model, expected.generation)
    let start = try network.randomStart(seed: expected.seed, generation: expected.generation)
    return try Shuffle(
      rows: expected.rows, mode: expected.mode, batchSize: expected.batch,
      generation: expected.generation,
      state: Shuffle.State(seed: expected.seed, isSeeded: true, start: start.numpy))
  }

  @Test(arguments: Generation.allCases)
  func `rows are visited in the order of the generation's Keras`(_ generation: Generation) throws {
    let all = try Self.expected(generation)
    #expect(all.count == 15 && all.allSatisfy { !$0.order[0].isEmpty })
    for expected in all where !expected.isMismatched {
      var shuffle = try Self.shuffle(expected)
      for epoch in expected.order.indices {
        #expect(shuffle.next() == expected.order[epoch], "\(expected.name), epoch \(epoch + 1)")
      }
    }
  }

  @Test(arguments: Generation.allCases)
  func `a saved state goes on with the next epoch`(_ generation: Generation) throws {
    for expected in try Self.expected(generation) where !expected.isMismatched {
      var first = try Self.shuffle(expected)
      for _ in 1..<expected.order.count { _ = first.next() }
      var again = try Shuffle(
        rows: expected.rows, mode: expected.mode, batchSize: expected.batch,
        generation: generation, state: first.state)
      #expect(again == first)
      #expect(again.next() == expected.order.last, "\(expected.name)")
    }
  }

  @Test func `without a seed Keras 3 has another order each epoch`() throws {
    var shuffle = try Shuffle(
      rows: 50, generation: .keras3, state: Shuffle.State(seed: 3, isSeeded: false))
    #expect(shuffle.next() != shuffle.next())
  }

  @Test func `no shuffling leaves the rows alone`() throws {
    var shuffle = try Shuffle(
      rows: 5, mode: false, generation: .keras2, state: Shuffle.State(seed: 3, isSeeded: true))
    #expect(shuffle.next() == [0, 1, 2, 3, 4])
    #expect(shuffle.next() == [0, 1, 2, 3, 4])
  }

  /// Keras 2.15 shuffles x and y of a batch with an operation each: rows get others' targets.
  @Test func `2.15's shuffling of batches is refused, which takes x and y apart`() throws {
    #expect(try Self.expected(.keras2_15).contains { $0.isMismatched && $0.mode == .batch })
    #expect(throws: KerasError.self) {
      try Shuffle(
        rows: 5, mode: .batch, generation: .keras2_15,
        state: Shuffle.State(seed: 3, isSeeded: true))
    }
  }

  @Test func `a state that is none is refused`() throws {
    var state = Shuffle.State(seed: 3, isSeeded: true)
    state.start.position = 700
    #expect(throws: KerasError.self) {
      try Shuffle(rows: 5, generation: .keras2, state: state)
    }
  }
}
