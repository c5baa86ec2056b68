import KerasFormat
import KerasRuntime

/// A model file laid open, for people and as JSON.
struct InspectionReport {
  private let record: ModelRecord
  private let file: String
  /// Why this package cannot run the model, when it cannot.
  private let refusal: String?
  /// Layers that a mask reaches and that do not look at it.
  private let maskIgnorers: Set<String>

  init(_ record: ModelRecord, file: String) {
    self.file = file
    let hasWeights = record.layers.contains { !$0.weights.isEmpty }
    do {
      let network = try Network(record, weights: hasWeights ? .stored : .zeros)
      refusal = nil
      maskIgnorers = Set(
        network.nodes.filter { $0.receivesMask && !$0.layer.supportsMasking }.map(\.name))
      self.record = hasWeights ? Self.named(record, as: network.record) : record
    } catch {
      refusal = error.description
      maskIgnorers = []
      self.record = record
    }
  }

  /// Some containers number the weights of a layer: those get the names that the layer gives them.
  static func named(_ record: ModelRecord, as built: ModelRecord) -> ModelRecord {
    var record = record
    for (index, layer) in built.layers.enumerated() where index < record.layers.count {
      for (position, weight) in layer.weights.enumerated()
      where position < record.layers[index].weights.count {
        record.layers[index].weights[position].name = weight.name
      }
    }
    return record
  }

  // MARK: - For people

  var text: String {
    var lines = ["file        \(file)"]
    let version = record.kerasVersion.map { " (written by \($0))" } ?? ""
    lines.append("generation  Keras \(record.generation.rawValue)\(version)")
    lines.append(
      "model       \(record.isSequential ? "Sequential" : "Functional") '\(record.name)'")
    if let refusal { lines.append("runs        no: \(refusal)") }
    for layer in record.layers {
      lines.append("")
      lines.append("\(layer.name)  \(layer.className)")
      if maskIgnorers.contains(layer.name) {
        lines.append(
          "  a mask reaches it, which Keras \(record.generation.rawValue) ignores here and does not "
            + "hand on")
      }
      for (key, value) in layer.config.members where isTelling(value) {
        lines.append("  \(key) = \(shortened(key, value))")
      }
      for (call, mask) in layer.inboundMasks.enumerated() {
        guard let mask else { continue }
        let place = layer.inbound.count > 1 ? "call \(call): " : ""
        lines.append("  \(place)mask = \(mask.tensor?.layer ?? "None")")
      }
      for (call, training) in layer.inboundTraining.enumerated() {
        guard let training else { continue }
        let place = layer.inbound.count > 1 ? "call \(call): " : ""
        lines.append("  \(place)training = \(training)")
      }
      for weight in layer.weights {
        lines.append("  \(weight.name)  \(weight.array.facts)")
      }
    }
    lines += trainingLines
    lines += pipelineLines
    return lines.joined(separator: "\n")
  }

  /// What says nothing is left out of the text; the JSON has everything.
  private func isTelling(_ value: JSON) -> Bool { !value.isNull && value != .bool(false) }

  /// A vocabulary is cut short; the JSON has all of it.
  private func shortened(_ key: String, _ value: JSON) -> String {
    guard ["vocabulary", "idf_weights"].contains(key), let list = value.array, list.count > 8 else {
      return value.pythonText()
    }
    return JSON.array(Array(list.prefix(6))).pythonText().dropLast() + ", …] (\(list.count))"
  }

  private var trainingLines: [String] {
    if let failure = record.trainingFailure {
      return ["", "its training cannot be read: \(failure)"]
    }
    guard let training = record.training else { return ["", "not compiled"] }
    let optimizer = training.optimizer
    var lines = ["", "loss        \(training.loss.pythonText())"]
    if !training.metrics.isNull { lines.append("metrics     \(training.metrics.pythonText())") }
    let assumption = optimizer.isAssumed ? " (compile's default: the file names none)" : ""
    lines.append("optimizer   \(optimizer.className)\(assumption)")
    for (key, value) in optimizer.config.members where isTelling(value) {
      lines.append("  \(key) = \(value.pythonText())")
    }
    if let iterations = optimizer.iterations { lines.append("  iterations = \(iterations)") }
    for slot in optimizer.slots {
      for (index, array) in slot.arrays.enumerated() {
        lines.append("  \(slot.name)/\(index)  \(array.facts)")
      }
    }
    return lines
  }

  private var pipelineLines: [String] {
    guard let pipeline = record.textPipeline?.object else { return ["", "no text pipeline"] }
    var lines = ["", "text pipeline"]
    for (key, value) in pipeline.members where isTelling(value) && key != "tokenizer" {
      lines.append("  \(key) = \(value.pythonText())")
    }
    if let tokenizer = pipeline["tokenizer"], let fitted = try? Tokenizer(json: tokenizer) {
      lines.append("  words = \(fitted.wordIndex.count)")
    }
    return lines
  }

  // MARK: - As JSON

  var json: JSON {
    var object: JSONObject = [
      "file": .string(file), "generation": .string(record.generation.rawValue),
      "keras_version": record.kerasVersion.map(JSON.string) ?? .null, "name": .string(record.name),
      "class_name": .string(record.isSequential ? "Sequential" : "Functional"),
      "runs": .bool(refusal == nil), "refusal": refusal.map(JSON.string) ?? .null,
      "layers": .array(record.layers.map(layerJSON)),
    ]
    object["training"] = record.training.map(trainingJSON) ?? .null
    object["training_failure"] = record.trainingFailure.map { .string("\($0)") }
    object["text_pipeline"] = record.textPipeline ?? .null
    return .object(object)
  }

  private func layerJSON(_ layer: LayerRecord) -> JSON {
    [
      "name": .string(layer.name), "class_name": .string(layer.className),
      "ignores_mask": .bool(maskIgnorers.contains(layer.name)),
      "config": .object(layer.config),
      "masks": .array(layer.inboundMasks.map(maskJSON)),
      "weights": .array(layer.weights.map { $0.array.factsJSON(name: $0.name) }),
    ]
  }

  /// What a call is given as its mask: `null` for what the input carries, `false` for nothing, as
  /// `mask=None` says, or a layer's name.
  private func maskJSON(_ mask: CallMask?) -> JSON {
    guard let mask else { return .null }
    return mask.tensor.map { .string($0.layer) } ?? false
  }

  private func trainingJSON(_ training: TrainingRecord) -> JSON {
    let optimizer = training.optimizer
    return [
      "loss": training.loss, "metrics": training.metrics,
      "optimizer": [
        "class_name": .string(optimizer.className), "config": .object(optimizer.config),
        "iterations": optimizer.iterations.map(JSON.integer) ?? .null,
        "slots": .array(
          optimizer.slots.flatMap { slot in
            slot.arrays.enumerated().map { $1.factsJSON(name: "\(slot.name)/\($0)") }
          }),
      ],
    ]
  }
}
