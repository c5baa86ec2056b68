/// Keras 1's Sequential that starts with a Merge of other models, its branches.
///
/// The record has it as a functional model with an input for each branch. A branch hands no mask to
/// the Merge behind it, whose call therefore has its mask withheld: that tells such a model from a
/// functional one of Keras 1, which cannot store a call's mask.
extension ModelDecoder {
  /// Weights stand in the file branch by branch, as the layers do here.
  func branched(_ entries: [JSON], name: String) throws(KerasError) -> ModelRecord {
    var record = ModelRecord(
      generation: dialect.generation, name: name, isSequential: false, layers: [])
    let end = try addBranches(entries, to: &record)
    record.outputs = [end]
    var names: Set<String> = []
    for layer in record.layers
    where layer.className != "InputLayer" && !names.insert(layer.name).inserted {
      throw KerasError(
        .unsupportedConfiguration,
        "two branches have a layer of this name: a model that is merged in two places, of which "
          + "the file has two copies",
        at: .init(path: [layer.name]),
        hint: "Keras 1 cannot load its weights either; make the model of functional calls")
    }
    return record
  }

  /// Adds the layers of one Sequential and answers what comes out of its last.
  private func addBranches(
    _ entries: [JSON], to record: inout ModelRecord
  ) throws(KerasError) -> TensorReference {
    var rest: [LayerRecord]
    var last: TensorReference
    if let merge = entries.first?.object, merge["class_name"]?.string == "Merge",
      let config = merge["config"]?.object
    {
      let decoded = try Dialect.mergeFromKeras1(config)
      var layer = LayerRecord(
        className: decoded.className, name: config["name"]?.string ?? "merge",
        config: try LayerDecoder(dialect: dialect).canonical(decoded.className, decoded.config))
      var ends: [TensorReference] = []
      guard let branches = config["layers"]?.array, !branches.isEmpty else {
        throw KerasError(
          .invalidJSON,
          "\(config["layers"]?.kind ?? "nothing"), expected the models that it merges",
          at: .init(path: [layer.name, "layers"]))
      }
      for branch in branches {
        do throws(KerasError) {
          ends.append(try addBranch(branch.object ?? [:], to: &record))
        } catch {
          throw error.inside(layer.name)
        }
      }
      (layer.inbound, layer.inboundMasks) = ([ends], [.withheld])
      record.layers.append(layer)
      (last, rest) = (TensorReference(layer: layer.name), try layers(Array(entries.dropFirst())))
    } else {
      let branch = try sequential(.array(entries))
      guard let first = branch.layers.first, first.className == "InputLayer" else {
        throw KerasError(.unsupportedConfiguration, "a branch that does not say its input's shape")
      }
      record.layers.append(first)
      record.inputs.append(TensorReference(layer: first.name))
      (last, rest) = (TensorReference(layer: first.name), Array(branch.layers.dropFirst()))
    }
    for var layer in rest {
      layer.inbound = [[last]]
      last = TensorReference(layer: layer.name)
      record.layers.append(layer)
    }
    return last
  }

  private func addBranch(
    _ branch: JSONObject, to record: inout ModelRecord
  ) throws(KerasError) -> TensorReference {
    guard let className = branch["class_name"]?.string, let config = branch["config"] else {
      throw KerasError(.invalidJSON, "a branch without class_name and config")
    }
    switch className {
    case "Sequential":
      guard let entries = config.array ?? config.object?["layers"]?.array else {
        throw KerasError(.invalidJSON, "the Sequential has no list of layers")
      }
      return try addBranches(entries, to: &record)
    case "Model":
      let model = try functional(config)
      guard model.outputs.count == 1 else {
        throw KerasError(
          .unsupportedConfiguration, "a Merge of a model with \(model.outputs.count) outputs")
      }
      record.layers += model.layers
      record.inputs += model.inputs
      return model.outputs[0]
    default:
      throw KerasError(
        .unsupportedConfiguration, "a Merge of a \(className), which is no model",
        hint: "in Keras 1 it merges Sequentials and Models")
    }
  }
}

extension ModelRecord {
  /// Whether it is Keras 1's Sequential that starts with a Merge of other models.
  package var isBranched: Bool {
    generation == .keras1 && !isSequential && layers.contains { $0.mask(ofCall: 0) == .withheld }
  }

  /// The layers by their names; of several with one name the first.
  var layersByName: [String: LayerRecord] {
    Dictionary(layers.map { ($0.name, $0) }) { first, _ in first }
  }

  /// The tensors that a tensor is made of, itself first.
  func way(to tensor: TensorReference) -> [TensorReference] {
    let known = layersByName
    var (found, seen): ([TensorReference], Set<TensorReference>) = ([], [])
    var waiting = [tensor]
    while let next = waiting.popLast() {
      guard seen.insert(next).inserted else { continue }
      found.append(next)
      guard let layer = known[next.layer], layer.inbound.indices.contains(next.node) else {
        continue
      }
      waiting += layer.inbound[next.node].reversed()
    }
    return found
  }
}
