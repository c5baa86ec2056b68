import HornbillPlot
import Testing

struct TicksTests {
  @Test(arguments: [
    (0.0, 1.0, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    (0.0, 0.6, 3, ["0.0", "0.2", "0.4", "0.6"]),
    (0.31, 0.72, 5, ["0.4", "0.5", "0.6", "0.7"]),
    (-3.0, 4.0, 4, ["\u{2212}2", "0", "2", "4"]),
    (0.0, 40_000.0, 4, ["0", "10k", "20k", "30k", "40k"]),
    (0.0, 2e6, 4, ["0.0", "0.5M", "1.0M", "1.5M", "2.0M"]),
    (0.0, 3e-6, 3, ["0", "1e\u{2212}6", "2e\u{2212}6", "3e\u{2212}6"]),
  ])
  func `steps are 1, 2 or 5 times a power of ten`(
    low: Double, high: Double, most: Int, labels: [String]
  ) {
    #expect(Ticks.linear(low: low, high: high, most: most).map(\.label) == labels)
  }

  @Test func `a tick's value is the number on it, not its neighbor in binary`() {
    #expect(Ticks.linear(low: 0, high: 0.5, most: 5).map(\.value) == [0, 0.1, 0.2, 0.3, 0.4, 0.5])
  }

  @Test func `no step makes more intervals than asked for`() {
    for tenths in 1...200 {
      for most in 1...9 {
        let high = Double(tenths) / 10
        #expect(Ticks.linear(low: 0, high: high, most: most).count <= most + 1)
      }
    }
  }

  @Test func `epochs have no halves`() {
    let axis = PlotAxis.containing([1, 2, 3], fixed: nil, margin: 0.02)
    #expect(axis.ticks(most: 10).map(\.label) == ["1", "2", "3"])
  }

  @Test func `a logarithmic axis counts decades, and parts of them when there are few`() {
    #expect(
      Ticks.logarithmic(low: 1e-5, high: 0.1, most: 6).map(\.label)
        == ["1e\u{2212}5", "0.0001", "0.001", "0.01", "0.1"])
    #expect(
      Ticks.logarithmic(low: 1, high: 10, most: 6).map(\.label) == ["1", "2", "5", "10"])
    #expect(Ticks.logarithmic(low: 1, high: 1e12, most: 4).count <= 5)
  }

  @Test func `a constant series stands in the middle of a range with width`() {
    for value in [0.0, 0.6931, -4, 1e20, 1e-30] {
      let axis = PlotAxis.containing([value, value], fixed: nil, margin: 0.05)
      #expect(axis.low < value && value < axis.high)
      #expect(abs(axis.fraction(value) - 0.5) < 1e-6)
      #expect(axis.ticks(most: 5).count >= 1)
    }
  }

  @Test func `a loss above zero does not make the axis go below it`() {
    #expect(PlotAxis.containing([0.01, 0.7], fixed: nil, margin: 0.05).low == 0)
    #expect(PlotAxis.containing([-0.1, 0.7], fixed: nil, margin: 0.05).low < -0.1)
  }

  @Test func `numbers have the decimals asked for and no negative zero`() {
    #expect(NumberText.fixed(-0.001, decimals: 2) == "0.00")
    #expect(NumberText.fixed(-12.345678, decimals: 2) == "-12.35")
    #expect(NumberText.fixed(0.05, decimals: 2) == "0.05")
    #expect(NumberText.fixed(7, decimals: 0) == "7")
  }

  @Test(arguments: [
    (1000.0, 3), (999.0, 2), (0.001, -3), (1e-30, -30), (1e99, 99), (1.0, 0), (0, 0),
  ])
  func `the exponent of a power of ten is its own`(value: Double, exponent: Int) {
    #expect(NumberText.decimalExponent(value) == exponent)
  }
}
