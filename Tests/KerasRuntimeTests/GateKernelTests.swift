import KerasRuntime
import Testing

/// The loops in C compute what the plain bodies in Swift do, to the last bit, whatever number of
/// units is left over by whole vectors. `HORNBILL_ISA` chooses the instruction set.
@Suite struct GateKernelTests {
  private static let gates: [Activation] = [.sigmoid, .legacyHardSigmoid, .hardSigmoid]
  private static let units = [1, 5, 16, 33]
  private let rows = 3

  /// Numbers that reach both flat ends of a hard sigmoid.
  private func random(_ count: Int, _ seed: Int) -> [Float] {
    var generator = Philox(seed: UInt64(seed))
    return (0..<count).map { _ in 8 * (generator.uniform() - 0.5) }
  }

  /// What `body` makes of arrays that it may change.
  private func results(
    _ arrays: [[Float]], _ body: ([UnsafeMutablePointer<Float>]) -> Void
  ) -> [[Float]] {
    let copies = arrays.map { array in
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: array.count)
      copy.initialize(from: array, count: array.count)
      return copy
    }
    body(copies)
    return zip(copies, arrays).map { copy, array in
      defer { copy.deallocate() }
      return Array(UnsafeBufferPointer(start: copy, count: array.count))
    }
  }

  @Test(arguments: gates, units)
  func `a GRU's gates equal the plain ones`(_ gate: Activation, _ units: Int) {
    let math = GRUGates<Float>(
      rows: rows, units: units, activation: .tanh, recurrentActivation: gate)
    let (wide, narrow) = (rows * 3 * units, rows * units)
    let (gates, inner) = (random(wide, 1), random(wide, 2))
    let (h, other) = (random(narrow, 3), random(narrow, 4))
    let arrays = [gates, inner, h, other]
    #expect(
      results(arrays) { math.resetBefore($0[0], h: $0[2], reset: $0[3]) }
        == results(arrays) { math.resetBeforeReference($0[0], h: $0[2], reset: $0[3]) })
    for numbers in [nil, [2, 0, 0]] as [[Int32]?] {
      func result(
        _ body: (MatrixRows<Float>, [UnsafeMutablePointer<Float>]) -> Void
      ) -> [[Float]] {
        results(arrays + [random(wide, 5)]) { arrays in
          guard let numbers else {
            return body(MatrixRows(UnsafePointer(arrays[0]), stride: 3 * units), arrays)
          }
          numbers.withUnsafeBufferPointer {
            body(
              MatrixRows(UnsafePointer(arrays[4]), stride: 3 * units, numbers: $0.baseAddress),
              arrays)
          }
        }
      }
      #expect(
        result { math.resetAfter(of: $0, $1[0], inner: $1[1], kept: $1[3]) }
          == result { math.resetAfterReference(of: $0, $1[0], inner: $1[1], kept: $1[3]) })
    }
    #expect(
      results(arrays) { math.output($0[0], h: $0[2], newH: $0[3]) }
        == results(arrays) { math.outputReference($0[0], h: $0[2], newH: $0[3]) })
  }

  @Test(arguments: gates, units)
  func `the way back through a GRU's gates equals the plain one`(
    _ gate: Activation, _ units: Int
  ) {
    let math = GRUGates<Float>(
      rows: rows, units: units, activation: .tanh, recurrentActivation: gate)
    let (wide, narrow) = (rows * 3 * units, rows * units)
    let values = results([random(wide, 1), random(narrow, 3), random(narrow, 4)]) {
      math.resetBeforeReference($0[0], h: $0[1], reset: $0[2])
      math.outputReference($0[0], h: $0[1], newH: $0[2])
    }
    let arrays = [
      values[0], values[1], random(narrow, 5), random(wide, 6), random(narrow, 7), random(wide, 8),
    ]
    #expect(
      results(arrays) {
        math.outputBack($0[0], h: $0[1], dNewH: $0[2], dGates: $0[3], dH: $0[4], inputs: nil)
      }
        == results(arrays) {
          math.outputBackReference($0[0], h: $0[1], dNewH: $0[2], dGates: $0[3], dH: $0[4])
        })
    #expect(
      results(arrays) {
        math.resetBeforeBack($0[0], h: $0[1], dReset: $0[2], dGates: $0[3], dH: $0[4], inputs: nil)
      }
        == results(arrays) {
          math.resetBeforeBackReference($0[0], h: $0[1], dReset: $0[2], dGates: $0[3], dH: $0[4])
        })
    #expect(
      results(arrays) {
        math.resetAfterBack($0[0], kept: $0[2], dGates: $0[3], dInner: $0[5], inputs: nil)
      }
        == results(arrays) {
          math.resetAfterBackReference($0[0], kept: $0[2], dGates: $0[3], dInner: $0[5])
        })
  }

  @Test(arguments: gates, units)
  func `an LSTM's gates equal the plain ones, forward and back`(
    _ gate: Activation, _ units: Int
  ) {
    let math = LSTMGates<Float>(
      rows: rows, units: units, activation: .tanh, recurrentActivation: gate)
    let (wide, narrow) = (rows * 4 * units, rows * units)
    let arrays = [random(wide, 1)] + (2..<6).map { random(narrow, $0) }
    let forward = results(arrays) {
      math.outputReference($0[0], c: $0[1], newC: $0[2], newH: $0[3], kept: $0[4])
    }
    #expect(
      forward
        == results(arrays) { math.output($0[0], c: $0[1], newC: $0[2], newH: $0[3], kept: $0[4]) })
    let back =
      forward + [random(narrow, 7), random(narrow, 8), random(wide, 9), random(narrow, 10)]
    #expect(
      results(back) {
        math.outputBack(
          $0[0], c: $0[1], newC: $0[2], kept: $0[4], dNewH: $0[5], dNewC: $0[6], dGates: $0[7],
          dC: $0[8], inputs: nil)
      }
        == results(back) {
          math.outputBackReference(
            $0[0], c: $0[1], newC: $0[2], kept: $0[4], dNewH: $0[5], dNewC: $0[6], dGates: $0[7],
            dC: $0[8])
        })
  }

  /// Numbers that often tie, as the same word twice in a review does.
  @Test(
    arguments: units,
    [
      nil, [2, 0, 2, 1, 1, 5, 2], [0, 0, 0, 1, 2], [3, 3, 3, 3], [4, 1, 0, 0, 0], [0, 0, 2, 0, 0],
      [6],
    ])
  func `the maximum over time equals the plain one, forward and back`(
    _ units: Int, _ table: [Int32]?
  ) {
    let (steps, rows) = (table?.count ?? 7, 7)
    var base = random(rows * units, 1).map { $0.rounded() }
    base[units / 2] = .nan
    (table ?? []).withUnsafeBufferPointer { words in
      func pooling(_ base: UnsafePointer<Float>) -> MaxOverTime<Float> {
        MaxOverTime(
          steps: steps, base: base, rows: table == nil ? nil : words.baseAddress, width: units)
      }
      func bits(_ arrays: [[Float]]) -> [[UInt32]] { arrays.map { $0.map(\.bitPattern) } }
      let arrays = [base, random(units, 2), random(units, 3), random(rows * units, 4)]
      let found = results(arrays) {
        pooling($0[0]).find(0..<units, into: $0[1])
        pooling($0[0]).addGradient(0..<units, largest: $0[1], dLargest: $0[2], to: $0[3])
      }
      let expected = results(arrays) {
        pooling($0[0]).findReference(0..<units, into: $0[1])
        pooling($0[0]).addGradientReference(0..<units, largest: $0[1], dLargest: $0[2], to: $0[3])
      }
      #expect(bits(found) == bits(expected))
    }
  }

  /// Rows that come many times one after another, as padding does.
  @Test(arguments: units)
  func `rows are added one by one in their order`(_ units: Int) {
    let runs: [(Int32, Int)] = [(2, 1), (0, 70), (1, 2), (0, 1), (1, 33), (2, 32)]
    let numbers = runs.flatMap { Array(repeating: $0.0, count: $0.1) }
    let arrays = [random(numbers.count * units, 1), random(3 * units, 2)]
    let found = results(arrays) { arrays in
      InstructionSet.current.kernels.pointee.addRows(
        numbers.count, units, arrays[0], units, numbers, arrays[1], units)
    }
    let expected = results(arrays) { arrays in
      for (i, row) in numbers.enumerated() {
        for j in 0..<units { arrays[1][Int(row) * units + j] += arrays[0][i * units + j] }
      }
    }
    #expect(found == expected)
  }

  @Test(arguments: units, [false, true])
  func `updates equal the plain ones`(_ count: Int, _ isOld: Bool) {
    // Every second stretch of 16 has no gradient, as rows of a table that no word of a batch meets.
    let gradient = random(count, 2).enumerated().map { $0 / 16 % 2 == 1 ? 0 : $1 }
    let arrays = [
      random(count, 1), gradient, random(count, 3).map(abs), random(count, 4).map(abs),
    ]
    func rmsprop(_ a: [UnsafeMutablePointer<Float>]) -> RMSpropUpdate {
      RMSpropUpdate(
        weight: a[0], gradient: a[1], average: a[2], count: count, rho: 0.9,
        fresh: 0.1, epsilon: 1e-7, rate: 0.01, addsEpsilonToRoot: isOld)
    }
    func adam(_ a: [UnsafeMutablePointer<Float>]) -> AdamUpdate {
      AdamUpdate(
        weight: a[0], gradient: a[1], mean: a[2], square: a[3], count: count,
        beta1: (0.9, 0.1), beta2: (0.999, 0.001), epsilon: 1e-7, rate: 0.01,
        movesByDifference: !isOld)
    }
    #expect(
      results(arrays) { rmsprop($0).apply() } == results(arrays) { rmsprop($0).applyReference() })
    #expect(results(arrays) { adam($0).apply() } == results(arrays) { adam($0).applyReference() })
  }
}
