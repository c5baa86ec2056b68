import KerasFormat
import KerasRuntime
import KerasTrain

/// Takes the measures of a ``Diagnosis`` one after the other.
struct Examination {
  let subject: Diagnosis.Subject
  private(set) var evidence = Evidence()
  private(set) var notes: [String] = []
  private let isInterrupted: @Sendable () -> Bool
  private var probeRows: [Int] = []

  /// Rows that are looked at from inside: more say the same and take longer.
  private static let probeCount = 192

  init(_ subject: Diagnosis.Subject, isInterrupted: @escaping @Sendable () -> Bool) {
    self.subject = subject
    self.isInterrupted = isInterrupted
  }

  private static func some(_ range: Range<Int>, _ count: Int) -> [Int] {
    guard range.count > count else { return Array(range) }
    return (0..<count).map { range.lowerBound + $0 * range.count / count }
  }

  // MARK: - Before training

  mutating func lookAtData() throws(KerasError) {
    let (network, data) = (subject.model.network, subject.data)
    let split = try subject.split()
    probeRows = Self.some(split.training, Self.probeCount)
    evidence.validationRows = subject.settings.validationData?.rows ?? split.validation.count
    if let optimizer = subject.model.compilation?.optimizer {
      evidence.rate = Double(
        optimizer.rate(after: subject.model.compilation?.state.iterations ?? 0))
    }
    if let tokens = subject.tokens, let embedding = network.embedding {
      evidence.padding = PaddingFacts(tokens, isMasked: embedding.layer.maskZero)
      evidence.vocabulary = VocabularyFacts(
        tokens, size: embedding.layer.inputDim,
        coverage: subject.texts.flatMap { texts in
          network.textPipeline.map { $0.tokenizer.coverage(of: texts) }
        })
    } else {
      notes.append("padding and words were not looked at: the inputs are not rows of token ids")
    }
    guard data.targets.count == 1 else {
      notes.append("labels were not looked at: there are \(data.targets.count) outputs")
      return
    }
    let losses = subject.model.compilation?.losses ?? []
    let areNumbers = losses.contains { $0?.loss is SparseCategoricalCrossentropy }
    evidence.labels = LabelFacts(data.targets[0], areNumbers: areNumbers)
    guard let labels = evidence.labels else {
      notes.append("class balance was not looked at: the targets are no classes")
      return
    }
    if let tokens = subject.tokens {
      evidence.labelEvidence = LabelEvidence(tokens, labels)
      evidence.repeatedRows = repeatedShare(tokens, split)
    } else {
      evidence.labelEvidence = LabelEvidence(data.inputs, labels)
    }
  }

  /// Share of the validation rows, of those with words, that training has seen.
  private func repeatedShare(
    _ tokens: TokenRows, _ split: (training: Range<Int>, validation: Range<Int>)
  ) -> Double? {
    var held = (tokens, split.validation)
    if let given = subject.settings.validationData {
      guard let rows = TokenRows(given, for: subject.model.network) else { return nil }
      held = (rows, 0..<rows.rows)
    }
    let seen = Set(split.training.map { Array(tokens.words($0)) })
    let words = held.1.map { Array(held.0.words($0)) }.filter { !$0.isEmpty }
    guard !words.isEmpty else { return nil }
    return Double(words.filter(seen.contains).count) / Double(words.count)
  }

  /// Whether the model takes the rows at all; ids that its embedding does not have stop it, and are
  /// a finding, not an error.
  mutating func canRun() throws(KerasError) -> Bool {
    guard let vocabulary = evidence.vocabulary, vocabulary.outOfRange > 0 else { return true }
    notes.append("nothing was trained: the model cannot look up all tokens")
    return false
  }

  mutating func measureBefore() throws(KerasError) {
    let (model, data) = (subject.model, subject.data)
    let probe = try Probe(model, data, rows: probeRows)
    evidence.before = probe
    guard probe.loss.isFinite else { return }
    let tokens = subject.tokens
    let own = tokens?.selecting(probeRows)
    let share = probe.flow?.shareAtWords(of: own)
    evidence.arriving = share?.middle
    evidence.arrivingInAll = share?.whole
    evidence.growth = probe.flow?.growthPerStep(of: own)
    if let tokens {
      evidence.dependence = try WordDependence(
        model, tokens, data, rows: probeRows, seed: subject.seed, asIs: probe)
    }
    evidence.recurrent = try recurrent(model)
    if model.network.recurrent != nil, evidence.recurrent == nil {
      notes.append("gates were not looked at: the recurrent layer is not a GRU, LSTM or SimpleRNN")
    }
  }

  private func recurrent(_ model: Model) throws(KerasError) -> RecurrentFacts? {
    let rows = Array(probeRows.prefix(64))
    return try RecurrentFacts(
      model, subject.data, rows: rows, tokens: subject.tokens?.selecting(rows),
      isMasked: evidence.padding?.isMasked ?? false)
  }

  // MARK: - Training

  mutating func train() throws(KerasError) {
    let course = try Self.course(
      of: subject, probing: probeRows, isInterrupted: isInterrupted)
    evidence.course = course
    let probe = try Probe(course.model, subject.data, rows: probeRows)
    evidence.after = probe
    guard probe.loss.isFinite else { return }
    if let tokens = subject.tokens {
      evidence.dependenceAfter = try WordDependence(
        course.model, tokens, subject.data, rows: probeRows, seed: subject.seed, asIs: probe)
    }
    evidence.recurrentAfter = try recurrent(course.model)
    evidence.balancedAccuracy = try balancedAccuracy(course.model)
  }

  mutating func testRates() throws(KerasError) {
    guard evidence.before?.loss.isFinite ?? false else { return }
    var copy = subject
    // A schedule would not let the rate be set.
    try copy.compile(as: subject.model) { (optimizer: inout any Optimizer) in
      optimizer.learningRate = 1e-5
    }
    copy.settings.validationData = nil
    evidence.rateRange = try LearningRateFinder.test(
      copy.model, on: copy.data, settings: copy.settings, to: max(1, 10 * (evidence.rate ?? 0)))
  }

  private func balancedAccuracy(_ model: Model) throws(KerasError) -> Double? {
    let split = try subject.split()
    let data = subject.settings.validationData ?? subject.data
    var range = subject.settings.validationData.map { 0..<$0.rows } ?? split.validation
    if range.isEmpty { range = split.training }
    let rows = Self.some(range, 1024)
    let losses = subject.model.compilation?.losses ?? []
    let areNumbers = losses.contains { $0?.loss is SparseCategoricalCrossentropy }
    guard let labels = LabelFacts(data.targets[0].rows(rows), areNumbers: areNumbers) else {
      return nil
    }
    let answers = try Probe(model, data, rows: rows).outputs
    var hits = [Double](repeating: 0, count: labels.counts.count)
    for (row, answer) in answers.enumerated() {
      let best =
        answer.count == 1
        ? (answer[0] > 0.5 ? 1 : 0) : answer.indices.max { answer[$0] < answer[$1] } ?? 0
      if best == labels.classes[row] { hits[best] += 1 }
    }
    let present = labels.counts.indices.filter { labels.counts[$0] > 0 }
    return present.reduce(0) { $0 + hits[$1] / Double(labels.counts[$1]) }
      / Double(max(1, present.count))
  }

  /// Trains as the subject says, watching.
  ///
  /// - Parameter rows: those at which the gradient is looked at after each epoch; `nil` for none.
  static func course(
    of subject: Diagnosis.Subject, probing rows: [Int]?,
    isInterrupted: @escaping @Sendable () -> Bool
  ) throws(KerasError) -> Course {
    var model = subject.model
    let data = subject.data
    let watch = Watch(
      probe: { model throws(KerasError) in
        try rows.map { rows throws(KerasError) in try Probe(model, data, rows: rows) }
      }, isInterrupted: isInterrupted)
    let history = try model.fit(data, settings: subject.settings, callbacks: [watch])
    let guess = try ConstantPredictor.losses(of: subject.model, on: data, subject.settings)
    let inTraining = guess?.training ?? history["loss"].first ?? 0
    let constant = guess?.validation ?? guess?.training ?? history["val_loss"].first ?? inTraining
    var leftPlateau: Int?
    if let guess, case .left(let epoch) = Plateau().outcome(history, guess) { leftPlateau = epoch }
    return Course(
      history: history, constant: constant, constantInTraining: inTraining,
      leftPlateau: leftPlateau, batchLosses: watch.batchLosses,
      updates: watch.updates(named: model.network.weightNames), flows: watch.flows,
      firstNonFinite: watch.firstNonFinite, model: model)
  }
}
