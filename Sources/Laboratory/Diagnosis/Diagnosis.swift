import KerasFormat
import KerasRuntime
import KerasTrain

/// Why a training does not do what it should: what was measured before and while a model learned,
/// the causes that follow, the strongest first, and what became of each remedy when it was tried.
///
///     let subject = Diagnosis.Subject(model: model, data: reviews.training, settings: settings)
///     let diagnosis = try Diagnosis(of: subject)
///     diagnosis.causes.first?.kind       // .endPadding
///     diagnosis.best?.remedy?.title      // "the embedding masks padding"
///     print(diagnosis.text)
///
/// The model is trained for ``FitSettings/epochs`` epochs from the weights it has, and as long
/// again with each remedy, from the same weights and seed; the model given stays as it is.
public struct Diagnosis: Sendable {
  /// What was looked at.
  public let subject: Subject
  /// What was measured.
  public let evidence: Evidence
  /// Those with a strength of ``Cause/threshold`` or more, the strongest first; none for a model
  /// that learns.
  public let causes: [Cause]
  /// The remedies that were tried, those that left the plateau soonest first; of a training that
  /// did not stand still, those with the lowest loss at the end.
  public let trials: [Trial]
  /// What could not be measured or tried, and why.
  public let notes: [String]

  /// Whether remedies are tried.
  public enum Trying: String, Sendable, CaseIterable {
    /// Where a cause is named that training otherwise could end.
    case auto
    /// Always.
    case all
    /// Never.
    case none
  }

  /// What is being done, for whoever waits.
  public enum Stage: Sendable {
    /// Data and fresh model are measured.
    case measuring
    /// The training itself.
    case training(epochs: Int)
    /// The range test of learning rates.
    case rangeTest
    /// A remedy, by its title, and how many there are.
    case trying(String, of: Int)
  }

  /// - Parameters:
  ///   - trying: whether remedies are tried.
  ///   - watch: is told what comes next.
  ///   - isInterrupted: asked after every batch; what was found by then is kept.
  /// - Throws: ``KerasError`` for a model that is not compiled or takes other data.
  public init(
    of subject: Subject, trying: Trying = .auto,
    watch: @escaping @Sendable (Stage) -> Void = { _ in },
    isInterrupted: @escaping @Sendable () -> Bool = { false }
  ) throws(KerasError) {
    self.subject = subject
    var examination = Examination(subject, isInterrupted: isInterrupted)
    watch(.measuring)
    try examination.lookAtData()
    var trials: [Trial] = []
    if try examination.canRun() {
      try examination.measureBefore()
      watch(.training(epochs: subject.settings.epochs))
      try examination.train()
      if !isInterrupted() {
        watch(.rangeTest)
        try examination.testRates()
      }
    }
    evidence = examination.evidence
    causes = evidence.causes
    var notes = examination.notes
    let helps = !evidence.isConstantTarget && causes.contains { !$0.kind.isOfData }
    if trying == .all || trying == .auto && helps, evidence.course != nil, !isInterrupted() {
      let (remedies, failures) = Remedy.all(for: subject, evidence)
      notes += failures
      let results = Trial.run(
        remedies, threads: subject.settings.crew.threads, watch: watch,
        isInterrupted: isInterrupted)
      trials = results.trials
      notes += results.failures
    }
    let byLossAlone = evidence.standstill == 0
    self.trials = trials.sorted {
      $0.course.isBetter(than: $1.course, by: 0, byLossAlone: byLossAlone)
    }
    self.notes = notes
  }

  /// The remedy that did best; `nil` where none did better than what is: left the plateau sooner,
  /// or ended at a loss that is lower by more than ``Evidence/chance``.
  public var best: Trial? {
    guard let course = evidence.course, let first = trials.first else { return nil }
    let isBetter = first.course.isBetter(
      than: course, by: evidence.chance, byLossAlone: evidence.standstill == 0)
    return isBetter ? first : nil
  }
}
