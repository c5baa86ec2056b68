import KerasTrain

/// What came of a ``Sweep``.
public struct SweepResult: Sendable {
  public let sweep: Sweep
  /// Those that ended, in the order of ``Sweep/runs``.
  public let runs: [SweepRun]

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

  /// Settings that share everything but the rate.
  public struct Panel: Sendable {
    /// `gru, padding=pre`; empty where nothing but the rate differs.
    public let name: String
    public fileprivate(set) var groups: [Group]
  }

  /// The runs of one setting with different seeds.
  public struct Group: Sendable {
    public let settings: [Sweep.Run.Setting]
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

    public var medianAccuracy: Double? { Median.of(runs.compactMap(\.bestAccuracy)) }

    /// The settings in words, one axis left out. Models go by their name alone.
    public func name(without left: String? = nil) -> String {
      settings.filter { $0.axis != left }.map { setting in
        setting.axis == "architecture" ? setting.value : "\(setting.axis) \(setting.value)"
      }.joined(separator: ", ")
    }

    public subscript(axis: String) -> String? { settings.first { $0.axis == axis }?.value }
  }
}
