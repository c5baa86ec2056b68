import Foundation
import KerasFormat
import KerasRuntime
import KerasTrain
import TestSupport

/// Models for the command line to work on.
enum Models {
  /// A file that real Keras 3 wrote: token ids 0…29 in nine steps, one sigmoid.
  static func fixture(_ file: String, _ model: String = "gru", _ generation: String = "3") -> String
  {
    Fixtures.path("models/\(model)/\(generation)/\(file)")
  }

  static func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  /// A `.keras` file that reads text: fresh weights, a vocabulary of five words.
  static let text: Result<Data, KerasError> = Result { () throws(KerasError) in
    var tokenizer = Tokenizer()
    tokenizer.fitOnTexts(["good good good film", "bad bad plot"])
    let pipeline = TextPipeline(tokenizer: tokenizer, maxLength: 4)
    var model = try Model(
      ReviewsArchitecture.gru.layers(
        vocabularySize: pipeline.vocabularySize, inputLength: 4, generation: .keras3),
      name: "gru", seed: 7)
    model.network.textPipeline = pipeline
    try model.compile(optimizer: RMSprop(), loss: BinaryCrossentropy(), metrics: ["acc"])
    return Data(try ModelFile.encode(model.record, container: .keras))
  }

  /// What that model says of texts, computed in this process.
  static func scores(_ texts: [String]) throws -> [Float] {
    let record = try ModelFile.decode(Array(text.get()), name: "text.keras")
    return try Network(record).predict(texts)
  }
}

extension Tool {
  /// A folder with `text.keras` in it.
  static func withTextModel() throws -> Tool {
    let tool = try Tool()
    try tool.write("text.keras", Models.text.get())
    return tool
  }

  /// Writes an array of the given shape.
  func write(_ name: String, _ shape: [Int], _ values: [Float]) throws {
    try write(name, Data(NumericArray(shape: shape, .float32(values)).npy()))
  }

  func array(_ name: String) throws -> NumericArray { try NumericArray(npy: Array(data(name))) }
}
