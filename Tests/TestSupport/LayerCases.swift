import KerasFormat
import KerasRuntime

/// Every registered layer in the settings that tests run it in, each in a small network whose
/// extents all differ (B = 5, T = 4, F = 3, …).
///
/// A layer stands behind a `Dense` or an `Embedding`, so that the gradient it hands down is checked
/// by the weights below it.
package struct LayerCase: Sendable, CustomStringConvertible {
  package let layer: any Layer
  package let title: String
  package let input: NumericArray
  /// The whole network around the layer, for a seed.
  package let network: @Sendable (UInt64) throws -> Network
  /// Whether the way back is computed; some options of Keras 1 are for prediction alone.
  package var isTrainable = true
  /// Whether the gradient is checked as in training: with what the layer drops.
  package var isTraining = false

  package var description: String { title }

  init(layer: any Layer, title: String, layers: [any Layer], input: NumericArray) {
    self.layer = layer
    self.title = title
    self.input = input
    network = { try Network(layers, seed: $0) }
  }

  /// A layer of several inputs behind as many Dense layers on one input.
  init(
    merging layer: any Layer, _ title: String, widths: [Int], inputs: Int = 2,
    shape: Shape = [4, 2], input: NumericArray
  ) {
    self.layer = layer
    self.title = title
    self.input = input
    network = { seed in
      func record(_ layer: any Layer, _ name: String, _ inbound: [String]) -> LayerRecord {
        var config: JSONObject = ["trainable": true, "dtype": "float32"]
        for (key, value) in layer.config.members { config[key] = value }
        var record = LayerRecord(
          className: type(of: layer).className, name: name, config: config)
        record.inbound = inbound.isEmpty ? [] : [inbound.map { TensorReference(layer: $0) }]
        return record
      }
      var layers = [record(InputLayer(shape: shape), "x", [])]
      for (index, width) in widths.enumerated() {
        layers.append(record(Dense(units: width, activation: .tanh), "d\(index)", ["x"]))
      }
      layers.append(record(layer, "merged", widths.indices.map { "d\($0)" }))
      var model = ModelRecord(
        generation: .keras3, name: "m", isSequential: false, layers: layers)
      model.inputs = [TensorReference(layer: "x")]
      model.outputs = [TensorReference(layer: "merged")]
      return try Network(model, weights: .fresh(seed: seed))
    }
  }
}

extension LayerCase {
  /// A layer of three inputs of which two have masks, not the same one.
  init(maskedMerging layer: any Layer, _ title: String) {
    self.layer = layer
    self.title = title
    input = Self.ids
    network = { seed in
      func record(_ layer: any Layer, _ name: String, _ inbound: [String]) -> LayerRecord {
        var record = LayerRecord(
          className: type(of: layer).className, name: name, config: layer.config)
        record.inbound = inbound.isEmpty ? [] : [inbound.map { TensorReference(layer: $0) }]
        return record
      }
      let words = Embedding(inputDim: 7, outputDim: 3, maskZero: true)
      var model = ModelRecord(
        generation: .keras3, name: "m", isSequential: false,
        layers: [
          record(InputLayer(shape: [4]), "x", []),
          record(words, "a", ["x"]), record(words, "b", ["x"]),
          record(Cropping1D(left: 1, right: 0), "cut", ["b"]),
          record(ZeroPadding1D(left: 1, right: 0), "padded", ["cut"]),
          record(Masking(maskValue: 0), "c", ["padded"]),
          record(Embedding(inputDim: 7, outputDim: 3), "d", ["x"]),
          record(layer, "merged", ["a", "c", "d"]),
        ])
      model.inputs = [TensorReference(layer: "x")]
      model.outputs = [TensorReference(layer: "merged")]
      return try Network(model, weights: .fresh(seed: seed))
    }
  }

  /// Rows with and without padding: before, behind, between, everywhere, and none.
  package static let ids = NumericArray(
    shape: [5, 4], .int32([1, 2, 3, 4, 0, 0, 5, 6, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0]))

  /// Rows that mostly begin, and mostly end, with padding.
  package static let padded = NumericArray(
    shape: [7, 4],
    .int32([
      0, 0, 0, 1, 0, 0, 2, 3, 0, 0, 0, 0, 4, 1, 0, 2, 0, 5, 6, 1, 1, 2, 0, 0, 6, 0, 0, 0,
    ]))

  package static let sequences: NumericArray = {
    var generator = Philox(seed: 3)
    return NumericArray(
      shape: [5, 4, 2], .float32((0..<40).map { _ in generator.uniform() * 2 - 1 }))
  }()

  /// On sequences of reals, behind a layer with weights.
  static func onSequences(_ layer: any Layer, _ title: String) -> LayerCase {
    LayerCase(
      layer: layer, title: title,
      layers: [InputLayer(shape: [4, 2]), Dense(units: 3, activation: .tanh), layer],
      input: sequences)
  }

  /// On masked sequences.
  static func onMasked(_ layer: any Layer, _ title: String, then more: [any Layer] = [])
    -> LayerCase
  {
    LayerCase(
      layer: layer, title: title + ", masked",
      layers: [Embedding(inputDim: 7, outputDim: 3, maskZero: true), layer] + more, input: ids)
  }

  /// On the words of padded rows, without a mask.
  static func onWords(_ layer: any Layer, _ title: String) -> LayerCase {
    LayerCase(
      layer: layer, title: title + ", words",
      layers: [Embedding(inputDim: 7, outputDim: 3), layer], input: padded)
  }

  package static func all() throws(KerasError) -> [LayerCase] {
    var cases = [
      LayerCase(
        layer: InputLayer(shape: [4, 2]), title: "InputLayer",
        layers: [InputLayer(shape: [4, 2]), Dense(units: 3)], input: sequences),
      LayerCase(
        layer: Embedding(inputDim: 7, outputDim: 3), title: "Embedding",
        layers: [Embedding(inputDim: 7, outputDim: 3), Flatten()], input: ids),
      onSequences(Masking(maskValue: 0.5), "Masking"),
      onSequences(Dropout(rate: 0.4), "Dropout"),
      onSequences(Flatten(), "Flatten"),
      onSequences(GlobalMaxPooling1D(), "GlobalMaxPooling1D"),
      onSequences(GlobalMaxPooling1D(keepDims: true), "GlobalMaxPooling1D keepdims"),
      onWords(GlobalMaxPooling1D(), "GlobalMaxPooling1D"),
      onSequences(GlobalAveragePooling1D(), "GlobalAveragePooling1D"),
      LayerCase(
        layer: GlobalAveragePooling1D(), title: "GlobalAveragePooling1D, masked",
        layers: [Embedding(inputDim: 7, outputDim: 3, maskZero: true), GlobalAveragePooling1D()],
        // No row without a word: its mean is NaN, as Keras's is.
        input: NumericArray(shape: [3, 4], .int32([1, 2, 3, 4, 0, 0, 5, 6, 2, 0, 1, 0]))),
      onSequences(Dense(units: 4, useBias: false), "Dense without bias"),
    ]
    for (name, activation) in Activation.named where activation != .glu {
      cases.append(
        onSequences(Dense(units: 4, activation: activation), "Dense \(name)"))
      cases.append(onSequences(ActivationLayer(activation), "Activation \(name)"))
    }
    cases.append(
      LayerCase(
        layer: ActivationLayer(.glu), title: "Activation glu",
        layers: [InputLayer(shape: [4, 2]), Dense(units: 6), ActivationLayer(.glu)],
        input: sequences))
    cases += try recurrent() + inTraining()
    cases += ofWindows() + ofNormalizations() + ofActivations() + ofShapes() + ofMerges()
    cases += try ofWrappers() + ofActivatingLayers()
    cases += try ofVocabularies()
    return cases
  }

  /// Layers in options that only training sees.
  private static func inTraining() throws(KerasError) -> [LayerCase] {
    let layers: [(String, any RecurrentCaseLayer)] = [
      ("SimpleRNN", SimpleRNN(units: 5)), ("LSTM", LSTM(units: 5)), ("GRU", GRU(units: 5)),
      ("GRU reset before", GRU(units: 5, resetAfter: false)),
    ]
    var cases: [LayerCase] = []
    for (name, layer) in layers {
      for (title, inputs, states) in [
        ("inputs", 0.4, 0.0), ("states", 0, 0.4), ("both", 0.3, 0.25),
      ] {
        var layer = layer
        layer.options = RecurrentOptions(
          returnSequences: title == "both", dropout: inputs, recurrentDropout: states)
        cases.append(onSequences(layer, "\(name) dropping \(title)"))
        cases.append(onMasked(layer, "\(name) dropping \(title)"))
      }
    }
    cases.append(
      onSequences(
        try Bidirectional(LSTM(units: 5, dropout: 0.3, recurrentDropout: 0.25)),
        "Bidirectional dropping both"))
    cases = cases.map { layerCase in
      var layerCase = layerCase
      layerCase.isTraining = true
      return layerCase
    }
    let vectors = try LayerRegistry.layer(
      className: "BatchNormalization", name: "b", config: ["mode": 1])
    return cases + [onSequences(vectors, "BatchNormalization mode 1")]
  }

  private static func recurrent() throws(KerasError) -> [LayerCase] {
    var cases: [LayerCase] = []
    func add<L: Layer>(_ layers: [(String, L)], _ options: WritableKeyPath<L, RecurrentOptions>) {
      for (name, layer) in layers {
        for (title, setting) in times {
          var layer = layer
          layer[keyPath: options] = setting
          cases.append(onSequences(layer, "\(name), \(title)"))
          cases.append(onMasked(layer, "\(name), \(title)"))
          cases.append(onWords(layer, "\(name), \(title)"))
        }
      }
    }
    add(
      [
        ("SimpleRNN", SimpleRNN(units: 5)),
        ("SimpleRNN gelu", SimpleRNN(units: 5, activation: .gelu, useBias: false)),
      ], \.options)
    add(
      [
        ("LSTM", LSTM(units: 5)),
        (
          "LSTM softsign silu",
          LSTM(units: 5, activation: .softsign, recurrentActivation: .silu, useBias: false)
        ),
        ("LSTM softmax gates", LSTM(units: 5, recurrentActivation: .softmax)),
        ("LSTM hard sigmoid", LSTM(units: 5, recurrentActivation: .hardSigmoid)),
      ], \.options)
    add(
      [
        ("GRU softmax gates", GRU(units: 5, recurrentActivation: .softmax)),
        ("GRU", GRU(units: 5)), ("GRU reset before", GRU(units: 5, resetAfter: false)),
        (
          "GRU gelu no bias",
          GRU(
            units: 5, activation: .gelu, recurrentActivation: .legacyHardSigmoid, useBias: false)
        ),
        (
          "GRU mish reset before",
          GRU(units: 5, activation: .mish, recurrentActivation: .silu, resetAfter: false)
        ),
      ], \.options)
    for mode in [Bidirectional.MergeMode.concat, .sum, .ave, .mul, .none] {
      for sequences in [false, true] {
        let title = "Bidirectional \(mode.rawValue)\(sequences ? ", sequences" : "")"
        let layer = try Bidirectional(
          LSTM(units: 5, returnSequences: sequences), mergeMode: mode)
        cases.append(onSequences(layer, title))
        cases.append(onMasked(layer, title))
      }
    }
    return cases
  }

  /// What a recurrent layer is told about time.
  private static let times: [(String, RecurrentOptions)] = [
    ("last", RecurrentOptions()),
    ("sequences", RecurrentOptions(returnSequences: true, zeroOutputForMask: true)),
    ("backwards", RecurrentOptions(returnSequences: true, goBackwards: true)),
    ("last backwards", RecurrentOptions(goBackwards: true)),
    ("last or zero", RecurrentOptions(zeroOutputForMask: true)),
  ]
}

/// A recurrent layer whose options a case sets.
private protocol RecurrentCaseLayer: Layer {
  var options: RecurrentOptions { get set }
}

extension SimpleRNN: RecurrentCaseLayer {}
extension LSTM: RecurrentCaseLayer {}
extension GRU: RecurrentCaseLayer {}
