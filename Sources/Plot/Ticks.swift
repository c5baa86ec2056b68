#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A mark on an axis and the number beside it.
package struct Tick: Sendable, Equatable {
  package var value: Double
  package var label: String
}

/// The choice of round numbers on an axis.
package enum Ticks {
  /// The multiples of 1, 2 or 5 times a power of ten inside `low ... high`: the finest such step
  /// that makes at most `most` intervals. With `whole` the step is at least 1: there is no epoch
  /// 1.5.
  package static func linear(low: Double, high: Double, most: Int, whole: Bool = false) -> [Tick] {
    let span = high - low
    guard span > 0, span.isFinite else { return [] }
    let raw = span / Double(max(most, 1))
    var exponent = NumberText.decimalExponent(raw)
    // The small allowance keeps a span of 0.6 with 3 intervals on 0.2 though 0.6 / 3 > 0.2.
    let mantissa = raw / NumberText.powerOfTen(exponent) * (1 - 1e-9)
    var factor = mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10
    if factor == 10 { (factor, exponent) = (1, exponent + 1) }
    if whole, exponent < 0 { (factor, exponent) = (1, 0) }

    let step = Double(factor) * NumberText.powerOfTen(exponent)
    let slack = span * 1e-9
    guard let first = Int(exactly: ((low - slack) / step).rounded(.up)),
      let last = Int(exactly: ((high + slack) / step).rounded(.down)), first <= last
    else { return [] }
    let values = (first...last).map { index in
      // Divided and not multiplied by a fraction: 3 / 10 is 0.3, 3 * 0.1 is not.
      exponent < 0
        ? Double(index) * Double(factor) / NumberText.powerOfTen(-exponent)
        : Double(index) * step
    }
    let label = labeler(largest: max(low.magnitude, high.magnitude), exponent: exponent)
    return values.map { Tick(value: $0, label: label($0)) }
  }

  /// Powers of ten inside `low ... high` (both above 0), with 2 and 5 between them when there are
  /// few; round numbers as on a linear axis when the range is less than that.
  package static func logarithmic(low: Double, high: Double, most: Int) -> [Tick] {
    guard low > 0, high > low else { return [] }
    let decades = NumberText.decimalExponent(low)...NumberText.decimalExponent(high)
    let count = max(most, 1)
    func values(_ factors: [Double], every stride: Int = 1) -> [Double] {
      var values: [Double] = []
      for decade in decades where decade % stride == 0 {
        let power = NumberText.powerOfTen(abs(decade))
        values += factors.map { decade < 0 ? $0 / power : $0 * power }
      }
      return values.filter { $0 >= low * (1 - 1e-9) && $0 <= high * (1 + 1e-9) }
    }
    for factors in [[1, 2, 5], [1, 3], [1]] as [[Double]] {
      let found = values(factors)
      if found.count < 2 {
        return factors.count == 3 ? linear(low: low, high: high, most: most) : ticks(found)
      }
      if found.count <= count + 1 { return ticks(found) }
    }
    let stride = (decades.count + count - 1) / count
    return ticks(values([1], every: max(stride, 1)))
  }

  private static func ticks(_ values: [Double]) -> [Tick] {
    values.map { value in
      let exponent = NumberText.decimalExponent(value)
      return Tick(value: value, label: labeler(largest: value, exponent: exponent)(value))
    }
  }

  /// How the numbers of one axis are written, for steps of about 10^exponent: all with the same
  /// decimals, in thousands or millions where that saves zeros, else with an exponent.
  private static func labeler(largest: Double, exponent: Int) -> @Sendable (Double) -> String {
    let minus: @Sendable (String) -> String = {
      String($0.map { $0 == "-" ? "\u{2212}" : $0 })
    }
    if exponent < -4 && largest < 1e-2 || largest >= 1e9 {
      return { value in
        let decimals = max(0, NumberText.decimalExponent(value) - exponent)
        return minus(NumberText.scientific(value, decimals: min(decimals, 9)))
      }
    }
    let (unit, suffix) =
      largest >= 1e6 && exponent >= 4
      ? (6, "M") : largest >= 1e4 && exponent >= 2 ? (3, "k") : (0, "")
    return { value in
      let text = NumberText.fixed(
        value / NumberText.powerOfTen(unit), decimals: max(0, unit - exponent))
      return minus(text) + (value == 0 ? "" : suffix)
    }
  }
}

/// An axis: what it shows and where a value stands on it.
package struct PlotAxis: Sendable, Equatable {
  package var low: Double
  package var high: Double
  package var isLog = false
  /// Whether all values are whole numbers, as epochs are.
  package var isWhole = false

  /// 0 at `low`, 1 at `high`.
  package func fraction(_ value: Double) -> Double {
    isLog
      ? (log10(value) - log10(low)) / (log10(high) - log10(low)) : (value - low) / (high - low)
  }

  package func ticks(most: Int) -> [Tick] {
    isLog
      ? Ticks.logarithmic(low: low, high: high, most: most)
      : Ticks.linear(low: low, high: high, most: most, whole: isWhole)
  }

  /// The axis for these values: a little wider than they are, never below 0 for their sake, and
  /// with a sensible width around a single value. `fixed` is taken as it is.
  ///
  /// - Parameter mayBeWhole: whether values that are all whole get whole numbers beside them.
  package static func containing(
    _ values: [Double], fixed: ClosedRange<Double>?, margin: Double, isLog: Bool = false,
    mayBeWhole: Bool = true
  ) -> PlotAxis {
    let whole = mayBeWhole && !isLog && values.allSatisfy { $0.rounded() == $0 }
    if let fixed, Chart.isDrawable(fixed.lowerBound), Chart.isDrawable(fixed.upperBound),
      fixed.upperBound > fixed.lowerBound, !isLog || fixed.lowerBound > 0
    {
      return PlotAxis(low: fixed.lowerBound, high: fixed.upperBound, isLog: isLog, isWhole: whole)
    }
    guard let low = values.min(), let high = values.max() else {
      return isLog ? PlotAxis(low: 1, high: 10, isLog: true) : PlotAxis(low: 0, high: 1)
    }
    if isLog {
      let ratio = high / low
      let factor = ratio < 1 + 1e-9 ? 3 : pow(ratio, margin)
      return PlotAxis(low: low / factor, high: high * factor, isLog: true)
    }
    // Narrower than this, ticks would be told apart only in digits that rounding has eaten.
    if high - low <= max(low.magnitude, high.magnitude) * 1e-9 {
      let half = low == 0 || whole ? max(0.5, low.magnitude * 1e-6) : low.magnitude * 0.1
      return PlotAxis(low: low - half, high: high + half, isWhole: whole)
    }
    let pad = (high - low) * margin
    return PlotAxis(
      low: low >= 0 ? max(0, low - pad) : low - pad, high: high + pad, isWhole: whole)
  }
}
