/// The names that each generation gives weights in the legacy layout. Keras itself goes by
/// position; people and tools read the names.
///
/// They are those of a model that has just been made. What Keras loads and saves again may be named
/// otherwise: Keras 3 leaves out wrappers then.
struct LegacyNames {
  let dialect: Dialect
  let record: ModelRecord
  /// Keras 1's names, as TensorFlow numbers them, by the way to a weight and its bare name.
  private let numbered: [String: String]

  init(dialect: Dialect, record: ModelRecord) throws(KerasError) {
    (self.dialect, self.record) = (dialect, record)
    numbered = dialect.generation == .keras1 ? try Self.numbered(record) : [:]
  }

  /// `dense_1/kernel:0`, `gru/gru_cell/kernel:0`, `sequential/gru/gru_cell/kernel`.
  ///
  /// - Parameter gate: whose part of the weight is meant, where Keras 1 keeps it apart.
  func path(of weight: LeafWeight, gate: Keras1Gates.Gate? = nil) -> String {
    switch dialect.generation {
    case .keras1:
      numbered[Self.key(of: weight, gate)] ?? Self.bareName(of: weight, gate)
    case .keras2, .keras2_15: stem(of: weight).joined(separator: "/") + ":0"
    case .keras3: stem(of: weight).joined(separator: "/")
    }
  }

  /// The same of all weights of a layer, in their order: in Keras 2 TensorFlow 1 numbers names that
  /// come again within it.
  func paths(of weights: [(weight: LeafWeight, gate: Keras1Gates.Gate?)]) -> [String] {
    let paths = weights.map { path(of: $0.weight, gate: $0.gate) }
    guard dialect.generation == .keras2 else { return paths }
    var numbered = NumberedNames()
    return zip(weights, paths).map { part, path in
      let leaf = part.weight.leaf
      return numbered.next(path, of: leaf.way[...leaf.unit].map(\.name).joined(separator: "/"))
    }
  }

  /// The names on the way to a weight, outermost first, and its own.
  func stem(of weight: LeafWeight) -> [String] {
    let leaf = weight.leaf
    switch dialect.generation {
    case .keras1, .keras2:
      // A cell does not name its weights.
      let rnns = ["RNN", "SimpleRNN", "LSTM", "GRU"]
      let end = leaf.way.firstIndex { rnns.contains($0.className) } ?? leaf.way.count - 1
      var names = Self.withoutDistributed(leaf.way[leaf.unit...end])
      if leaf.unit > 0, leaf.way[leaf.unit - 1].isMadeByCall {
        names = Self.withoutDistributed(leaf.way[..<leaf.unit]).suffix(1) + names
      }
      return names + [ownName(of: weight)]
    case .keras2_15:
      return Self.withoutDistributed(leaf.way[leaf.unit...]) + [ownName(of: weight)]
    case .keras3:
      // A Sequential makes its layers' weights in its name and in nothing else's, where it knows
      // its input; whether it had to wait for a call the file does not say. The layers of a
      // functional model have made theirs before it.
      var names = record.isSequential ? [record.name] : []
      for step in leaf.way {
        switch step.className {
        case "Sequential": names = [step.name]
        case "Functional": names = []
        default: names.append(step.name)
        }
      }
      return names.map { $0.split(separator: "/").joined(separator: "_") } + [weight.name]
    }
  }

  /// Names without those of what a TimeDistributed holds, which gives its weights the outer name.
  private static func withoutDistributed(_ way: ArraySlice<LayerStructure.Step>) -> [String] {
    zip(way, [nil] + way.map(\.className)).compactMap {
      $1 == "TimeDistributed" ? nil : $0.name
    }
  }

  private func ownName(of weight: LeafWeight) -> String {
    weight.leaf.className == "DepthwiseConv1D" && weight.name == "kernel"
      ? "depthwise_kernel" : weight.name
  }

  // MARK: - Keras 1

  /// `dense_1_W`, `gru_1_U`: the layer's name and, by the weight's place, Keras 1's word.
  static func keras1Name(of weight: LeafWeight) -> String {
    let isOwn = KerasLayerNames.all.contains(weight.leaf.className)
    let words = keras1Words[weight.leaf.className] ?? (isOwn ? ["W", "b"] : [])
    let word = words.indices.contains(weight.position) ? words[weight.position] : weight.name
    return "\(weight.leaf.givenName)_\(word)"
  }

  private static func bareName(of weight: LeafWeight, _ gate: Keras1Gates.Gate?) -> String {
    keras1Name(of: weight) + (gate.map { "_\($0.letter)" } ?? "") + ":0"
  }

  private static func key(of weight: LeafWeight, _ gate: Keras1Gates.Gate?) -> String {
    let layer = weight.leaf.way.first?.name ?? ""
    return "\(layer)/\(weight.place)/\(bareName(of: weight, gate))"
  }

  /// Keras 1 names weights after the innermost layer alone, so that layers of one name in several
  /// models inside have equal ones. TensorFlow numbers them in the order in which Keras makes the
  /// layers when it loads the model, that of the definition: `a_W`, `a_W_1`, whoever is frozen.
  private static func numbered(_ record: ModelRecord) throws(KerasError) -> [String: String] {
    var names = NumberedNames()
    var result: [String: String] = [:]
    for layer in record.layers {
      // A frozen layer's weights are listed last, and made in its turn.
      for (_, weight) in try layer.leafWeights().enumerated().sorted(by: {
        ($0.element.place, $0.offset) < ($1.element.place, $1.offset)
      }) {
        let gates = Keras1Gates.gates(of: weight.leaf)
        for gate in gates.isEmpty ? [nil] : gates.map(Optional.some) {
          result[key(of: weight, gate)] = names.next(bareName(of: weight, gate), of: "")
        }
      }
    }
    return result
  }

  /// What Keras 1 calls the weights of layers that have more than `W` and `b`.
  private static let keras1Words = [
    "SimpleRNNCell": ["W", "U", "b"], "LSTMCell": ["W", "U", "b"], "GRUCell": ["W", "U", "b"],
    "BatchNormalization": ["gamma", "beta", "running_mean", "running_std"],
    "Highway": ["W", "W_carry", "b", "b_carry"], "PReLU": ["alphas"],
    "ParametricSoftplus": ["alphas", "betas"], "SReLU": ["t_left", "a_left", "t_right", "a_right"],
  ]
}
