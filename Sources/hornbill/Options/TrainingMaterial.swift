import KerasFormat
import KerasRuntime
import KerasTrain

/// What a training works on.
struct TrainingMaterial {
  var training: Dataset
  var validation: Dataset?
  var test: Dataset?
  var pipeline: TextPipeline?
  /// The training rows as they were written; `nil` for arrays.
  var texts: [String]?
  /// What there is, in one line.
  var introduction: String?
}

extension TrainingSetup {
  /// The rows to train on, for a model that is there or, with `nil`, for a fresh one.
  func material(for model: Model?) throws(KerasError) -> TrainingMaterial {
    let network = model?.network
    let pipeline = network?.textPipeline
    let kind = training.compilation.labelKind(
      over: model?.compilation, generation(of: model))
    if data.isRaw {
      return TrainingMaterial(training: try data.arrays(), validation: try data.validationArrays())
    }
    if let network, network.textLayer != nil { return try material(readBy: network, kind) }
    var texts = try data.texts(labels: pipeline?.labelKind(or: kind))
    if pipeline == nil, kind == .numbers { texts = try texts.valued() }
    var settings = text.settings
    if !data.testData.isEmpty { settings.testSplit = 0 }
    let set = try TextDataset(texts, settings: settings, pipeline: pipeline)
    var material = TrainingMaterial(training: set.training, test: set.test, pipeline: set.pipeline)
    material.texts = set.trainingTexts
    if !data.testData.isEmpty {
      let held = try LabelledText(
        paths: data.testData, options: data.columns.reading,
        labels: pipeline?.labelKind(or: kind) ?? texts.labelKind(or: kind))
      material.test = try TextDataset.rows(of: held, pipeline: set.pipeline)
    }
    material.introduction =
      "\(set.training.rows) rows to train on, \(material.test?.rows ?? 0) held back; "
      + "V = \(set.pipeline.vocabularySize), length \(set.pipeline.maxLength)"
    return material
  }

  /// Texts for a model that turns them into numbers itself.
  private func material(
    readBy network: Network, _ kind: LabelledText.LabelKind?
  ) throws(KerasError) -> TrainingMaterial {
    var settings = text.settings
    if !data.testData.isEmpty { settings.testSplit = 0 }
    let sets = try TextDataset.sets(
      of: try data.texts(labels: kind ?? .integers), for: network, settings: settings)
    var material = TrainingMaterial(training: sets.training, test: sets.test)
    if !data.testData.isEmpty {
      let held = try LabelledText(
        paths: data.testData, options: data.columns.reading, labels: kind ?? .integers)
      material.test = try TextDataset.rows(of: held, for: network)
    }
    material.introduction =
      "\(material.training.rows) rows to train on, \(material.test?.rows ?? 0) held back; "
      + "the model's own \(network.textLayer.map { type(of: $0).className } ?? "") reads them"
    return material
  }
}
