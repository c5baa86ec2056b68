import ArgumentParser
import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain

/// One work and nothing else, for those who look at the process from outside: its memory, its
/// instructions.
struct Once: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Do one work a number of times, to be looked at from outside.", shouldDisplay: false)

  enum Case: String, CaseIterable, ExpressibleByArgument {
    case gruStep = "gru-step"
    case lstmStep = "lstm-step"
    case ffnnStep = "ffnn-step"
    case single
    case step
    case singleText = "single-text"
    case tokenizer
    case load
    case save
    case nothing
  }

  @Argument var work: Case
  @Argument var times: Int
  @Option var path: String?
  @Option var rows = 128
  @Option var vocabulary = 5000

  func run() throws {
    switch work {
    case .gruStep: try train(.gru)
    case .lstmStep: try train(.lstm)
    case .ffnnStep: try train(.ffnn)
    case .single:
      let model = ReviewsModel(architecture: .gru, vocabulary: 500)
      let scorer = Scorer(try model.compiled().network)
      let data = try ReviewsData(rows: 1, length: 12, vocabulary: 500).dataset
      let row = Work.rows(of: data.inputs[0])[0]
      for _ in 0..<times { _ = try scorer.predictor.score(row) }
    case .step:
      let network = try Network([InputLayer(shape: [nil, 32]), GRU(units: 32)], seed: 1)
      var predictor = try StepPredictor(network)
      let x = [Float](repeating: 0.5, count: 32)
      for _ in 0..<times { try predictor.step(x) }
    case .singleText:
      var tokenizer = Tokenizer()
      tokenizer.fitOnTexts([Self.text])
      var network = try ReviewsModel(architecture: .gru, vocabulary: 500).compiled().network
      network.textPipeline = TextPipeline(tokenizer: tokenizer, maxLength: 50)
      let scorer = Scorer(network)
      for _ in 0..<times { _ = try scorer.predictor.score(Self.text) }
    case .tokenizer:
      var tokenizer = Tokenizer()
      tokenizer.fitOnTexts([Self.text])
      let pipeline = TextPipeline(tokenizer: tokenizer, maxLength: 50)
      for _ in 0..<times { _ = pipeline.encode([Self.text]) }
    case .load:
      guard let path else { throw ValidationError("--path names the model.") }
      for _ in 0..<times { _ = try Network(contentsOf: path, training: false) }
    case .save:
      guard let path else { throw ValidationError("--path names the model.") }
      let model = ReviewsModel(architecture: .gru, vocabulary: vocabulary)
      try Model(model.layers(), seed: 1).save(path)
    case .nothing: break
    }
  }

  /// Epochs of as many batches of 128 as there are rows for.
  private func train(_ architecture: ReviewsArchitecture) throws(KerasError) {
    let vocabulary = rows > 128 ? 4603 : 500
    let data = try ReviewsData(rows: rows, length: 50, vocabulary: vocabulary)
    var model = try ReviewsModel(architecture: architecture, vocabulary: vocabulary).compiled()
    let settings = FitSettings.measuring(epochs: times, batchSize: 128, threads: 1)
    try model.fit(data.dataset, settings: settings)
  }

  private static let text =
    "The screen is bright, the battery lasts two days, and I'd buy this phone again any time."
}
