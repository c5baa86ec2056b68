import KerasFormat

/// Two stored models compared: layers, configs, weights, compile settings, optimizer and its
/// arrays, text pipeline.
///
/// Not compared are the containers they lie in, and the Keras generation, which both records say.
///
///     let comparison = ModelComparison(before, after)
///     print(comparison.first ?? "equal")
public struct ModelComparison: Sendable {
  /// Everything in which the models differ, in the order of the first model's layers; what differs
  /// in the automatic numbers of names alone stands last.
  public private(set) var differences: [ModelDifference] = []

  /// The first difference, of the contents if there is one, else of names.
  public var first: ModelDifference? { differences.first }
  /// Differences that are more than Keras's automatic numbering.
  public var contents: [ModelDifference] { differences.filter { $0.aspect != .numbering } }
  /// Names that differ in Keras's automatic numbering alone.
  public var numberings: [ModelDifference] { differences.filter { $0.aspect == .numbering } }

  private let tolerance: Double

  /// - Parameter tolerance: how far two numbers of a weight or of an optimizer's array may be apart
  ///   and still count as equal; default 0.
  public init(_ first: ModelRecord, _ second: ModelRecord, tolerance: Double = 0) {
    self.tolerance = tolerance
    if first.isSequential != second.isSequential {
      add(.className, at: ["model"], Self.kind(first), Self.kind(second))
    }
    compareName(first.name, second.name, of: Self.kind(first), at: ["model"])
    compareLayers(first, second)
    compareTraining(first.training, second.training)
    compare(
      first.textPipeline ?? .null, second.textPipeline ?? .null, at: ["text_pipeline"],
      .textPipeline)
    sortNumberings()
  }

  /// Arrays of two files that hold weights alone, by their names there.
  ///
  /// - Parameter tolerance: as for models.
  public init(weights first: [WeightRecord], _ second: [WeightRecord], tolerance: Double = 0) {
    self.tolerance = tolerance
    let pairing = LayerPairing(
      first.map { ($0.name, $0.name) }, second.map { ($0.name, $0.name) })
    for pair in pairing.pairs {
      let a = pair.first.map { first[$0] }
      let b = pair.second.map { second[$0] }
      if let a, let b {
        if a.name != b.name { add(.name, at: [a.name, "name"], a.name, b.name) }
        compare(a.array, b.array, at: [a.name])
      } else if let name = (a ?? b)?.name {
        add(.weightCount, at: [name], Self.presence(a), Self.presence(b))
      }
    }
  }

  private static func presence(_ weight: WeightRecord?) -> String {
    weight.map { "\($0.array.shape.tuple) \($0.array.elements.type.rawValue)" } ?? "nothing"
  }

  private static func kind(_ record: ModelRecord) -> String {
    record.isSequential ? "Sequential" : "Functional"
  }

  mutating func add(
    _ aspect: ModelDifference.Aspect, at place: [String], _ first: String, _ second: String
  ) {
    differences.append(ModelDifference(aspect, at: place, first, second))
  }

  private mutating func sortNumberings() { differences = contents + numberings }

  // MARK: - Layers

  private mutating func compareLayers(_ first: ModelRecord, _ second: ModelRecord) {
    let pairing = LayerPairing(
      first.layers.map { ($0.name, $0.className) }, second.layers.map { ($0.name, $0.className) })
    // What the second model's layers are called in the first.
    var names: [String: String] = [:]
    for (i, j) in pairing.common {
      names[second.layers[j].name] = first.layers[i].name
    }
    if pairing.isReordered {
      add(.layers, at: ["model"], Self.order(first), Self.order(second))
    }
    for pair in pairing.pairs {
      switch (pair.first.map { first.layers[$0] }, pair.second.map { second.layers[$0] }) {
      case (let a?, var b?):
        // Keras 2 stores no input layer of a sequential model, and so no name.
        if Self.isImplicit(a, in: first) || Self.isImplicit(b, in: second) {
          b.name = a.name
        }
        compare(a, b, names)
      case (let a?, nil): add(.layers, at: [a.name], "\(a.className)", "no such layer")
      case (nil, let b?): add(.layers, at: [b.name], "no such layer", "\(b.className)")
      case (nil, nil): break
      }
    }
    for (end, a, b) in [
      ("inputs", first.inputs, second.inputs), ("outputs", first.outputs, second.outputs),
    ] {
      compare(a, b, names, at: ["model", end])
    }
  }

  /// An input layer that is named after the layer behind it, as readers name one that no file
  /// holds.
  private static func isImplicit(_ layer: LayerRecord, in record: ModelRecord) -> Bool {
    layer.className == InputLayer.className && record.isSequential && record.layers.count > 1
      && layer.name == "\(record.layers[1].name)_input"
  }

  private static func order(_ record: ModelRecord) -> String {
    record.layers.map(\.name).joined(separator: ", ")
  }

  private mutating func compare(
    _ first: LayerRecord, _ second: LayerRecord, _ names: [String: String]
  ) {
    guard first.className == second.className else {
      return add(.className, at: [first.name], first.className, second.className)
    }
    compareName(first.name, second.name, of: first.className, at: [first.name])
    compare(
      .object(Self.telling(first)), .object(Self.telling(second)), at: [first.name], .config)
    compareCalls(first, second, names)
    compareWeights(first, second)
  }

  private mutating func compareName(
    _ first: String, _ second: String, of className: String, at place: [String]
  ) {
    guard first != second else { return }
    let isNumber = LayerNames.differInNumberOnly(first, second, of: className)
    add(isNumber ? .numbering : .name, at: place + ["name"], first, second)
  }

  mutating func compare(
    _ first: JSON, _ second: JSON, at place: [String], _ aspect: ModelDifference.Aspect
  ) {
    differences += ConfigComparison(first, second, at: place, aspect: aspect).differences
  }

  // MARK: - Connections

  private mutating func compareCalls(
    _ first: LayerRecord, _ second: LayerRecord, _ names: [String: String]
  ) {
    guard first.inbound.count == second.inbound.count else {
      let calls = [first, second].map { "\($0.inbound.count) calls" }
      return add(.connections, at: [first.name], calls[0], calls[1])
    }
    for (call, (a, b)) in zip(first.inbound, second.inbound).enumerated() {
      let place = first.inbound.count == 1 ? [] : ["call \(call)"]
      compare(a, b, names, at: [first.name] + place + ["inputs"])
      let (a, b) = (first.mask(ofCall: call), second.mask(ofCall: call))
      if (a == .withheld) != (b == .withheld) {
        let words = [a, b].map { $0 == .withheld ? "None" : "the input's own" }
        add(.connections, at: [first.name] + place + ["mask"], words[0], words[1])
      }
      compare(
        a?.tensor.map { [$0] } ?? [], b?.tensor.map { [$0] } ?? [], names,
        at: [first.name] + place + ["mask"])
    }
  }

  private mutating func compare(
    _ first: [TensorReference], _ second: [TensorReference], _ names: [String: String],
    at place: [String]
  ) {
    var renamed = second
    for i in renamed.indices { renamed[i].layer = names[second[i].layer] ?? second[i].layer }
    guard first != renamed else { return }
    add(.connections, at: place, Self.text(first), Self.text(renamed))
  }

  private static func text(_ references: [TensorReference]) -> String {
    guard !references.isEmpty else { return "none" }
    return references.map { reference in
      reference.node == 0 && reference.tensor == 0
        ? reference.layer : "\(reference.layer)[\(reference.node)][\(reference.tensor)]"
    }.joined(separator: ", ")
  }

  // MARK: - Weights

  private mutating func compareWeights(_ first: LayerRecord, _ second: LayerRecord) {
    guard first.weights.count == second.weights.count else {
      let counts = [first, second].map { layer in
        switch layer.weights.count {
        case 0: "no weights"
        case 1: "1 weight"
        default: "\(layer.weights.count) weights"
        }
      }
      return add(.weightCount, at: [first.name], counts[0], counts[1])
    }
    // By position: containers that only number the weights name them otherwise.
    for (a, b) in zip(first.weights, second.weights) {
      compare(a.array, b.array, at: [first.name, a.name])
    }
  }

  mutating func compare(
    _ first: NumericArray, _ second: NumericArray, at place: [String], isSlot: Bool = false
  ) {
    guard first.shape == second.shape else {
      return add(
        isSlot ? .slot : .weightShape, at: place, "shape \(first.shape.tuple)", second.shape.tuple)
    }
    let types = [first, second].map(\.elements.type.rawValue)
    if types[0] != types[1] {
      add(isSlot ? .slot : .weightType, at: place, "type \(types[0])", types[1])
    }
    guard let numbers = NumericDifference(first, second, tolerance: tolerance) else { return }
    differences.append(
      ModelDifference(
        isSlot ? .slot : .weightValues, at: place, numbers, shape: first.shape))
  }
}

extension ModelComparison {
  /// A layer's config without what makes no difference: the type that an input layer declares,
  /// which takes any, and which Keras 2 has no word for beside an embedding.
  private static func telling(_ layer: LayerRecord) -> JSONObject {
    var config = layer.config
    if layer.className == InputLayer.className { config["dtype"] = nil }
    return config
  }
}
