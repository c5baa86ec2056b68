import ArgumentParser
import KerasFormat
import KerasRuntime

/// `hornbill summary`: the layers, output shapes and parameter counts, as Keras prints them.
struct Summary: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Print layers, output shapes and parameter counts, as Keras does.")

  @OptionGroup var model: ModelOptions

  func run() throws {
    let record = try ModelFile.read(model.model, weights: model.weights)
    let hasWeights = record.layers.contains { !$0.weights.isEmpty }
    do {
      let network = try Network(record, weights: hasWeights ? .stored : .zeros)
      Console.result(network.summary())
    } catch {
      throw error.inFile(model.model)
    }
  }
}
