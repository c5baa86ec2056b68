/// The calls between the layers of a functional model as files have them; ``GraphNotation`` writes
/// them.
enum FunctionalGraph {
  // MARK: - Reading

  /// One call of a layer.
  struct Call {
    var tensors: [TensorReference] = []
    var mask: CallMask?
    /// The `training` argument, where it counts.
    var training: Bool?
  }

  /// The calls of one entry of `layers`.
  static func calls(_ nodes: JSON?, _ dialect: Dialect) throws(KerasError) -> [Call] {
    guard let nodes = nodes?.array else { return [] }
    var calls: [Call] = []
    for node in nodes {
      var call = Call()
      if let object = node.object {
        for argument in object["args"]?.array ?? [] { try collect(argument, into: &call.tensors) }
        try take(object["kwargs"]?.object ?? [:], dialect, into: &call)
      } else {
        for entry in node.array ?? [] {
          // Nested initial states of an RNN over several cells are lists of triples.
          try collect(entry, into: &call.tensors)
          if entry.array?.first?.string != nil,
            let arguments = entry.array?.dropFirst(3).first?.object
          {
            try take(arguments, dialect, into: &call)
          }
        }
      }
      calls.append(call)
    }
    return calls
  }

  /// Arguments by name that say something: initial states, which are further inputs, and a mask.
  private static func take(
    _ arguments: JSONObject, _ dialect: Dialect, into call: inout Call
  ) throws(KerasError) {
    // Keras 1 stores no arguments and Keras 3 lists all; in Keras 2 a `None` was given.
    if arguments["mask"]?.isNull == true, (.keras2)...(.keras2_15) ~= dialect.generation {
      call.mask = .withheld
    }
    for (key, value) in arguments.members where !value.isNull {
      switch key {
      case "training" where value.bool != nil:
        // Keras 3's functional models put their own in its place (`operation_fn` in
        // `functional.py` of 3.15).
        if dialect.generation < .keras3 { call.training = value.bool }
      case "initial_state": try collect(value, into: &call.tensors)
      case "mask":
        var masks: [TensorReference] = []
        try collect(value, into: &masks)
        guard masks.count < 2 else {
          throw KerasError(.unsupportedConfiguration, "a call with \(masks.count) masks")
        }
        call.mask = masks.first.map(CallMask.tensor)
      default: throw KerasError(.unsupportedConfiguration, "a call with the argument \(key)")
      }
    }
  }

  /// A tensor in either notation, or a list or dictionary of them.
  private static func collect(
    _ value: JSON, into tensors: inout [TensorReference]
  ) throws(KerasError) {
    if value.isNull { return }
    if let object = value.object {
      guard object["class_name"]?.string == "__keras_tensor__" else {
        // Keras goes through dictionaries by key.
        for key in object.keys.sorted() { try collect(object[key] ?? .null, into: &tensors) }
        return
      }
      tensors.append(try reference(object["config"]?.object?["keras_history"] ?? .null))
    } else if let list = value.array {
      if list.first?.string != nil {
        tensors.append(try reference(value))
      } else {
        for entry in list { try collect(entry, into: &tensors) }
      }
    } else {
      throw KerasError(.unsupportedConfiguration, "a call with \(value.kind) among its tensors")
    }
  }

  /// `["name", node, tensor]`, followed by keyword arguments since Keras 2.
  static func reference(_ value: JSON) throws(KerasError) -> TensorReference {
    guard let parts = value.array, (1...4).contains(parts.count), let layer = parts[0].string
    else {
      throw KerasError(.invalidJSON, "\(value.kind), expected [\"layer\", node, tensor]")
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

  /// `input_layers` or `output_layers`: a list of triples, in Keras 3 also a single bare one, or
  /// lists and dictionaries of them.
  static func ends(_ value: JSON?) throws(KerasError) -> [TensorReference] {
    guard let value, value.array != nil || value.object != nil else {
      throw KerasError(.invalidJSON, "\(value?.kind ?? "nothing"), expected a list of tensors")
    }
    var ends: [TensorReference] = []
    try collect(value, into: &ends)
    return ends
  }

  static func triple(_ tensor: TensorReference) -> JSON {
    [.string(tensor.layer), .integer(tensor.node), .integer(tensor.tensor)]
  }
}
