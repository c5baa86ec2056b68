import CKerasKernels
import KerasRuntime
import Testing

/// The loops that take many steps compute what the same steps do one by one, to the last bit.
/// `HORNBILL_ISA` chooses the instruction set.
@Suite struct StepKernelTests {
  private static let gates: [Activation] = [.sigmoid, .legacyHardSigmoid, .hardSigmoid]
  private static let units = [1, 5, 16, 33]
  private let steps = 3
  private let rows = 2
  /// Rows from one step to the next.
  private let stride = 4

  /// Arrays of a few steps of some rows among others.
  fileprivate struct Arrays: Equatable {
    var gates: [Float]
    var saved: [Float]
    var h: [Float]
    var c: [Float]
    var lastH: [Float]
    var lastC: [Float]
    var inner: [Float]
  }

  private func random(_ count: Int, _ seed: Int) -> [Float] {
    var generator = Philox(seed: UInt64(seed))
    return (0..<count).map { _ in 3 * (generator.uniform() - 0.5) }
  }

  private func arrays(_ units: Int, gateCount: Int) -> Arrays {
    let all = steps * stride
    return Arrays(
      gates: random(all * gateCount * units, 1), saved: random(all * units, 2),
      h: random(all * units, 3), c: random(all * units, 4), lastH: random(rows * units, 5),
      lastC: random(rows * units, 6), inner: random(rows * gateCount * units, 7))
  }

  private static func kind(_ gate: Activation) -> HornbillGate {
    switch gate {
    case .legacyHardSigmoid: HornbillGateLegacyHardSigmoid
    case .hardSigmoid: HornbillGateHardSigmoid
    default: HornbillGateSigmoid
    }
  }

  /// What a loop makes of arrays.
  private func looped(
    _ arrays: Arrays, _ units: Int, _ kernel: [Float], _ bias: [Float], _ x: Words?,
    _ body: (inout HornbillSteps) -> Void
  ) -> Arrays {
    var result = arrays
    let gateCount = arrays.gates.count / arrays.saved.count
    kernel.withUnsafeBufferPointer { kernel in
      bias.withUnsafeBufferPointer { bias in
        result.withPointers { p in
          let inGates = HornbillRows(base: p.gates, stride: gateCount * units, numbers: nil)
          var steps = HornbillSteps(
            steps: steps, rows: rows, units: units, stride: stride,
            x: x?.rows(width: gateCount * units) ?? inGates,
            recurrentKernel: kernel.baseAddress!, packedKernel: nil,
            recurrentBias: bias.baseAddress, gates: p.gates,
            saved: p.saved, h: p.h, c: p.c, lastH: p.lastH, lastC: p.lastC, inner: p.inner)
          body(&steps)
        }
      }
    }
    return result
  }

  /// The same steps one by one, by `body`.
  private func stepwise(
    _ arrays: Arrays, _ units: Int, _ x: Words?, _ body: (Step) -> Void
  ) -> Arrays {
    var result = arrays
    let gateCount = arrays.gates.count / arrays.saved.count
    result.withPointers { p in
      for t in 0..<steps {
        let (row, next) = (t * stride, (t + 1) * stride * units)
        let gates = p.gates + row * gateCount * units
        body(
          Step(
            x: x?.matrixRows(from: row, width: gateCount * units)
              ?? MatrixRows(UnsafePointer(gates), stride: gateCount * units),
            gates: gates, saved: p.saved + row * units, h: p.h + row * units, c: p.c + row * units,
            newH: t + 1 < steps ? p.h + next : p.lastH, newC: t + 1 < steps ? p.c + next : p.lastC,
            inner: p.inner))
      }
    }
    return result
  }

  private struct Step {
    let x: MatrixRows<Float>
    let gates, saved, h, c, newH, newC, inner: UnsafeMutablePointer<Float>
  }

  /// Rows of a table of words, for every row of every step.
  private final class Words {
    let table: UnsafeMutablePointer<Float>
    let numbers: UnsafeMutablePointer<Int32>

    init(_ values: [Float], _ ids: [Int32]) {
      table = .allocate(capacity: values.count)
      table.initialize(from: values, count: values.count)
      numbers = .allocate(capacity: ids.count)
      numbers.initialize(from: ids, count: ids.count)
    }

    deinit {
      table.deallocate()
      numbers.deallocate()
    }

    func rows(width: Int) -> HornbillRows {
      HornbillRows(base: table, stride: width, numbers: numbers)
    }

    func matrixRows(from row: Int, width: Int) -> MatrixRows<Float> {
      MatrixRows(UnsafePointer(table), stride: width, numbers: numbers + row)
    }
  }

  private func words(width: Int) -> [Words?] {
    [nil, Words(random(5 * width, 8), (0..<Int32(steps * stride)).map { $0 * 3 % 5 })]
  }

  private func product(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ start: MatrixRows<Float>,
    into c: UnsafeMutablePointer<Float>, width: Int, columns: Int, units: Int
  ) {
    MatrixProduct(
      .init(a, stride: units), .init(b, stride: width), startingFrom: start, into: c,
      strideC: width, m: rows, n: columns, k: units
    ).addFast()
  }

  // MARK: Tests

  @Test(arguments: gates, units)
  func `a GRU's loop equals its steps`(_ gate: Activation, _ units: Int) {
    let width = 3 * units
    let (kernel, bias) = (random(units * width, 10), random(width, 11))
    let math = GRUGates<Float>(
      rows: rows, units: units, activation: .tanh, recurrentActivation: gate)
    let start = arrays(units, gateCount: 3)
    for (x, resetsAfter) in words(width: width).flatMap({ x in [(x, true), (x, false)] }) {
      let found = looped(start, units, kernel, bias, x) {
        InstructionSet.current.kernels.pointee.gruSteps(
          Self.kind(gate), resetsAfter ? 1 : 0, &$0)
      }
      let expected = kernel.withUnsafeBufferPointer { kernel in
        bias.withUnsafeBufferPointer { bias in
          let (kernel, bias) = (kernel.baseAddress!, bias.baseAddress!)
          return stepwise(start, units, x) { step in
            if resetsAfter {
              product(
                step.h, kernel, MatrixRows(bias, stride: 0), into: step.inner, width: width,
                columns: width, units: units)
              math.resetAfter(of: step.x, step.gates, inner: step.inner, kept: step.saved)
            } else {
              product(
                step.h, kernel, step.x, into: step.gates, width: width, columns: 2 * units,
                units: units)
              math.resetBefore(step.gates, h: step.h, reset: step.saved)
              let last = MatrixRows(
                step.x.pointer + 2 * units, stride: step.x.stride, numbers: step.x.numbers)
              product(
                step.saved, kernel + 2 * units, last, into: step.gates + 2 * units, width: width,
                columns: units, units: units)
            }
            math.output(step.gates, h: step.h, newH: step.newH)
          }
        }
      }
      #expect(found != start)
      #expect(found == expected)
    }
  }

  @Test(arguments: gates, units)
  func `an LSTM's loop equals its steps`(_ gate: Activation, _ units: Int) {
    let width = 4 * units
    let kernel = random(units * width, 10)
    let math = LSTMGates<Float>(
      rows: rows, units: units, activation: .tanh, recurrentActivation: gate)
    let start = arrays(units, gateCount: 4)
    for x in words(width: width) {
      let found = looped(start, units, kernel, [0], x) {
        InstructionSet.current.kernels.pointee.lstmSteps(Self.kind(gate), &$0)
      }
      let expected = kernel.withUnsafeBufferPointer { kernel in
        stepwise(start, units, x) { step in
          product(
            step.h, kernel.baseAddress!, step.x, into: step.gates, width: width, columns: width,
            units: units)
          math.output(step.gates, c: step.c, newC: step.newC, newH: step.newH, kept: step.saved)
        }
      }
      #expect(found != start)
      #expect(found == expected)
    }
  }

  @Test(arguments: units)
  func `a simple cell's loop equals its steps`(_ units: Int) {
    let kernel = random(units * units, 10)
    let start = arrays(units, gateCount: 1)
    for x in words(width: units) {
      let found = looped(start, units, kernel, [0], x) {
        InstructionSet.current.kernels.pointee.simpleRNNSteps(&$0)
      }
      let expected = kernel.withUnsafeBufferPointer { kernel in
        stepwise(start, units, x) { step in
          product(
            step.h, kernel.baseAddress!, step.x, into: step.gates, width: units, columns: units,
            units: units)
          Activation.tanh.apply(step.gates, into: step.newH, vectors: rows, width: units)
          step.gates.update(from: step.newH, count: rows * units)
        }
      }
      #expect(found != start)
      #expect(found == expected)
    }
  }
}

extension StepKernelTests.Arrays {
  struct Pointers {
    let gates, saved, h, c, lastH, lastC, inner: UnsafeMutablePointer<Float>
  }

  mutating func withPointers(_ body: (Pointers) -> Void) {
    let paths: [WritableKeyPath<Self, [Float]>] = [
      \.gates, \.saved, \.h, \.c, \.lastH, \.lastC, \.inner,
    ]
    let copies = paths.map { path in
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: self[keyPath: path].count)
      copy.initialize(from: self[keyPath: path], count: self[keyPath: path].count)
      return copy
    }
    body(
      Pointers(
        gates: copies[0], saved: copies[1], h: copies[2], c: copies[3], lastH: copies[4],
        lastC: copies[5], inner: copies[6]))
    for (path, copy) in zip(paths, copies) {
      self[keyPath: path] = Array(
        UnsafeBufferPointer(start: copy, count: self[keyPath: path].count))
      copy.deallocate()
    }
  }
}
