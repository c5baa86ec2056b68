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
  /// Rows of validation whose answers are set beside their labels.
  private static let judgedCount = 1024

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
    let data = subject.data
    let split = try subject.split()
    probeRows = Self.some(split.training, Self.probeCount)
    evidence.validationRows = subject.settings.validationData?.rows ?? split.validation.count
    evidence.trainingRows = split.training.count
    if let optimizer = subject.model.compilation?.optimizer {
      evidence.rate = Double(
        optimizer.rate(after: subject.model.compilation?.state.iterations ?? 0))
    }
    evidence.range = NumberRange(data, names: inputNames)
    let tokens = subject.tokens
    let texts = tokens.count == 1 ? subject.texts : nil
    evidence.inputs = tokens.map { input in
      WordInput(
        name: input.name,
        padding: PaddingFacts(input.rows, isMasked: input.layer.maskZero),
        vocabulary: VocabularyFacts(
          input.rows, size: input.layer.inputDim,
          coverage: texts.flatMap { texts in
            subject.model.network.textPipeline.map { $0.tokenizer.coverage(of: texts) }
          }), index: input.index, reader: input.place.recurrent)
    }
    if tokens.isEmpty {
      notes.append("padding and words were not looked at: no input is rows of token ids")
    } else if tokens.count < data.inputs.count {
      let others = inputNames.indices.filter { place in
        !tokens.contains { $0.index == place }
      }.map { inputNames[$0] }
      notes.append(
        "padding and words were not looked at in \(others.joined(separator: ", ")): no rows of "
          + "token ids")
    }
    evidence.repeated = RepeatedRows(
      subject.data, split.training,
      heldIn: subject.settings.validationData.map { ($0, 0..<$0.rows) }
        ?? (subject.data, split.validation))
    try lookAtLabels(tokens)
  }

  private var inputNames: [String] {
    subject.model.network.inputs.map { subject.model.network.nodes[$0].name }
  }

  private mutating func lookAtLabels(_ tokens: [TokenInput]) throws(KerasError) {
    let data = subject.data
    guard data.targets.count == 1 else {
      notes.append("labels were not looked at: there are \(data.targets.count) outputs")
      return
    }
    evidence.targets = TargetFacts(data.targets[0])
    evidence.labels = labels(data.targets[0])
    let features = RowFeatures(
      data, tokens, names: inputNames, tokenizer: subject.model.network.textPipeline?.tokenizer)
    guard let labels = evidence.labels else {
      notes.append(
        givesOneAnswer
          ? "class balance was not looked at: the targets are no classes"
          : "class balance was not looked at: the model answers at each step")
      evidence.giveaway = Giveaway(data, values: data.targets[0], names: inputNames)
      return
    }
    evidence.labelEvidence = features.flatMap { LabelEvidence($0, labels) }
    evidence.giveaway =
      Giveaway(tokens, labels, tokenizer: subject.model.network.textPipeline?.tokenizer)
      ?? Giveaway(data, labels, except: Set(tokens.map(\.index)), names: inputNames)
  }

  /// Whether a row has one label: not one for each of its steps.
  private var givesOneAnswer: Bool {
    subject.model.network.outputShapes.first?.extents.count == 1
  }

  private func labels(_ targets: NumericArray) -> LabelFacts? {
    let areNumbers = (subject.model.compilation?.losses ?? []).contains {
      $0?.loss is SparseCategoricalCrossentropy
    }
    return givesOneAnswer ? LabelFacts(targets, areNumbers: areNumbers) : nil
  }

  /// Whether the model takes the rows at all; ids that its embedding does not have stop it, and are
  /// a finding, not an error.
  mutating func canRun() throws(KerasError) -> Bool {
    guard evidence.inputs.contains(where: { $0.vocabulary.outOfRange > 0 }) else { return true }
    notes.append("nothing was trained: the model cannot look up all tokens")
    return false
  }

  mutating func measureBefore() throws(KerasError) {
    let (model, data) = (subject.model, subject.data)
    let probe = try Probe(model, data, rows: probeRows)
    evidence.before = probe
    guard probe.loss.isFinite else { return }
    let tokens = subject.tokens
    for (sequence, flow) in zip(model.network.sequences, probe.flows) {
      let own = tokens.first { $0.place == sequence }?.rows.selecting(probeRows)
      guard let flow, let recurrent = sequence.recurrent,
        let share = flow.shareAtWords(of: own)
      else { continue }
      evidence.arrivals.append(
        GradientArrival(
          layer: model.network.nodes[recurrent].name, middle: share.middle, whole: share.whole,
          growth: flow.growthPerStep(of: own)))
    }
    for (place, input) in tokens.enumerated() {
      evidence.inputs[place].dependence = try WordDependence(
        model, input, data, rows: probeRows, seed: subject.seed, asIs: probe)
    }
    evidence.recurrent = try recurrent(model)
    let seen = Set(evidence.recurrent.map(\.node))
    let unseen = model.network.recurrentNodes.filter { !seen.contains($0) }
      .map { model.network.nodes[$0].name }
    if !unseen.isEmpty {
      notes.append(
        "gates were not looked at in \(unseen.joined(separator: ", ")): no GRU, LSTM or SimpleRNN")
    }
  }

  private func recurrent(_ model: Model) throws(KerasError) -> [RecurrentFacts] {
    try RecurrentFacts.all(
      model, subject.data, rows: Array(probeRows.prefix(64)), tokens: subject.tokens)
  }

  // MARK: - Training

  mutating func train() throws(KerasError) {
    let course = try Self.course(
      of: subject, probing: probeRows, isInterrupted: isInterrupted)
    evidence.course = course
    let probe = try Probe(course.model, subject.data, rows: probeRows)
    evidence.after = probe
    guard probe.loss.isFinite else { return }
    for (place, input) in subject.tokens.enumerated() {
      evidence.inputs[place].dependenceAfter = try WordDependence(
        course.model, input, subject.data, rows: probeRows, seed: subject.seed, asIs: probe)
    }
    evidence.recurrentAfter = try recurrent(course.model)
    try judge(course.model)
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

  /// Sets what the trained model answers beside the labels, on rows of validation.
  private mutating func judge(_ model: Model) throws(KerasError) {
    guard subject.data.targets.count == 1 else { return }
    let split = try subject.split()
    let held =
      subject.settings.validationData.map { ($0, 0..<$0.rows) }
      ?? (subject.data, split.validation)
    let judged = held.1.isEmpty ? nil : try answers(of: model, held.0, held.1)
    evidence.agreement = judged.flatMap { Agreement($0.answers, $0.labels) }
    if let judged, judged.labels.majority < 1 || evidence.labels?.majority == 1 {
      evidence.balancedAccuracy = judged.labels.balancedAccuracy(of: judged.answers)
      return
    }
    if let judged {
      notes.append(
        "all rows of validation have one label, \(judged.labels.classes.first ?? 0): what they say "
          + "holds for that one alone; shuffle the rows before they are split")
    }
    let own = try answers(of: model, subject.data, split.training)
    evidence.balancedAccuracy = own.flatMap { $0.labels.balancedAccuracy(of: $0.answers) }
  }

  /// Labels and answers of some rows; `nil` where the targets are no classes.
  private func answers(
    of model: Model, _ data: Dataset, _ range: Range<Int>
  ) throws(KerasError) -> (labels: LabelFacts, answers: [[Double]])? {
    let rows = Self.some(range, Self.judgedCount)
    guard let labels = labels(data.targets[0].rows(rows)) else { return nil }
    return (labels, try Probe(model, data, rows: rows).outputs)
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
    let known = try ConstantPredictor.losses(of: subject.model, on: data, subject.settings)
    let guess: ConstantPredictor.Losses
    if let known {
      guess = known
    } else {
      let rows = some(try subject.split().training, probeCount)
      let start = try Probe(subject.model, data, rows: rows).loss
      guess = ConstantPredictor.Losses(training: start, validation: start)
    }
    var leftPlateau: Int?
    if case .left(let epoch) = Plateau().outcome(history, guess) { leftPlateau = epoch }
    return Course(
      history: history, constant: guess.validation ?? guess.training,
      constantInTraining: guess.training, isConstantKnown: known != nil,
      leftPlateau: leftPlateau, batchLosses: watch.batchLosses,
      updates: watch.updates(named: model.network.weightNames), flows: watch.flows,
      firstNonFinite: watch.firstNonFinite, model: model)
  }
}
