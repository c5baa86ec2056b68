import KerasFormat
import KerasRuntime

/// The loss of one output of a model: Keras's `loss`, with its reduction and its `loss_weights`.
public struct OutputLoss: Sendable {
  /// What is computed for each vector.
  public let loss: any Loss
  /// How it becomes one number.
  public let reduction: Reduction
  /// What it counts for in the model's loss.
  public let weight: Double

  /// By default Keras's reduction, and a weight of 1.
  public init(
    _ loss: any Loss, reduction: Reduction = .sumOverBatchSize, weight: Double = 1
  ) {
    self.loss = loss
    self.reduction = reduction
    self.weight = weight
  }

  /// One for each output, `nil` where an output has none.
  ///
  /// - Parameters:
  ///   - json: as `compile` takes it: one for all outputs, a list with one each, or a dictionary by
  ///     the outputs' names.
  ///   - weights: a list or a dictionary likewise; what is missing counts 1.
  /// - Throws: ``KerasError/Code/invalidArgument`` where losses or weights are not as many as the
  ///   outputs, or of another name, or there is no loss at all; and what
  ///   ``LossRegistry/loss(_:generation:)`` throws.
  package static func all(
    _ json: JSON, weights: JSON, outputs: [String], generation: Generation
  ) throws(KerasError) -> [OutputLoss?] {
    let losses = try perOutput(json, outputs, isOne: { $0.object?["class_name"] != nil })
    let factors =
      weights.isNull ? outputs.map { _ in JSON.null } : try shares(weights, outputs)
    var result: [OutputLoss?] = []
    for (index, entry) in losses.enumerated() {
      guard !entry.isNull else {
        result.append(nil)
        continue
      }
      let (loss, reduction) = try LossRegistry.reduced(entry, generation: generation)
      result.append(
        OutputLoss(loss, reduction: reduction, weight: factors[index].number ?? 1))
    }
    guard result.contains(where: { $0 != nil }) else {
      throw KerasError(.invalidArgument, "no output has a loss, so there is nothing to learn")
    }
    if generation == .keras1, let index = result.firstIndex(where: { $0 == nil }) {
      throw KerasError(
        .invalidArgument, "no loss for '\(outputs[index])' but Keras 1 needs one for each output")
    }
    return result
  }

  private static func shares(_ json: JSON, _ outputs: [String]) throws(KerasError) -> [JSON] {
    do throws(KerasError) {
      let entries = try perOutput(json, outputs, isOne: { _ in false })
      for entry in entries where !entry.isNull && entry.number == nil {
        throw KerasError(.invalidArgument, "\(entry.kind) but a number belongs here")
      }
      return entries
    } catch {
      throw error.inside("loss_weights")
    }
  }

  /// What a setting is for each output.
  ///
  /// - Parameter isOne: whether an object is a setting itself rather than a dictionary of them.
  static func perOutput(
    _ json: JSON, _ outputs: [String], isOne: (JSON) -> Bool
  ) throws(KerasError) -> [JSON] {
    if let list = json.array {
      guard list.count == outputs.count else {
        throw KerasError(
          .invalidArgument,
          "\(list.count) entries but the model has \(outputs.count) outputs: "
            + outputs.joined(separator: ", "))
      }
      return list
    }
    guard let object = json.object, !isOne(json) else { return outputs.map { _ in json } }
    for key in object.keys where !outputs.contains(key) {
      throw KerasError(
        .invalidArgument, "no output is called '\(key)'",
        hint: Suggestion.hint(for: key, among: outputs)
          ?? "the model's are \(outputs.joined(separator: ", "))")
    }
    return outputs.map { object[$0] ?? .null }
  }
}

extension Network {
  /// The names of the outputs, as Keras calls them: of their layers, counted where one has several.
  public var outputNames: [String] {
    var names: [String] = []
    for edge in outputs {
      let name = nodes[edge.node].name
      var unique = name
      var count = 0
      while names.contains(unique) {
        count += 1
        unique = "\(name)_\(count)"
      }
      names.append(unique)
    }
    return names
  }
}
