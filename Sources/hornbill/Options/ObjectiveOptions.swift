import ArgumentParser
import KerasFormat

/// What to minimise and what to measure: Keras's arguments of `compile`, by their names.
struct ObjectiveOptions: ParsableArguments {
  @Option(
    help: """
      A loss by any of Keras's names, an object such as \
      '{"class_name": "BinaryCrossentropy", "config": {"label_smoothing": 0.1}}', or one for each \
      output: price=mse,sold=bce; default: the model file's, else binary_crossentropy.
      """)
  var loss: String?

  @Option(
    help: "What each output's loss counts for, a JSON object by the outputs' names or a list.")
  var lossWeights: String?

  @Option(
    help: """
      Metrics, separated by commas, or as JSON such as \
      '["acc", {"class_name": "AUC", "config": {"curve": "PR"}}]'; default: the model file's, else acc.
      """)
  var metrics: String?

  @Option(help: "Metrics in which sample weights count; as --metrics.")
  var weightedMetrics: String?
}

/// Class weights as `--class-weight` takes them.
enum ClassWeightText {
  static func parsed(
    _ text: String
  ) throws(KerasError) -> (one: [Int: Double], byOutput: [String: [Int: Double]]) {
    let json = try JSON(parsing: text)
    guard let object = json.object else {
      throw KerasError(
        .invalidArgument, "found \(json.kind); expected an object such as {\"0\": 1, \"1\": 5}")
    }
    if object.members.contains(where: { $0.value.object != nil }) {
      var byOutput: [String: [Int: Double]] = [:]
      for (name, value) in object.members { byOutput[name] = try weights(value) }
      return ([:], byOutput)
    }
    return (try weights(json), [:])
  }

  private static func weights(_ json: JSON) throws(KerasError) -> [Int: Double] {
    guard let object = json.object else {
      throw KerasError(.invalidArgument, "\(json.kind) but class weights belong here")
    }
    var weights: [Int: Double] = [:]
    for (key, value) in object.members {
      guard let id = Int(key), let weight = value.number else {
        throw KerasError(
          .invalidArgument,
          "\"\(key)\": \(value.kind) but the number of a class and a number belong here")
      }
      weights[id] = weight
    }
    return weights
  }
}
