import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The question that the laboratory was built for, on the reviews that it was asked about: Keras
/// 2.2's GRU, padded at the end to 50, does not learn for some 20 epochs.
@Suite struct ReviewsDiagnosisTests {
  private static let folder: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/") + "/../shared/data/uci-sentiment"
  }()

  private static func subject(padding: PaddingSide, epochs: Int) throws -> Diagnosis.Subject {
    var text = TextDataset.Settings()
    (text.maxLength, text.padding) = (50, padding)
    let set = try TextDataset(try LabelledText(paths: [folder]), settings: text)
    let layers = ReviewsArchitecture.gru.layers(
      vocabularySize: set.pipeline.vocabularySize, inputLength: 50, generation: .keras2)
    var model = try Model(layers, name: "gru", seed: 1, generation: .keras2)
    model.network.textPipeline = set.pipeline
    try model.compile(
      optimizer: try OptimizerRegistry.optimizer("rmsprop", generation: .keras2),
      loss: "binary_crossentropy", metrics: ["acc"])
    var settings = FitSettings()
    (settings.batchSize, settings.epochs, settings.validationSplit, settings.seed) = (
      128, epochs, 0.2, 1
    )
    return Diagnosis.Subject(
      model: model, data: set.training, settings: settings, texts: set.trainingTexts)
  }

  @Test(.enabled(if: access(folder, R_OK) == 0))
  func `padding at the end is named first, and a mask and padding in front end the wait`() throws {
    let diagnosis = try Diagnosis(of: Self.subject(padding: .post, epochs: 6))
    #expect(diagnosis.causes.first?.kind == .endPadding, "\(diagnosis.findings)")
    #expect(diagnosis.evidence.course?.leftPlateau == nil)
    for kind in [Remedy.Kind.maskZero, .frontPadding] {
      let trial = try #require(diagnosis.trials.first { $0.remedy.kind == kind })
      #expect(try #require(trial.course.leftPlateau) <= 5, "\(trial.course.validation)")
    }
    #expect(diagnosis.best?.remedy.flags != nil)
  }

  @Test(.enabled(if: access(folder, R_OK) == 0))
  func `nothing is named where the padding stands in front`() throws {
    let diagnosis = try Diagnosis(of: Self.subject(padding: .pre, epochs: 10))
    #expect(diagnosis.causes.isEmpty, "\(diagnosis.findings)")
    #expect(try #require(diagnosis.evidence.course?.leftPlateau) <= 5)
    #expect(diagnosis.trials.isEmpty)
  }
}
