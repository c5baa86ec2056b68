import KerasFormat
import KerasRuntime
import KerasTrain

/// One change that may end a standstill.
public struct Remedy: Sendable {
  /// What is changed, by its name in `diagnosis.json`.
  public enum Kind: String, Sendable, CaseIterable {
    /// The embedding masks padding.
    case maskZero = "mask_zero"
    /// Padding goes in front of the words.
    case frontPadding = "front_padding"
    /// Rows are cut shorter.
    case shorterLength = "shorter_length"
    /// Each batch is cut to its longest row.
    case trimToBatch = "trim_to_batch"
    /// The rate that the range test suggests.
    case rateFromRangeTest = "rate_from_range_test"
    /// A tenth of the rate.
    case tenthOfRate = "tenth_of_rate"
    /// Another optimizer.
    case otherOptimizer = "other_optimizer"
    /// Gates that start out remembering.
    case forgetBias = "forget_bias"
    /// The maximum over time in the place of the last state.
    case pooling
    /// Gradients are clipped.
    case clipping
    /// Rare classes count for more.
    case classWeight = "class_weight"
    /// Training starts from new weights.
    case freshWeights = "fresh_weights"
  }

  /// What is changed.
  public let kind: Kind
  /// In words: `padding at the front`.
  public let title: String
  /// What to add to the command line; `nil` where no flag does it.
  public let flags: String?
  let subject: Diagnosis.Subject

  /// All that change anything about `subject`, in the order of ``Kind``, and what could not be
  /// tried.
  static func all(
    for subject: Diagnosis.Subject, _ evidence: Evidence
  ) -> (remedies: [Remedy], failures: [String]) {
    var (remedies, failures): ([Remedy], [String]) = ([], [])
    for kind in Kind.allCases {
      do throws(KerasError) {
        if let remedy = try Remedy(kind, subject, evidence) { remedies.append(remedy) }
      } catch {
        failures.append("\(kind.rawValue) cannot be tried: \(error.description)")
      }
    }
    return (remedies, failures)
  }

  private init?(
    _ kind: Kind, _ subject: Diagnosis.Subject, _ evidence: Evidence
  ) throws(KerasError) {
    guard let made = try Self.made(kind, subject, evidence) else { return nil }
    (self.kind, title, flags, self.subject) = (kind, made.title, made.flags, made.subject)
  }

  private typealias Made = (title: String, flags: String?, subject: Diagnosis.Subject)

  private static func made(
    _ kind: Kind, _ subject: Diagnosis.Subject, _ evidence: Evidence
  ) throws(KerasError) -> Made? {
    switch kind {
    case .maskZero, .frontPadding, .shorterLength, .trimToBatch:
      try ofPadding(kind, subject, evidence)
    case .rateFromRangeTest, .tenthOfRate, .otherOptimizer, .clipping:
      try ofOptimizer(kind, subject, evidence)
    case .forgetBias: try subject.forgettingLess().map { ($0.title, nil, $0.subject) }
    case .pooling: try subject.pooling().map { ("pooling: the maximum over time", nil, $0) }
    case .classWeight: classWeight(subject, evidence)
    case .freshWeights:
      try evidence.causes.contains { Self.curedByFreshWeights.contains($0.kind) }
        ? ("fresh weights", nil, subject.startingAfresh()) : nil
    }
  }

  private static let curedByFreshWeights: Set<Cause.Kind> = [
    .saturation, .notANumber, .explodingGradients, .deadUnits,
  ]

  private static func ofPadding(
    _ kind: Kind, _ subject: Diagnosis.Subject, _ evidence: Evidence
  ) throws(KerasError) -> Made? {
    let inputs = evidence.inputs.filter {
      $0.padding.frontShare + $0.padding.endShare > 0 && $0.padding.emptyShare < 1
    }
    guard !inputs.isEmpty else { return nil }
    switch kind {
    case .maskZero:
      guard inputs.contains(where: { !$0.padding.isMasked }) else { return nil }
      return ("the embedding masks padding", "--mask-zero true", try subject.masking())
    case .frontPadding:
      guard inputs.contains(where: { $0.padding.meanEnd > 0 }) else { return nil }
      return try subject.mapping { $0.padded(.pre, to: $0.steps) }.map {
        ("padding at the front", "--padding pre", $0)
      }
    default:
      // Inputs side by side must stay as long as each other.
      guard subject.data.inputs.count == 1, let tokens = subject.tokens.first?.rows else {
        return nil
      }
      return try ofLength(kind, subject, inputs[0].padding, tokens)
    }
  }

  private static func ofLength(
    _ kind: Kind, _ subject: Diagnosis.Subject, _ padding: PaddingFacts, _ tokens: TokenRows
  ) throws(KerasError) -> Made? {
    switch kind {
    case .shorterLength:
      let counts = (0..<tokens.rows).map { tokens.words($0).count }.sorted()
      let length = max(1, counts[min(counts.count - 1, counts.count * 9 / 10)])
      guard length < tokens.steps else { return nil }
      let side = padding.endShare >= padding.frontShare ? PaddingSide.post : .pre
      return try subject.openingLength().mapping { $0.padded(side, to: length) }.map {
        ("rows of \(length) steps instead of \(tokens.steps)", "--max-length \(length)", $0)
      }
    default:
      guard padding.longest < padding.steps || padding.endShare + padding.frontShare > 0.1 else {
        return nil
      }
      var trimmed = try subject.openingLength()
      trimmed.data.trimsToBatch = true
      trimmed.settings.validationData?.trimsToBatch = true
      return ("batches cut to their longest row", nil, trimmed)
    }
  }

  private static func ofOptimizer(
    _ kind: Kind, _ subject: Diagnosis.Subject, _ evidence: Evidence
  ) throws(KerasError) -> Made? {
    guard let optimizer = subject.model.compilation?.optimizer else { return nil }
    var changed = subject
    switch kind {
    case .rateFromRangeTest:
      guard let rate = evidence.rateRange?.suggestion.map(rounded) else { return nil }
      if let now = evidence.rate, abs(Double.log10(rate / now)) < 0.2 { return nil }
      try changed.compile(as: subject.model) { (optimizer: inout any Optimizer) in
        optimizer.learningRate = rate
      }
      return (
        "rate \(rateInWords(rate)), from the range test", "--learning-rate \(rateInWords(rate))",
        changed
      )
    case .tenthOfRate:
      guard let now = evidence.rate, evidence.causes.contains(where: { $0.kind == .rateTooHigh })
      else { return nil }
      let rate = rounded(now / 10)
      try changed.compile(as: subject.model) { (optimizer: inout any Optimizer) in
        optimizer.learningRate = rate
      }
      return (
        "a tenth of the rate, \(rateInWords(rate))", "--learning-rate \(rateInWords(rate))", changed
      )
    case .otherOptimizer:
      let generation = subject.model.compilation?.generation ?? subject.model.network.generation
      let (now, other) = (type(of: optimizer).className, optimizer is Adam ? "rmsprop" : "adam")
      let new = try OptimizerRegistry.optimizer(other, generation: generation)
      try changed.compile(as: subject.model) { (optimizer: inout any Optimizer) in
        optimizer = new
      }
      return ("\(other) instead of \(now.lowercased())", "--optimizer \(other)", changed)
    default:
      let options = optimizer.options
      guard options.clipnorm == nil, options.clipvalue == nil, options.globalClipnorm == nil else {
        return nil
      }
      let isGlobal = (subject.model.compilation?.generation ?? .keras3) <= .keras2
      try changed.compile(as: subject.model) { (optimizer: inout any Optimizer) in
        // Keras 1 and 2.2 take the norm of all gradients together, under the same name.
        if isGlobal { optimizer.options.globalClipnorm = 1 } else { optimizer.options.clipnorm = 1 }
      }
      return ("gradients clipped to norm 1", #"--optimizer-config '{"clipnorm": 1}'"#, changed)
    }
  }

  private static func classWeight(_ subject: Diagnosis.Subject, _ evidence: Evidence) -> Made? {
    guard let labels = evidence.labels, labels.majority > 0.7, labels.majority < 1,
      subject.settings.classWeight.isEmpty, subject.model.network.outputs.count == 1
    else { return nil }
    let present = labels.counts.indices.filter { labels.counts[$0] > 0 }
    let total = Double(labels.counts.reduce(0, +))
    var changed = subject
    for label in present {
      let weight = total / Double(present.count) / Double(labels.counts[label])
      changed.settings.classWeight[label] = (weight * 100).rounded() / 100
    }
    let pairs = present.map { "\"\($0)\": \(rateInWords(changed.settings.classWeight[$0] ?? 1))" }
    return (
      "classes weighted to count alike", "--class-weight '{\(pairs.joined(separator: ", "))}'",
      changed
    )
  }

  /// One digit that a person would choose: 1, 2 or 5 times a power of ten.
  private static func rounded(_ rate: Double) -> Double {
    var power = 1.0
    while power > rate { power /= 10 }
    while power * 10 <= rate { power *= 10 }
    let digit = rate / power
    let chosen = digit < 1.5 ? 1.0 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10
    // Through text, so that 0.002 is 0.002.
    return Double(rateInWords(chosen * power)) ?? chosen * power
  }
}
