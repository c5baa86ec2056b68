import ArgumentParser
import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain

/// `hornbill-bench prepare`: the reviews as arrays, once for all frameworks.
struct Prepare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the reviews as arrays that every framework reads.",
    discussion: """
      x50.npy and x100.npy are token ids (int32), padded behind, and x50-pre.npy the same padded in \
      front; y.npy the labels (float32), texts.txt the training texts, and gru.keras, lstm.keras, \
      ffnn.keras models with the vocabulary inside.
      """)

  @Argument(help: "The folder to write to.", completion: .directory)
  var output: String

  @Option(help: "The folder of the UCI reviews; without it, made-up rows of their size.")
  var reviews: String?

  func run() throws {
    try FileManager.default.createDirectory(
      atPath: output, withIntermediateDirectories: true)
    for length in [50, 100] {
      let data = try ReviewsData.reviews(folder: reviews, length: length)
      try AtomicFile.write(data.dataset.inputs[0].npy(), to: "\(output)/x\(length).npy")
      try AtomicFile.write(data.dataset.targets[0].npy(), to: "\(output)/y.npy")
      print("length \(length): \(data.dataset.rows) rows, V = \(data.vocabulary)")
      guard length == 50 else { continue }
      let front = try ReviewsData.reviews(folder: reviews, length: 50, padding: .pre)
      try AtomicFile.write(front.dataset.inputs[0].npy(), to: "\(output)/x50-pre.npy")
      let facts: JSON = [
        "rows": .integer(data.dataset.rows), "vocabulary": .integer(data.vocabulary),
        "source": .string(data.pipeline == nil ? "made up" : "UCI"),
      ]
      try AtomicFile.write(Array(facts.pythonText().utf8), to: "\(output)/facts.json")
      guard let pipeline = data.pipeline else { continue }
      let lines = data.texts.map { $0.split(separator: "\n").joined(separator: " ") }
      try AtomicFile.write(
        Array((lines.joined(separator: "\n") + "\n").utf8), to: "\(output)/texts.txt")
      for architecture in ReviewsArchitecture.allCases {
        var model = ReviewsModel(architecture: architecture)
        model.vocabulary = data.vocabulary
        var compiled = try model.compiled(length: 50)
        compiled.network.textPipeline = pipeline
        try compiled.save("\(output)/\(architecture.rawValue).keras")
      }
    }
  }
}
