import KerasFormat
import KerasTrain

/// The same training at several settings, side by side: every combination of the axes' values with
/// every seed is a run of its own.
///
///     let sweep = Sweep(
///       axes: [.init("learning-rate", ["0.001", "0.01", "0.1"])], seeds: [1, 2, 3])
///     let result = try await sweep.run(keptIn: "report/runs") { run throws(KerasError) in
///       var model = try Model(layers, seed: run.seed)
///       try model.compile(
///         optimizer: RMSprop(learningRate: Double(run["learning-rate"]!)!), loss: BinaryCrossentropy())
///       var settings = FitSettings()
///       (settings.epochs, settings.validationSplit, settings.seed) = (50, 0.2, run.seed)
///       return Sweep.Job(model: model, data: data, settings: settings)
///     }
///     print(result.verdict.joined(separator: "\n"))
///     try SweepReport(result).write(to: "report")
///
/// Runs go on side by side, one thread each; what comes of one does not depend on the others. A run
/// whose loss is no number any more ends there.
public struct Sweep: Sendable {
  /// One setting and the values that it takes.
  public struct Axis: Sendable, Equatable {
    /// The setting's name, as a flag has it.
    public var name: String
    /// The values as words, each a run's.
    public var values: [String]

    /// A setting and its values.
    public init(_ name: String, _ values: [String]) {
      self.name = name
      self.values = values
    }
  }

  /// The axis that the report lays side by side, where there is one.
  public static let learningRate = "learning-rate"
  /// Four decades around Keras's defaults.
  public static let defaultRates = ["0.0001", "0.001", "0.01", "0.05", "0.1"]

  /// One training: a value of each axis, and a seed.
  public struct Run: Sendable, Hashable {
    /// In the order of the axes.
    public var settings: [Setting]
    /// What the run's weights, order of rows and dropout follow from.
    public var seed: UInt64

    /// A value of one axis.
    public struct Setting: Sendable, Hashable {
      /// The axis's name.
      public var axis: String
      /// One of its values.
      public var value: String

      /// An axis's name and one of its values.
      public init(_ axis: String, _ value: String) {
        self.axis = axis
        self.value = value
      }
    }

    /// Settings in the order of the axes.
    public init(settings: [Setting], seed: UInt64) {
      self.settings = settings
      self.seed = seed
    }

    /// The value of an axis.
    public subscript(axis: String) -> String? { settings.first { $0.axis == axis }?.value }

    /// `architecture=gru,learning-rate=0.01,seed=1`
    public var name: String {
      (settings.map { "\($0.axis)=\($0.value)" } + ["seed=\(seed)"]).joined(separator: ",")
    }
  }

  /// What a run trains.
  public struct Job: Sendable {
    /// Compiled.
    public var model: Model
    /// Rows and targets.
    public var data: Dataset
    /// How it is trained.
    public var settings: FitSettings

    /// What a run trains, on what, and how.
    public init(model: Model, data: Dataset, settings: FitSettings) {
      self.model = model
      self.data = data
      self.settings = settings
    }
  }

  /// The settings that are varied.
  public var axes: [Axis]
  /// Each setting is run with every one of them.
  public var seeds: [UInt64]
  /// What counts as having left the plateau.
  public var plateau: Plateau

  /// By default the plateau of ``Plateau``.
  public init(axes: [Axis], seeds: [UInt64], plateau: Plateau = Plateau()) {
    self.axes = axes
    self.seeds = seeds
    self.plateau = plateau
  }

  /// All runs, seed by seed, so that a sweep that breaks off has seen every setting first.
  public var runs: [Run] {
    seeds.flatMap { seed in settings.map { Run(settings: $0, seed: seed) } }
  }

  /// All combinations; the last axis changes fastest.
  public var settings: [[Run.Setting]] {
    axes.reduce([[]]) { combinations, axis in
      combinations.flatMap { combination in
        axis.values.map { combination + [Run.Setting(axis.name, $0)] }
      }
    }
  }
}
