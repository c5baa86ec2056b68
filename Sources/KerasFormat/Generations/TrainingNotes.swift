/// Where generations train layers otherwise that they predict with alike. THE table of them, but for
/// frozen layers: see ``FrozenNormalization``.
///
///     layer                              Keras 1    Keras 2.2     Keras 2.15   Keras 3
///     TimeDistributed, mask from inside  dropped    handed on     handed on    dropped
///     TimeDistributed(BatchNormalization)  averages move once a batch          once a step
///     BatchNormalization                 plain      debiased      plain        plain
///     activity_regularizer               summed     summed        mean of rows mean of rows
enum TrainingNotes {
  private struct Difference: Sendable {
    var concerns: @Sendable (_ className: String, _ config: JSONObject) -> Bool
    var behavior: @Sendable (Generation) -> String
  }

  private static let table: [Difference] = [
    Difference(
      concerns: { className, config in
        className == "TimeDistributed" && config["layer"].map { contains($0, makesMask) } == true
      },
      behavior: {
        $0 == .keras1 || $0 == .keras3
          ? "drops the mask that a TimeDistributed's layer makes, and counts all steps"
          : "hands on the mask that a TimeDistributed's layer makes"
      }),
    Difference(
      concerns: { className, config in
        className == "TimeDistributed"
          && config["layer"].map { contains($0) { name, _ in name == "BatchNormalization" } }
            == true
      },
      behavior: {
        $0 == .keras3
          ? "moves the averages of a BatchNormalization at every step step by step"
          : "moves the averages of a BatchNormalization at every step by all steps together"
      }),
    Difference(
      concerns: { className, config in
        className == "BatchNormalization" && config["trainable"] != false
          && config["mode"] ?? 0 == 0
      },
      behavior: {
        $0 == .keras2
          ? "begins the averages of a BatchNormalization anew and moves them by unbiased variances"
          : "moves the averages of a BatchNormalization by the batch's own variances"
      }),
    Difference(
      concerns: { className, config in
        className == "ActivityRegularization" || config["activity_regularizer"] ?? .null != .null
      },
      behavior: {
        $0 <= .keras2
          ? "adds up a penalty on outputs over the rows"
          : "divides a penalty on outputs by the rows"
      }),
  ]

  /// Notes each layer of a model, and of models inside it, that another generation trains otherwise.
  static func note(
    _ record: ModelRecord, _ generation: Generation, _ notes: inout [ConversionNote]
  ) {
    let keeps = [Generation.keras2, .keras2_15].contains(generation)
    for layer in record.layers {
      if !keeps, layer.inboundTraining.contains(false) {
        notes.append(
          ConversionNote(
            layer: layer.name,
            message:
              "while training, Keras \(generation.rawValue) has no call with training=False: "
              + "it trains the layer like the others"))
      }
      let value: JSON = [
        "class_name": .string(layer.className), "config": .object(layer.config),
      ]
      for difference in table {
        let (own, other) = (
          difference.behavior(record.generation), difference.behavior(generation)
        )
        guard own != other, contains(value, difference.concerns) else { continue }
        notes.append(
          ConversionNote(
            layer: layer.name,
            message: "while training, Keras \(generation.rawValue) \(other), where Keras "
              + "\(record.generation.rawValue) \(own)"))
      }
    }
  }

  private static func makesMask(_ className: String, _ config: JSONObject) -> Bool {
    className == "Masking" || config["mask_zero"] == true
  }

  /// Whether a serialized layer, or any inside it, is such a one.
  private static func contains(
    _ value: JSON, _ isWanted: (_ className: String, _ config: JSONObject) -> Bool
  ) -> Bool {
    if let list = value.array { return list.contains { contains($0, isWanted) } }
    guard let object = value.object else { return false }
    if let className = object["class_name"]?.string, let config = object["config"]?.object,
      isWanted(className, config)
    {
      return true
    }
    return object.members.contains { contains($0.value, isWanted) }
  }
}
