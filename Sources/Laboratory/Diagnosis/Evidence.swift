import KerasFormat
import KerasRuntime
import KerasTrain

/// Everything that was measured, from which causes are judged.
public struct Evidence: Sendable {
  /// Of token rows.
  public internal(set) var padding: PaddingFacts?
  public internal(set) var vocabulary: VocabularyFacts?
  public internal(set) var labels: LabelFacts?
  /// What naive Bayes finds in the training rows.
  public internal(set) var labelEvidence: LabelEvidence?
  /// Share of the validation rows that stand among the training rows, words and all.
  public internal(set) var repeatedRows: Double?
  /// The model before training.
  public internal(set) var before: Probe?
  public internal(set) var after: Probe?
  public internal(set) var dependence: WordDependence?
  public internal(set) var dependenceAfter: WordDependence?
  public internal(set) var recurrent: RecurrentFacts?
  public internal(set) var recurrentAfter: RecurrentFacts?
  public internal(set) var course: Course?
  public internal(set) var rateRange: LearningRateFinder.Result?
  /// Share of the gradient at a recurrent layer's output that arrives at words, before training: in
  /// the middle of the rows, and of all rows' gradients together, in which the largest decide.
  public internal(set) var arriving: Double?
  public internal(set) var arrivingInAll: Double?
  /// By how much the gradient grows a step back.
  public internal(set) var growth: Double?
  /// Mean over the classes of the share of their rows that the trained model finds, on rows of
  /// validation.
  public internal(set) var balancedAccuracy: Double?
  /// Rows that the run is validated on.
  public internal(set) var validationRows: Int?
  /// The rate that the run trains at.
  public internal(set) var rate: Double?

  /// 1 while the loss stands at the constant predictor's or above to the end; less where it stood
  /// there for more than three epochs first; 0 where it left soon.
  var standstill: Double {
    guard let course else { return 0 }
    guard let left = course.leftPlateau else { return 1 }
    return (Double(left - 3) / 4).clamped
  }

  /// The causes with a strength of ``Cause/threshold`` or more, the strongest first.
  public var causes: [Cause] {
    let all = [
      endPadding, rateTooHigh, rateTooLow, saturation, explodingGradients, notANumber, overfitting,
      unbalancedLabels, nothingToLearn, leakingLabels, foreignVocabulary, emptyRows, deadUnits,
    ]
    return all.compactMap { $0 }.filter { $0.strength >= Cause.threshold }
      .sorted { $0.strength > $1.strength }
  }
}

/// A number in a sentence: three digits, where it is very small or large times a power of ten.
func inWords(_ x: Double) -> String {
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

func percent(_ share: Double) -> String {
  share > 0 && share < 0.01 || share < 1 && share > 0.99
    ? "\(fixed(share * 100, 1))%" : "\(fixed(share * 100, 0))%"
}
