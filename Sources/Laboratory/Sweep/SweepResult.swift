import KerasTrain

/// What came of a ``Sweep``.
public struct SweepResult: Sendable {
  /// What was run.
  public let sweep: Sweep
  /// Those that ended, in the order of ``Sweep/runs``.
  public let runs: [SweepRun]

  /// - Parameter runs: those that ended, in the order of ``Sweep/runs``.
  public init(sweep: Sweep, runs: [SweepRun]) {
    self.sweep = sweep
    self.runs = runs
  }

  /// Whether all runs ended.
  public var isWhole: Bool { runs.count == sweep.runs.count }

  /// The runs of each setting, one per seed, in the order of ``Sweep/settings``; settings without
  /// any are left out.
  public var groups: [Group] {
    sweep.settings.compactMap { settings in
      let own = runs.filter { $0.run.settings == settings }
      return own.isEmpty ? nil : Group(settings: settings, runs: own, plateau: sweep.plateau)
    }
  }

  /// The groups that differ in the learning rate alone, or one a group where no rates are compared.
  public var panels: [Panel] {
    var panels: [Panel] = []
    for group in groups {
      let name = group.name(without: Sweep.learningRate)
      if let index = panels.firstIndex(where: { $0.name == name }) {
        panels[index].groups.append(group)
      } else {
        panels.append(Panel(name: name, groups: [group]))
      }
    }
    return panels
  }

  /// Flags after which losses do not compare, and what they change.
  static let incomparable: [(flags: Set<String>, what: String)] = [
    (["class-weight", "loss", "loss-weights"], "what a loss is"),
    (["split-seed", "test-split", "validation-split"], "which rows are judged"),
    (["epochs"], "for how long a loss may fall"),
  ]

  /// The groups whose losses compare: those that share what the loss is and for how long they ran.
  /// Where two groups' guesses have other losses, they are of different kinds whatever the axis.
  public var comparable: [Kind] {
    var kinds: [Kind] = []
    for group in groups {
      let shared = group.settings.filter { setting in
        Self.incomparable.contains { $0.flags.contains(setting.axis) }
      }
      let guess = group.runs.lazy.compactMap(\.guesses).first
      if let index = kinds.firstIndex(where: { $0.settings == shared && $0.isNear(guess) }) {
        kinds[index].groups.append(group)
      } else {
        kinds.append(Kind(settings: shared, guess: guess, groups: [group]))
      }
    }
    return kinds
  }

  /// Groups whose losses compare.
  public struct Kind: Sendable {
    /// What they share of ``Sweep/axes`` that changes what a loss says.
    public let settings: [Sweep.Run.Setting]
    let guess: ConstantPredictor.Losses?
    public fileprivate(set) var groups: [Group]

    /// Those with the lowest median of the lowest losses.
    public var best: Group? {
      groups.filter { $0.medianBest != nil }.min {
        ($0.medianBest ?? .infinity) < ($1.medianBest ?? .infinity)
      }
    }

    fileprivate func isNear(_ other: ConstantPredictor.Losses?) -> Bool {
      guard let guess, let other else { return (guess == nil) == (other == nil) }
      let pairs = [(guess.training, other.training), (guess.validation, other.validation)]
      return pairs.allSatisfy { a, b in
        guard let a, let b else { return (a == nil) == (b == nil) }
        return abs(a - b) <= 1e-6 * max(abs(a), abs(b))
      }
    }
  }

  /// Settings that share everything but the rate.
  public struct Panel: Sendable {
    /// `gru, padding=pre`; empty where nothing but the rate differs.
    public let name: String
    public fileprivate(set) var groups: [Group]
  }

  /// The runs of one setting with different seeds.
  public struct Group: Sendable {
    /// The setting, in the order of the axes.
    public let settings: [Sweep.Run.Setting]
    /// One a seed, as far as they ended.
    public let runs: [SweepRun]
    let plateau: Plateau

    /// The epoch in which each run left the plateau, counted from 1; `nil` for those that did not.
    public var leaving: [Int?] {
      runs.map { run in
        if case .left(let epoch) = run.outcome(plateau) { epoch } else { nil }
      }
    }

    /// The middle of ``leaving``, in words.
    public var medianLeaving: String { Median.text(ofEpochs: leaving) }

    /// How many runs came to an outcome.
    func count(_ isSo: (Plateau.Outcome) -> Bool) -> Int {
      runs.count { $0.outcome(plateau).map(isSo) ?? false }
    }

    /// The median of the runs' lowest loss.
    public var medianBest: Double? { Median.of(runs.compactMap { $0.best?.value }) }

    /// The median of the runs' highest accuracy; `nil` where none was measured.
    public var medianAccuracy: Double? { Median.of(runs.compactMap(\.bestAccuracy)) }

    /// The settings in words, one axis left out. Models go by their name alone.
    public func name(without left: String? = nil) -> String {
      settings.filter { $0.axis != left }.map { setting in
        setting.axis == "architecture" ? setting.value : "\(setting.axis) \(setting.value)"
      }.joined(separator: ", ")
    }

    /// The value of an axis; `nil` for one that the sweep does not have.
    public subscript(axis: String) -> String? { settings.first { $0.axis == axis }?.value }
  }
}
