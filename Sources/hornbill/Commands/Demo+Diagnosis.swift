import ArgumentParser
import KerasFormat
import KerasLaboratory
import KerasRuntime
import KerasTrain

extension Demo {
  /// Why the GRU of the sweep stands still at Keras's own rate, and what ends it.
  func diagnosePlateau(_ reviews: LabelledText) throws {
    var text = TextDataset.Settings()
    text.padding = .post
    let set = try TextDataset(reviews, settings: text)
    let layers = ReviewsArchitecture.gru.layers(
      vocabularySize: set.pipeline.vocabularySize, inputLength: set.pipeline.maxLength,
      generation: .keras2)
    var model = try Model(layers, name: "gru", seed: seed, generation: .keras2)
    model.network.textPipeline = set.pipeline
    try model.compile(
      optimizer: RMSprop(learningRate: 0.001), loss: BinaryCrossentropy(), metrics: ["acc"])
    var settings = FitSettings()
    (settings.epochs, settings.batchSize, settings.seed) = (quick ? 12 : 20, 128, seed)
    settings.validationData = set.test
    let diagnosis = try Diagnosis(
      of: Diagnosis.Subject(
        model: model, data: set.training, settings: settings, texts: set.trainingTexts),
      isInterrupted: { Interruption.came })
    if Interruption.came { throw ExitCode(Interruption.exitStatus) }
    Console.result("\ndiagnosis: \(diagnosis.text(withFacts: false))")
    try DiagnosisReport(
      diagnosis, title: "Why the GRU stands still",
      command: ShellText.command(Array(CommandLine.arguments.dropFirst()))
    ).write(to: output)
    Console.result("\nreport: \(output)/diagnosis.html")
  }
}
