/// Numbers as text, the same on every machine.
package enum NumberText {
  /// `value` with exactly `decimals` digits after the point, halves away from zero, and no `-0`.
  package static func fixed(_ value: Double, decimals: Int) -> String {
    let scaled = (value * powerOfTen(decimals)).rounded(.toNearestOrAwayFromZero)
    guard let whole = Int(exactly: scaled) else { return "\(value)" }
    let digits = String(whole.magnitude)
    let sign = whole < 0 ? "-" : ""
    if decimals <= 0 { return sign + digits }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// `value` to four significant digits, for prose.
  package static func significant(_ value: Double) -> String {
    if value == 0 { return "0" }
    let exponent = decimalExponent(value)
    if exponent < -4 || exponent > 6 { return scientific(value, decimals: 3) }
    return fixed(value, decimals: max(0, 3 - exponent))
  }

  /// A setting as people write it: `5`, `2.5`.
  package static func plain(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }

  /// `1.5e-7`.
  static func scientific(_ value: Double, decimals: Int) -> String {
    if value == 0 { return "0" }
    let exponent = decimalExponent(value)
    // In two steps, because 10^±exponent alone may be no finite number for the smallest values.
    let half = exponent / 2
    let mantissa = value / powerOfTen(half) / powerOfTen(exponent - half)
    return fixed(mantissa, decimals: decimals) + "e\(exponent)"
  }

  /// The `e` for which 10^e ≤ |value| < 10^(e+1); 0 for 0.
  package static func decimalExponent(_ value: Double) -> Int {
    var rest = value.magnitude
    if rest == 0 || !rest.isFinite { return 0 }
    var exponent = 0
    while rest >= 1e16 {
      rest /= 1e16
      exponent += 16
    }
    while rest < 1e-16 {
      rest *= 1e16
      exponent -= 16
    }
    // Against powers of ten, which are exact, so that 0.001 gives -3 and 1000 gives 3.
    var power = -17
    while power < 17, rest >= powerOfTen(power + 1) { power += 1 }
    return exponent + power
  }

  /// 10^exponent, correctly rounded for |exponent| ≤ 22.
  package static func powerOfTen(_ exponent: Int) -> Double {
    var power = 1.0
    for _ in 0..<exponent.magnitude { power *= 10 }
    return exponent < 0 ? 1 / power : power
  }
}
