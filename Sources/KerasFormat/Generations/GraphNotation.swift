/// The calls between the layers of a functional model in a generation's notation.
struct GraphNotation {
  let dialect: Dialect
  /// Calls that a model inside the model is counted to have had before those in it: where its
  /// layers are called, and where the model's ends are named.
  private let inside: [String: Int]
  private let ends: [String: Int]

  init(dialect: Dialect, record: ModelRecord) {
    self.dialect = dialect
    (inside, ends) = Self.countedCalls(of: record, dialect)
  }

  /// A model inside a model has a call of its own before those in the outer one. Up to 2.15 that
  /// call is counted; Keras 3 counts a functional model's where the outer model's ends are named,
  /// and only there.
  static func countedCalls(
    of record: ModelRecord, _ dialect: Dialect
  ) -> (inside: [String: Int], ends: [String: Int]) {
    var (inside, ends): ([String: Int], [String: Int]) = ([:], [:])
    for layer in record.layers where ModelRecord.nestedClasses.contains(layer.className) {
      let isKeras3 = dialect.generation == .keras3
      inside[layer.name] = isKeras3 ? 0 : 1
      ends[layer.name] = isKeras3 && layer.className == "Sequential" ? 0 : 1
    }
    return (inside, ends)
  }

  private func shifted(_ tensor: TensorReference, _ counts: [String: Int]) -> TensorReference {
    var tensor = tensor
    tensor.node += counts[tensor.layer] ?? 0
    return tensor
  }

  // MARK: - Calls

  func nodes(of layer: LayerRecord) throws(KerasError) -> JSON {
    var nodes: [JSON] = []
    for (index, call) in layer.inbound.enumerated() {
      let tensors = call.map { shifted($0, inside) }
      let mask = layer.mask(ofCall: index)?.renamed { shifted($0, inside) }
      if dialect.generation == .keras3 {
        nodes.append(keras3Node(layer, tensors, mask))
      } else {
        guard
          dialect.generation > .keras1 || tensors.count == 1
            || !Self.recurrent.contains(layer.className)
        else {
          throw KerasError(
            .unsupportedConfiguration, "Keras 1 cannot store a call with initial states")
        }
        nodes.append(try listNode(layer, tensors, mask, layer.training(ofCall: index)))
      }
    }
    return .array(nodes)
  }

  /// `[["layer", node, tensor, {arguments}], …]`
  private func listNode(
    _ layer: LayerRecord, _ tensors: [TensorReference], _ mask: CallMask?, _ training: Bool?
  ) throws(KerasError) -> JSON {
    guard mask?.tensor == nil || dialect.generation == .keras2_15 else {
      throw KerasError(
        .unsupportedConfiguration, "\(dialect.name) does not keep a mask given as an argument")
    }
    let entries = tensors.enumerated().map { index, tensor in
      var arguments = JSONObject()
      if index == 0, let mask {
        arguments["mask"] = mask.tensor.map(FunctionalGraph.triple) ?? .null
      }
      if index == 0, let training { arguments["training"] = .bool(training) }
      let triple = FunctionalGraph.triple(tensor).array ?? []
      return JSON.array(dialect.generation == .keras1 ? triple : triple + [.object(arguments)])
    }
    return .array(
      dialect.isModern && tensors.count > 1
        ? [entries[0]] + Self.byCell(Array(entries.dropFirst()), layer) : entries)
  }

  /// Initial states as 2.15 and 3 take them: those of one of several cells in a list, where it has
  /// more than one.
  private static func byCell(_ states: [JSON], _ layer: LayerRecord) -> [JSON] {
    let parts =
      layer.className == "Bidirectional"
      ? [layer.config["layer"], layer.config["backward_layer"]]
      : [["class_name": .string(layer.className), "config": .object(layer.config)]]
    var rest = states[...]
    var result: [JSON] = []
    for part in parts {
      let cell = part?.object?["config"]?.object?["cell"]?.object
      guard cell?["class_name"] == "StackedRNNCells" else { continue }
      for inner in cell?["config"]?.object?["cells"]?.array ?? [] {
        result += taken(from: &rest, for: inner).map { [$0] } ?? []
      }
    }
    return result + rest
  }

  /// The next states that belong to one cell: one as it is, several in a list.
  private static func taken(from rest: inout ArraySlice<JSON>, for cell: JSON) -> JSON? {
    switch cell.object?["class_name"] {
    case "StackedRNNCells":
      let cells = cell.object?["config"]?.object?["cells"]?.array ?? []
      return .array(cells.compactMap { taken(from: &rest, for: $0) })
    case "LSTMCell":
      defer { rest = rest.dropFirst(2) }
      return .array(Array(rest.prefix(2)))
    default: return rest.popFirst()
    }
  }

  private func keras3Node(
    _ layer: LayerRecord, _ tensors: [TensorReference], _ mask: CallMask?
  ) -> JSON {
    if layer.className == "NotEqual", let value = layer.config["value"] {
      return ["args": [kerasTensor(tensors[0]), value], "kwargs": [:]]
    }
    var arguments = JSONObject()
    var positional = tensors
    if tensors.count > 1, Self.recurrent.contains(layer.className) {
      positional = [tensors[0]]
      arguments["initial_state"] = .array(
        Self.byCell(tensors.dropFirst().map(kerasTensor), layer))
    }
    // A mask cannot be withheld in Keras 3: there `None` stands for the input's own.
    if let mask { arguments["mask"] = mask.tensor.map(kerasTensor) ?? .null }
    let all = positional.map(kerasTensor)
    // Layers that merge take their inputs as one list, even a list of one.
    let isList = all.count > 1 || Self.listClasses.contains(layer.className)
    return ["args": isList ? [.array(all)] : .array(all), "kwargs": .object(arguments)]
  }

  private static let recurrent = LayerDecoder.recurrentClasses.union(["Bidirectional"])

  private static let listClasses: Set<String> = [
    "Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate",
  ]

  /// Keras makes the tensors anew from their history; shape and dtype are stand-ins.
  private func kerasTensor(_ tensor: TensorReference) -> JSON {
    [
      "class_name": "__keras_tensor__",
      "config": [
        "shape": [nil], "dtype": "float32", "keras_history": FunctionalGraph.triple(tensor),
      ],
    ]
  }

  // MARK: - Ends

  func ends(_ tensors: [TensorReference]) -> JSON {
    let shifted = tensors.map { FunctionalGraph.triple(self.shifted($0, ends)) }
    return dialect.generation == .keras3 && shifted.count == 1 ? shifted[0] : .array(shifted)
  }
}
