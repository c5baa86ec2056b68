/// The operations on tensors that Keras 3 lists among a functional model's layers.
///
/// It writes masks as nodes of their own, `ids != 0` behind an `Embedding` and what merging layers
/// make of such, and gives them to layers as an argument. Layers here hand masks on by themselves,
/// so those that say what would happen anyway are taken out; one that says otherwise stays as a
/// layer.
struct MaskOperations {
  private var operations:
    [String: (className: String, tensors: [TensorReference], node: JSONObject)] = [:]

  /// Operations that masks are made of.
  private static let known: Set<String> = [
    "NotEqual", "Any", "All", "LogicalAnd", "LogicalOr", "ExpandDims", "ZerosLike", "OnesLike",
    "Concatenate", "BroadcastTo", "Reshape", "Squeeze", "GetItem",
  ]

  private static let recurrent = LayerDecoder.recurrentClasses.union(["Bidirectional"])

  static func isOperation(_ entry: JSON) -> Bool {
    guard let object = entry.object else { return false }
    if let module = object["module"]?.string { return module.hasPrefix("keras.src.ops.") }
    // In an .h5 nothing has a module; what every layer's config has tells them apart.
    guard let config = object["config"]?.object,
      object["inbound_nodes"]?.array?.first?.object != nil
    else { return false }
    let className = object["class_name"]?.string ?? ""
    return className != "Concatenate" && known.contains(className) && className != "Reshape"
      || config["dtype"] == nil && config["trainable"] == nil
  }

  init(_ entries: [JSON]) {
    for entry in entries where Self.isOperation(entry) {
      guard let object = entry.object, let name = OperationListing.name(of: object),
        let node = object["inbound_nodes"]?.array?.first?.object
      else { continue }
      operations[name] = (
        object["class_name"]?.string ?? "?",
        OperationListing.tensors(in: node["args"], node["kwargs"]).map(\.reference), node
      )
    }
  }

  // MARK: - Which of them say something

  /// What is compared with what: the beginnings of a mask.
  private struct Comparison: Hashable {
    var tensor: TensorReference
    var value: Double
  }

  /// Takes out the masks that layers hand on, and makes layers of those that they do not.
  mutating func resolve(_ record: inout ModelRecord) throws(KerasError) {
    var kept: [String] = []
    for index in record.layers.indices {
      let layer = record.layers[index]
      for call in layer.inboundMasks.indices {
        guard let mask = layer.inboundMasks[call]?.tensor, operations[mask.layer] != nil else {
          continue
        }
        do throws(KerasError) {
          let made = try comparisons(of: mask.layer, depth: 0)
          var visited: Set<TensorReference> = []
          let usual = layer.inbound[call].first.map { self.usual($0, record, &visited) } ?? []
          // Beside initial states Keras 3 hands on no mask by itself.
          let isAlone = layer.inbound[call].count == 1 || !Self.recurrent.contains(layer.className)
          if made.isSubset(of: usual), isAlone {
            record.layers[index].inboundMasks[call] = nil
          } else if operations[mask.layer]?.className == "NotEqual", made.count == 1 {
            kept.append(mask.layer)
          } else {
            throw KerasError(
              .unsupportedConfiguration, "a mask made by \(mask.layer), which is no layer")
          }
        } catch {
          throw error.inside(layer.name)
        }
      }
      if record.layers[index].inboundMasks.allSatisfy({ $0 == nil }) {
        record.layers[index].inboundMasks = []
      }
      for tensor in layer.inbound.joined() {
        if let operation = operations[tensor.layer] {
          throw KerasError(
            .unsupportedConfiguration,
            "called on \(tensor.layer), an operation \(operation.className) that is no layer",
            at: .init(path: [layer.name]),
            hint: "use a layer in its place, such as Add, Multiply or Concatenate")
        }
      }
    }
    for name in Set(kept).sorted() {
      guard let comparison = try comparisons(of: name, depth: 0).first else { continue }
      var layer = LayerRecord(
        className: "NotEqual", name: name,
        config: ["trainable": true, "dtype": "float32", "value": .number(comparison.value)])
      layer.inbound = [[comparison.tensor]]
      record.layers.append(layer)
    }
  }

  private func comparisons(of name: String, depth: Int) throws(KerasError) -> Set<Comparison> {
    guard let operation = operations[name] else { return [] }
    guard Self.known.contains(operation.className), depth < 1_000 else {
      throw KerasError(
        .unsupportedConfiguration, "a mask made by \(name), an operation \(operation.className)")
    }
    if operation.className == "NotEqual" {
      guard let tensor = operation.tensors.first, operations[tensor.layer] == nil,
        let value = operation.node["args"]?.array?.last?.number
      else {
        throw KerasError(.unsupportedConfiguration, "a mask made by \(name) of no number")
      }
      return [Comparison(tensor: tensor, value: value)]
    }
    var all: Set<Comparison> = []
    for tensor in operation.tensors {
      all.formUnion(try comparisons(of: tensor.layer, depth: depth + 1))
    }
    return all
  }

  /// The comparisons by which the layers on the way to a tensor mask it.
  private func usual(
    _ tensor: TensorReference, _ record: ModelRecord, _ visited: inout Set<TensorReference>
  ) -> Set<Comparison> {
    guard visited.insert(tensor).inserted,
      let layer = record.layers.first(where: { $0.name == tensor.layer }),
      layer.inbound.indices.contains(tensor.node)
    else { return [] }
    let inputs = layer.inbound[tensor.node]
    var all: Set<Comparison> = []
    if layer.className == "Embedding", layer.config["mask_zero"] == true, let input = inputs.first {
      all.insert(Comparison(tensor: input, value: 0))
    }
    if layer.className == "Masking", let input = inputs.first {
      all.insert(Comparison(tensor: input, value: layer.config["mask_value"]?.number ?? 0))
    }
    // What a model inside masks cannot be seen from here; it can only begin at its inputs.
    if ModelRecord.nestedClasses.union(["TimeDistributed"]).contains(layer.className) {
      for input in inputs { all.insert(Comparison(tensor: input, value: 0)) }
    }
    for input in inputs { all.formUnion(usual(input, record, &visited)) }
    return all
  }
}
