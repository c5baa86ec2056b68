/// The operations that Keras 3 lists among a functional model's layers, as a file tells them.
///
/// Masks are handed on by layers here, so that those which make masks are no layers of the record;
/// a summary lists them all the same, and what layers are given of them.
public struct OperationListing: Sendable, Equatable {
  /// One operation. Keras 3 calls each once.
  public struct Operation: Sendable, Equatable {
    /// Keras's name, such as `not_equal`, by which layers and operations refer to it.
    public var name: String
    /// Keras's class, such as `NotEqual`.
    public var className: String
    /// Of its output, batch first.
    public var shape: [Int?]
    /// The tensors it is called on.
    public var inputs: [TensorReference]
  }

  /// In the file's order.
  public private(set) var operations: [Operation] = []
  /// The names of layers and operations as they stand in the file, which is Keras's own order.
  public private(set) var order: [String] = []
  /// The masks that layers are given, by layer and call.
  public private(set) var masks: [String: [[TensorReference]]] = [:]

  /// Whether layers alone say everything.
  public var isEmpty: Bool { operations.isEmpty && masks.isEmpty }

  /// Without operations: what sequential models have, and files of other generations.
  public init() {}

  /// - Parameter entries: `layers` of a functional model's config.
  init(_ entries: [JSON]) {
    var shapes: [TensorReference: [Int?]] = [:]
    for entry in entries {
      guard let object = entry.object, let name = Self.name(of: object) else { continue }
      order.append(name)
      var masks: [[TensorReference]] = []
      for node in object["inbound_nodes"]?.array ?? [] {
        let node = node.object ?? [:]
        let tensors = Self.tensors(in: node["args"], node["kwargs"])
        for tensor in tensors { shapes[tensor.reference] = tensor.shape }
        if MaskOperations.isOperation(entry) {
          let className = object["class_name"]?.string ?? "?"
          operations.append(
            Operation(
              name: name, className: className, shape: [], inputs: tensors.map(\.reference)))
        } else {
          masks.append(Self.tensors(in: node["kwargs"]?.object?["mask"]).map(\.reference))
        }
      }
      if masks.contains(where: { !$0.isEmpty }) { self.masks[name] = masks }
    }
    if isEmpty { order = [] }
    for index in operations.indices {
      operations[index].shape = shapes[TensorReference(layer: operations[index].name)] ?? []
    }
  }

  // MARK: - Entries

  static func name(of entry: JSONObject) -> String? {
    entry["name"]?.string ?? entry["config"]?.object?["name"]?.string
  }

  /// The tensors in a call's arguments, in the order in which Keras flattens them: dictionaries by
  /// sorted key.
  static func tensors(in values: JSON?...) -> [(reference: TensorReference, shape: [Int?])] {
    var tensors: [(TensorReference, [Int?])] = []
    func collect(_ value: JSON) {
      guard let object = value.object else {
        for entry in value.array ?? [] { collect(entry) }
        return
      }
      guard object["class_name"]?.string == "__keras_tensor__" else {
        for key in object.keys.sorted() { collect(object[key] ?? .null) }
        return
      }
      let config = object["config"]?.object ?? [:]
      guard let history = config["keras_history"],
        let reference = try? FunctionalGraph.reference(history)
      else { return }
      tensors.append((reference, (config["shape"]?.array ?? []).map(\.integer)))
    }
    for value in values { collect(value ?? .null) }
    return tensors
  }
}
