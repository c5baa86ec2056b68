import ArgumentParser
import KerasFormat
import KerasRuntime

/// `hornbill inspect`: what is inside a model file.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what is inside a model file: definition, weights, optimizer, text pipeline.",
    discussion: "A file of weights alone is shown array by array.")

  @OptionGroup var model: ModelOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    if model.weights == nil, let weights = try ModelFile.bareWeights(model.model) {
      let report = BareWeightsReport(weights: weights, file: model.model)
      return Console.result(json ? report.json.pythonText(indent: 2) : report.text)
    }
    let record = try ModelFile.read(model.model, weights: model.weights)
    let report = InspectionReport(record, file: model.model)
    Console.result(json ? report.json.pythonText(indent: 2) : report.text)
  }
}
