import KerasRuntime
import Testing

/// e^x, σ(x) and tanh x against the same in double precision, over floats of every size and sign.
@Suite struct FunctionKernelTests {
  /// Every 1,021st of all floats: some four million.
  private static func arguments(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 1 << 12) { buffer in
      var bits: UInt64 = 0
      while bits <= UInt64(UInt32.max) {
        var count = 0
        while count < buffer.count, bits <= UInt64(UInt32.max) {
          buffer[count] = Float(bitPattern: UInt32(bits))
          bits += 1021
          count += 1
        }
        body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }

  private static func exact(_ function: InstructionSet.Function, _ x: Double) -> Double {
    switch function {
    case .exponential: Double.exp(x)
    // The form whose terms do not cancel on either side.
    case .sigmoid: x < 0 ? Double.exp(x) / (1 + Double.exp(x)) : 1 / (1 + Double.exp(-x))
    case .tanh: Double.tanh(x)
    }
  }

  @Test(arguments: InstructionSet.Function.allCases)
  func `no float is more than 2 units in the last place off`(
    _ function: InstructionSet.Function
  ) {
    for instructions in InstructionSet.available {
      var worst = (units: 0.0, at: Float.zero)
      Self.arguments { x in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: x.count) { y in
          guard let from = x.baseAddress, let to = y.baseAddress else { return }
          instructions.apply(function, from, into: to, count: x.count)
          for i in 0..<x.count where !x[i].isNaN {
            let expected = Self.exact(function, Double(x[i]))
            let rounded = Float(expected)
            // Below the smallest normal number a result may be zero.
            if y[i] == rounded || abs(rounded) < Float.leastNormalMagnitude && y[i] == 0 {
              continue
            }
            let units = abs(Double(y[i]) - expected) / Double(rounded.ulp)
            // What is no number is the worst, and stays it.
            if !(units <= worst.units), !worst.units.isNaN { worst = (units, x[i]) }
          }
        }
      }
      #expect(worst.units <= 2, "\(instructions): \(worst.units) at \(worst.at)")
    }
  }

  @Test(arguments: InstructionSet.Function.allCases)
  func `what is no number stays none, and the ends are exact`(
    _ function: InstructionSet.Function
  ) {
    let x: [Float] = [.nan, .infinity, -.infinity, 0, -0.0]
    for instructions in InstructionSet.available {
      var y = x
      instructions.apply(function, x, into: &y, count: x.count)
      #expect(y[0].isNaN)
      #expect(Array(y[1...3]) == x[1...3].map { Float(Self.exact(function, Double($0))) })
      #expect(function != .tanh || y[4].sign == .minus)
    }
  }
}
