import ArgumentParser
import KerasFormat
import KerasTrain

/// The generation names of `--keras`.
extension Generation: ExpressibleByArgument {}

/// A model file with its weights.
struct ModelOptions: ParsableArguments {
  @Argument(
    help: "A .keras file, a whole-model .h5, or a .json definition.", completion: .file())
  var model: String

  @Option(
    help: "Weights for it: .weights.h5, a legacy weights .h5, or those inside a whole-model file.",
    completion: .file())
  var weights: String?

  func load() throws(KerasError) -> Model { try Model(contentsOf: model, weights: weights) }
}
