import KerasFormat
import KerasRuntime
import KerasTrain

extension Diagnosis {
  /// What is looked at: a model as it would be trained.
  public struct Subject: Sendable {
    /// Compiled, with the weights that training starts from.
    public var model: Model
    /// Rows and targets.
    public var data: Dataset
    /// How it is trained. Where they hold nothing back for validation, the last fifth of the rows
    /// is.
    public var settings: FitSettings
    /// What the rows were before they were tokens; `nil` where they were never texts.
    public var texts: [String]?
    /// What was already trained before, as a saved run tells; its curves stand in the report.
    public var past: History?

    /// By default rows that were never texts, of a model without a past.
    public init(
      model: Model, data: Dataset, settings: FitSettings, texts: [String]? = nil,
      past: History? = nil
    ) {
      self.model = model
      self.data = data
      self.settings = settings
      self.texts = texts
      self.past = past
      if settings.validationData == nil, settings.validationSplit == 0, data.rows >= 10 {
        self.settings.validationSplit = 0.2
      }
      self.settings.report = { _ in }
      self.settings.warn = { _ in }
    }

    /// The inputs of token ids.
    var tokens: [TokenInput] { TokenInput.all(in: data, of: model.network) }
    var seed: UInt64 { settings.seed ?? 1 }

    /// The rows that training learns from, and those it is validated on.
    func split() throws(KerasError) -> (training: Range<Int>, validation: Range<Int>) {
      try data.split(validation: settings.validationSplit)
    }

    /// The same with other token rows, in the validation rows too; `nil` for a model without any.
    func mapping(_ change: (TokenRows) -> TokenRows) throws(KerasError) -> Subject? {
      guard !tokens.isEmpty else { return nil }
      var subject = self
      subject.data = try Self.mapped(data, model.network, change)
      if let given = settings.validationData {
        subject.settings.validationData = try Self.mapped(given, model.network, change)
      }
      return subject
    }

    private static func mapped(
      _ data: Dataset, _ network: Network, _ change: (TokenRows) -> TokenRows
    ) throws(KerasError) -> Dataset {
      var inputs = data.inputs
      for tokens in TokenInput.all(in: data, of: network) {
        inputs[tokens.index] = change(tokens.rows).array
      }
      var result = try Dataset(
        inputs: inputs, targets: data.targets, sampleWeights: data.sampleWeights)
      result.source = data.source
      return result
    }

    /// The same model, data and settings in a network of a changed definition, with the weights it
    /// has, compiled alike.
    func rebuilding(
      _ change: (inout ModelRecord) throws(KerasError) -> Void
    ) throws(KerasError) -> Subject {
      var record = model.network.record
      record.training = nil
      try change(&record)
      var subject = self
      subject.model = Model(try Network(record))
      try subject.compile(as: model)
      return subject
    }

    /// Compiles as the model was, with an optimizer that has gathered nothing.
    ///
    /// - Parameters:
    ///   - original: the model whose settings are taken.
    ///   - change: of the optimizer.
    mutating func compile(
      as original: Model,
      changing change: (inout any Optimizer) throws(KerasError) -> Void = { _ in }
    ) throws(KerasError) {
      guard let known = original.compilation else {
        throw KerasError(
          .invalidArgument, "the model is not compiled", hint: "give it an optimizer and a loss")
      }
      var optimizer = known.optimizer
      try change(&optimizer)
      try model.compile(
        optimizer: optimizer, loss: known.loss, metrics: known.metrics,
        weightedMetrics: known.weightedMetrics, lossWeights: known.lossWeights,
        generation: known.generation, backend: known.backend)
    }
  }
}
