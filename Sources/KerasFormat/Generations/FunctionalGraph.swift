/// The calls between the layers of a functional model, in each generation's notation.
enum FunctionalGraph {
  // MARK: - Reading

  /// One entry of `layers`: the tensors of each call.
  static func calls(_ nodes: JSON?, masks: Set<String>) throws(KerasError) -> [[TensorReference]] {
    guard let nodes = nodes?.array else { return [] }
    var calls: [[TensorReference]] = []
    for node in nodes {
      if let object = node.object {
        calls.append(try keras3Call(object, masks: masks))
      } else {
        var call: [TensorReference] = []
        for entry in node.array ?? [] { call.append(try reference(entry)) }
        calls.append(call)
      }
    }
    return calls
  }

  /// Keras 3: `{"args": [tensor | [tensor, …]], "kwargs": {…}}`. A mask that comes from one of the
  /// `masks` nodes is the one that the layers hand on by themselves.
  private static func keras3Call(
    _ node: JSONObject, masks: Set<String>
  ) throws(KerasError) -> [TensorReference] {
    var call: [TensorReference] = []
    for argument in node["args"]?.array ?? [] {
      for tensor in argument.array ?? [argument] {
        guard let history = tensor.object?["config"]?.object?["keras_history"] else {
          throw KerasError(
            .unsupportedConfiguration, "a call with \(tensor.kind) among its tensors")
        }
        call.append(try reference(history))
      }
    }
    for (key, value) in node["kwargs"]?.object?.members ?? [] where !value.isNull {
      if key == "training", value == false { continue }
      if key == "mask", let history = value.object?["config"]?.object?["keras_history"],
        masks.contains(try reference(history).layer)
      {
        continue
      }
      throw KerasError(.unsupportedConfiguration, "a call with the argument \(key)")
    }
    return call
  }

  /// `["name", node, tensor]`, followed by keyword arguments since Keras 2.
  static func reference(_ value: JSON) throws(KerasError) -> TensorReference {
    guard let parts = value.array, (1...4).contains(parts.count), let layer = parts[0].string
    else {
      throw KerasError(.invalidJSON, "\(value.kind), expected [\"layer\", node, tensor]")
    }
    if parts.count == 4, let arguments = parts[3].object {
      for (key, value) in arguments.members where !value.isNull && value != false {
        throw KerasError(.unsupportedConfiguration, "a call with the argument \(key)")
      }
    }
    let numbers = parts.dropFirst().prefix(2).map { $0.integer ?? -1 }
    guard numbers.allSatisfy({ $0 >= 0 }) else {
      throw KerasError(.invalidJSON, "a call of \(layer) without a node and a tensor number")
    }
    return TensorReference(
      layer: layer, node: numbers.first ?? 0, tensor: numbers.count > 1 ? numbers[1] : 0)
  }

  /// A list of triples.
  static func references(_ value: JSON?) throws(KerasError) -> [TensorReference] {
    guard let list = value?.array else {
      throw KerasError(.invalidJSON, "\(value?.kind ?? "nothing"), expected a list of tensors")
    }
    var references: [TensorReference] = []
    for entry in list { references.append(try reference(entry)) }
    return references
  }

  static func list(_ tensors: [TensorReference]) -> JSON { .array(tensors.map(triple)) }

  /// `input_layers` or `output_layers`: a list of triples, or in Keras 3 a single bare one.
  static func ends(_ value: JSON?) throws(KerasError) -> [TensorReference] {
    guard let list = value?.array else {
      throw KerasError(.invalidJSON, "\(value?.kind ?? "nothing"), expected a list of tensors")
    }
    if list.first?.string != nil { return [try reference(.array(list))] }
    return try references(value)
  }

  // MARK: - Writing

  static func nodes(_ calls: [[TensorReference]], _ dialect: Dialect) -> JSON {
    .array(
      calls.map { call in
        guard dialect.generation == .keras3 else {
          return .array(
            call.map { tensor in
              .array([
                .string(tensor.layer), .integer(tensor.node), .integer(tensor.tensor),
                .object([:]),
              ])
            })
        }
        // Keras makes the tensors anew from their history; shape and dtype are stand-ins.
        let tensors: [JSON] = call.map { tensor in
          [
            "class_name": "__keras_tensor__",
            "config": [
              "shape": [nil], "dtype": "float32", "keras_history": triple(tensor),
            ],
          ]
        }
        return ["args": tensors.count == 1 ? .array(tensors) : [.array(tensors)], "kwargs": [:]]
      })
  }

  static func ends(_ tensors: [TensorReference], _ dialect: Dialect) -> JSON {
    if dialect.generation == .keras3, tensors.count == 1 { return triple(tensors[0]) }
    return .array(tensors.map(triple))
  }

  private static func triple(_ tensor: TensorReference) -> JSON {
    [.string(tensor.layer), .integer(tensor.node), .integer(tensor.tensor)]
  }
}
