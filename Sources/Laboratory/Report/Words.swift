import KerasRuntime

/// A number in a sentence or a table: three digits, where it is very small or large times a power
/// of ten.
package func inWords(_ x: Double) -> String {
  guard x.isFinite else { return x.isNaN ? "not a number" : x > 0 ? "infinite" : "-infinite" }
  let size = abs(x)
  if size == 0 { return "0" }
  if size >= 0.001 && size < 10_000 {
    let digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4
    return fixed(x, digits)
  }
  var power = Int(Double.log10(size).rounded(.down))
  var mantissa = x / tenTo(power)
  if abs(mantissa) >= 9.95 { (power, mantissa) = (power + 1, mantissa / 10) }
  return "\(fixed(mantissa, 1))\u{00B7}10\(superscript(power))"
}

/// A learning rate as a person types it: 0.001, 2e-5.
func rateInWords(_ rate: Double) -> String {
  if rate >= 1 { return rate == rate.rounded() ? fixed(rate, 0) : fixed(rate, 2) }
  guard rate >= 0.0001 else {
    guard rate > 0 else { return "0" }
    let power = Int((Double.log10(rate) + 1e-9).rounded(.down))
    let digits = fixed(rate / tenTo(power), 1)
    return "\(digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits)e\(power)"
  }
  // Three digits of what is left after the zeros.
  let zeros = -Int(Double.log10(rate).rounded(.down))
  var text = fixed(rate, zeros + 2)
  while text.last == "0" { text.removeLast() }
  return text
}

/// 10ⁿ
func tenTo(_ power: Int) -> Double {
  var result = 1.0
  for _ in 0..<abs(power) { result *= 10 }
  return power < 0 ? 1 / result : result
}

private func superscript(_ number: Int) -> String {
  let digits = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
  let text = "\(abs(number))".compactMap(\.wholeNumberValue).map { digits[$0] }.joined()
  return (number < 0 ? "⁻" : "") + text
}

/// With a number of digits behind the point.
func fixed(_ x: Double, _ digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  guard x.isFinite, abs(x) * scale < 1e15 else { return "\(x)" }
  let whole = Int((abs(x) * scale).rounded())
  let sign = x < 0 && whole > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(whole)" }
  let fraction = String(whole % Int(scale))
  return sign + "\(whole / Int(scale))."
    + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// A share of a whole. What is many times the whole is no longer counted out.
package func percent(_ share: Double) -> String {
  guard abs(share) < 100 else { return "\(inWords(share * 100))%" }
  return share > 0 && share < 0.01 || share < 1 && share > 0.99
    ? "\(fixed(share * 100, 1))%" : "\(fixed(share * 100, 0))%"
}

/// How far something moved against its size: `2% of its size`, `340 times its size`.
///
/// - Parameter inDetail: with three digits, `0.578% of its size`.
package func ofItsSize(_ ratio: Double, inDetail: Bool = false) -> String {
  if ratio >= 10 { return "\(inWords(ratio)) times its size" }
  return "\(inDetail ? "\(inWords(ratio * 100))%" : percent(ratio)) of its size"
}

/// `1 epoch`, `3 epochs`
package func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
